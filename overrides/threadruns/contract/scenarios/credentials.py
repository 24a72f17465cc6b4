"""Requests whose credentials must be rejected."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import evolve

from threadruns.contract.bounds import MAX_LIMIT, MIN_LIMIT
from threadruns.contract.http.api_key import PLACEHOLDERS
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import PageQuery, ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.scenarios import Scenario
from threadruns.contract.scenarios.expectations import WRONG_KEY
from threadruns.contract.scenarios.known_thread import KnownThread

REQUEST_ID = re.compile(r"req_[0-9A-Za-z]+")
"""The id of a request in a message."""


def unauthorized(thread: KnownThread, unknown: str) -> Iterator[tuple[str, ProbeRequest]]:
    """Yield requests whose credentials must be rejected, each with its rule.

    Args:
        thread: A thread that exists.
        unknown: The id of a thread that does not exist.
    """
    plain = ProbeRequest(thread.segment)
    cursor = thread.newest_first[0] if thread.newest_first else None
    yield "auth.required", evolve(plain, authorization=None)
    yield "auth.required", evolve(plain, authorization="")
    yield "auth.required", evolve(plain, authorization="Bearer")
    reads = [PageQuery(limit=MIN_LIMIT), PageQuery(order="asc"), PageQuery(limit=MAX_LIMIT)]
    if cursor is not None:
        reads += [PageQuery(after=cursor), PageQuery(before=cursor)]
        reads += [PageQuery(after=cursor, before=thread.newest_first[-1])]
    for query in reads:
        yield "auth.every-read", evolve(plain, query=query.pairs(), authorization=None)
    yield (
        "auth.every-read",
        evolve(plain, query=PageQuery(limit=MIN_LIMIT).pairs(), authorization=f"Bearer {WRONG_KEY}"),
    )
    yield "auth.required", ProbeRequest(unknown, authorization=None)
    yield "auth.wrong-key", ProbeRequest(unknown, authorization=f"Bearer {WRONG_KEY}")
    for wrong in (WRONG_KEY, *PLACEHOLDERS):
        yield "auth.wrong-key", evolve(plain, authorization=f"Bearer {wrong}")
    for template in (
        *("{key.without_last}", "{key}x", "{key.without_first}", "{key.swapped_case}", "{key.last_changed}"),
        *("{key.first_half}", "{key.last_escaped}", "{key}{key}", "{key} x", "x {key}", "{key},", '"{key}"'),
    ):
        yield "auth.whole-key", evolve(plain, authorization=f"Bearer {template}")
    for template in (
        *("Basic {key.basic_password}", "Basic {key}", "BearerX {key}", "Token {key}", "{key}", "Key {key}"),
        *("Bearer:{key}", "Bearer{key}", "Bearer Bearer {key}"),
    ):
        yield "auth.scheme", evolve(plain, authorization=template)
    names = (
        *("api-key", "X-API-Key", "X-Authorization", "Proxy-Authorization", "OpenAI-API-Key", "X-Auth-Token"),
        "Token",
    )
    everywhere = tuple((name, "Bearer {key}" if "uth" in name else "{key}") for name in names)
    bare = evolve(plain, authorization=None)
    yield "auth.elsewhere", evolve(bare, secret_headers=everywhere)
    yield "auth.elsewhere", evolve(bare, secret_headers=tuple((name, "{key}") for name in names))
    places = ("api_key", "api-key", "apikey", "key", "token", "access_token", "authorization")
    yield "auth.elsewhere", evolve(bare, secret_query=tuple((name, "{key.escaped}") for name in places))
    cookie = "; ".join(f"{name}={{key}}" for name in (*places, "session", "secret_key", "Authorization"))
    yield "auth.elsewhere", evolve(bare, secret_headers=(("Cookie", cookie),))
    yield "auth.elsewhere", evolve(plain, authorization=f"Bearer {WRONG_KEY}", secret_headers=everywhere)
    local = ("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP")
    yield "auth.required", evolve(bare, headers=tuple((name, "127.0.0.1") for name in local))


def compare_known_and_unknown_thread(thread: KnownThread, unknown: str, authorization: str | None) -> Scenario:
    """Request an existing and an unknown thread without a valid key: the responses must be the same."""
    known = yield ProbeRequest(thread.segment, authorization=authorization)
    other = yield ProbeRequest(unknown, authorization=authorization)
    if known.failure or other.failure or max(known.status, other.status) >= 500:
        return []
    problem = None
    if known.status != other.status:
        problem = f"the status is {known.status} for an existing thread and {other.status} for an unknown one"
    elif _without_ids(known, thread.id) != _without_ids(other, unknown):
        problem = "the errors for an existing and an unknown thread differ"
    return [Finding("auth.unknown-thread", problem, other, known)]


def _without_ids(exchange: Exchange, thread_id: str) -> object:
    """Return the error without the ids of the thread and of the request, which differ in any case."""
    return {
        name: REQUEST_ID.sub("…", value.replace(thread_id, "…")) if isinstance(value, str) else value
        for name, value in exchange.error.items()
    }
