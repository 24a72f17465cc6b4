"""Judging a response by itself, whatever the request: status, framing, headers, JSON, schema, and the fields of runs.

Each function yields a finding for every rule that it decides, also for one that passed: a rule without any finding is
undecided.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, cast

from threadruns import _document
from threadruns._run_rules import RUN_RULES
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.probe import seconds_to_wait
from threadruns.contract.judging.finding import Finding
from threadruns.contract.rules.needs import STATUSES

TOO_LONG_STATUSES = {414, 431}
"""The statuses that a reverse proxy may send for a target that is too long; the document does not cover proxies."""


def _kinds(spec: dict[str, Any]) -> set[str]:
    """Return the JSON types that a schema allows."""
    spec = _document.resolve(spec)
    kinds: set[str] = {spec["type"]} if isinstance(spec.get("type"), str) else set(spec.get("type", ()))
    return kinds.union(*map(_kinds, spec.get("oneOf", ())))


def _properties() -> Iterator[tuple[str, dict[str, Any]]]:
    for spec in _document.document()["components"]["schemas"].values():
        for key, each in spec.get("properties", {}).items():
            yield key, _document.resolve(each)


INTEGER_KEYS = frozenset(
    key for key, spec in _properties() if "integer" in _kinds(spec) and "number" not in _kinds(spec)
)
"""The keys whose numbers are integers."""

FREE_KEYS = frozenset(key for key, spec in _properties() if spec.get("type") == "object" and "properties" not in spec)
"""The keys whose objects have members that the document does not name."""


def judge_response(exchange: Exchange, changing: Collection[str] = ()) -> Iterator[Finding]:
    """Judge a response by itself.

    Args:
        exchange: The request and its response.
        changing: The ids of runs whose status changed during the check. The rules over one run do not judge them: the
            server may be in the middle of the change.
    """

    def finding(rule: str, problem: str | None) -> Finding:
        return Finding(rule, problem, exchange)

    yield finding("protocol.answers", exchange.failure)
    if exchange.failure is not None or not exchange.status:
        return
    yield finding(
        "protocol.server-error", f"the server failed with {exchange.status}" if exchange.status >= 500 else None
    )
    if exchange.status >= 500:
        return
    if exchange.request.method != "GET":
        return
    yield finding("protocol.status", _status_problem(exchange))
    if _document.body_schema(exchange.status) is None or exchange.status == 429:
        return
    if (exchange.status == 400 and "%" in exchange.request.thread) or "%2F" in exchange.request.thread:
        return  # a router or a reverse proxy may reject such a path with an error of its own
    yield finding("protocol.framing", _framing_problem(exchange))
    yield finding("protocol.coding", exchange.decoded[1] or _coding_problem(exchange))
    yield finding("protocol.content-type", _content_type_problem(exchange))
    if exchange.decoded[1] is None:
        yield finding("protocol.json", exchange.parsed[1])
    yield finding("protocol.headers", _header_problem(exchange))
    if exchange.json is None:
        return
    if exchange.status == 200:
        yield from judge_page(exchange, changing)
    else:
        yield finding("error.shape", _document.violation(str(_document.body_schema(exchange.status)), exchange.json))
        error_type = exchange.error.get("type") if exchange.status in (400, 404) else None
        yield finding(
            "error.type",
            None
            if error_type in ("invalid_request_error", None)
            else f"type is {error_type!r}, expected 'invalid_request_error'",
        )
    if exchange.status == 401:
        challenge = exchange.header("www-authenticate") or ""
        right = re.match(r"(?i)(.*,\s*)?bearer\b", challenge)
        yield finding(
            "auth.challenge", None if right else f"WWW-Authenticate is {challenge!r}, expected a Bearer challenge"
        )


def judge_page(exchange: Exchange, changing: Collection[str] = ()) -> Iterator[Finding]:
    """Judge a page: its envelope, each of its runs, and first_id, last_id and has_more."""
    body = exchange.members
    data = body.get("data")
    items: list[Any] = data if isinstance(data, list) else []  # pyright: ignore[reportUnknownVariableType]
    # The runs are judged one by one below. The envelope is judged with one valid run in their place, and not with an
    # empty array, with which first_id and last_id may be null.
    envelope: Any = {**body, "data": [_VALID_RUN]} if items else exchange.json
    yield Finding("schema.envelope", _document.violation("RunList", envelope), exchange)
    if not isinstance(exchange.json, dict):
        return
    for place, run in enumerate(items):
        violation = _document.violation("Run", run)
        yield Finding("schema.run", violation and f"data[{place}]: {violation}", exchange)
        if not isinstance(run, dict):
            continue
        run = cast("dict[str, Any]", run)
        if run.get("status") in STATUSES:
            rule_id = f"schema.run-{run['status'].replace('_', '-')}"
            yield Finding(rule_id, violation and f"data[{place}]: {violation}", exchange)
        name = f"data[{place}] ({run.get('id')!r})"
        floats = [key for key, value in _members(run) if key in INTEGER_KEYS and isinstance(value, float)]
        yield Finding(
            "schema.integer", f"{name}: {floats[0]} is a float, expected an integer" if floats else None, exchange
        )
        unknown = ", ".join(map(repr, sorted(set(run) - set(_document.schema("Run")["properties"]))))
        yield Finding("schema.unknown-key", f"{name} has {unknown}" if unknown else None, exchange)
        if violation is None and run["id"] not in changing:
            for rule in RUN_RULES:
                problem = rule.judge(run)
                yield Finding(f"run.{rule.id}", problem and f"{name}: {problem}", exchange)
    ids = [run.get("id") for run in exchange.runs]
    twice = next((run_id for run_id in ids if ids.count(run_id) > 1), None)
    yield Finding("data.duplicates", f"the page contains the run {twice!r} more than once" if twice else None, exchange)
    first, last, more = (body.get(key, _ABSENT) for key in ("first_id", "last_id", "has_more"))
    if ids:
        yield Finding("ids.first", _value_problem("first_id", first, ids[0]), exchange)
        yield Finding("ids.last", _value_problem("last_id", last, ids[-1]), exchange)
    elif data == []:
        yield Finding(
            "ids.empty", _value_problem("first_id", first, None) or _value_problem("last_id", last, None), exchange
        )
        yield Finding("has_more.empty", _value_problem("has_more", more, False), exchange)


def _value_problem(name: str, found: Any, expected: Any) -> str | None:
    if found == expected and isinstance(found, bool) == isinstance(expected, bool):
        return None
    return f"{name} is {'absent' if found is _ABSENT else repr(found)}, expected {expected!r}"


def _status_problem(exchange: Exchange) -> str | None:
    if _document.body_schema(exchange.status) is not None:
        return None
    if exchange.status in TOO_LONG_STATUSES and len(exchange.request.thread) > 1000:
        return None
    location = exchange.header("location")
    return f"the status {exchange.status} is not documented" + (f" (Location: {location!r})" if location else "")


def _framing_problem(exchange: Exchange) -> str | None:
    declared = exchange.header("content-length")
    if declared is None:
        return None
    if exchange.header("transfer-encoding"):
        return "the response has both Content-Length and Transfer-Encoding"
    if not declared.isdigit() or int(declared) != len(exchange.raw):
        return f"Content-Length is {declared!r}, and the length of the body is {len(exchange.raw)}"
    return None


def _coding_problem(exchange: Exchange) -> str | None:
    coding = (exchange.header("content-encoding") or "identity").strip().lower()
    accepted = next((value for name, value in exchange.request.headers if name == "Accept-Encoding"), "identity")
    if coding in ("identity", accepted) or not exchange.raw:
        return None
    return f"the body is encoded as {coding!r}, and the request accepts {accepted!r} only"


def retry_after_problem(exchange: Exchange) -> str | None:
    """Return the problem of a Retry-After header; None if it can be parsed or is absent."""
    retry_after = exchange.header("retry-after")
    if retry_after is None or seconds_to_wait(exchange) is not None:
        return None
    return f"Retry-After is {retry_after!r}, expected seconds or an HTTP date"


def _content_type_problem(exchange: Exchange) -> str | None:
    declared = exchange.header("content-type")
    if declared is None:
        return "Content-Type is missing"
    media, *parameters = [part.strip().lower() for part in declared.split(";")]
    charset = next((part[8:].strip('"') for part in parameters if part.startswith("charset=")), "utf-8")
    if media != "application/json" or charset not in ("utf-8", "utf8"):
        return f"Content-Type is {declared!r}, expected application/json in UTF-8"
    return None


def _header_problem(exchange: Exchange) -> str | None:
    milliseconds = exchange.header("openai-processing-ms")
    if milliseconds is not None and not re.fullmatch("[0-9]+", milliseconds):
        return f"openai-processing-ms is {milliseconds!r}, expected a number of milliseconds"
    for name in ("x-request-id", "openai-version"):
        if exchange.header(name) == "":
            return f"{name} is empty"
    return None


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, member in cast("dict[str, Any]", value).items():
            if key not in FREE_KEYS:
                yield key, member
                yield from _members(member)


_ABSENT = object()
_VALID_RUN = _document.document()["components"]["examples"]["DocumentedPage"]["value"]["data"][0]
