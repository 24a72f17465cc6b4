"""Limits and orders that must be rejected, unusual spellings of limits, and parameters that must be ignored."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from threadruns._document import parameters
from threadruns.contract.bounds import DEFAULT_LIMIT, MAX_LIMIT, MIN_LIMIT
from threadruns.contract.http.request import PageQuery, ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.judging.pages import count_runs
from threadruns.contract.scenarios import Scenario
from threadruns.contract.scenarios.known_thread import KnownThread


def invalid_parameters(thread: KnownThread) -> Iterator[tuple[str, ProbeRequest, str]]:
    """Yield requests with an invalid limit or order: the rule, the request and the name of the parameter."""
    near = (MIN_LIMIT - 1, -1, MAX_LIMIT + 1, 10 * MAX_LIMIT, -MAX_LIMIT)
    for number in (*near, 2**32 + MIN_LIMIT, 2**64 + MIN_LIMIT, 10**30 - 1):
        yield "limit.range", ProbeRequest(thread.segment, (("limit", str(number)),)), "limit"
    for value in ("abc", "1.5", "", "1e1", "5abc", "0x10", "null", "true", "[5]", "NaN", "5,6"):
        yield "limit.integer", ProbeRequest(thread.segment, (("limit", value),)), "limit"
    yield (
        "limit.repeated",
        ProbeRequest(thread.segment, (("limit", str(MIN_LIMIT)), ("limit", str(MIN_LIMIT + 1)))),
        "limit",
    )
    yield (
        "limit.repeated",
        ProbeRequest(thread.segment, (("limit", str(MIN_LIMIT + 1)), ("limit", str(MIN_LIMIT + 1)))),
        "limit",
    )
    for value in ("DESC", "Asc", "foo", "", "ascending", "descending", "asc ", "desc,asc", "-1", "null"):
        yield "order.values", ProbeRequest(thread.segment, (("order", value),)), "order"
    yield "order.repeated", ProbeRequest(thread.segment, (("order", "asc"), ("order", "desc"))), "order"
    if thread.newest_first:
        cursor = thread.newest_first[len(thread.newest_first) // 2]
        yield "limit.range", ProbeRequest(thread.segment, (("limit", str(MIN_LIMIT - 1)), ("after", cursor))), "limit"
        query = (("limit", str(MAX_LIMIT + 1)), ("before", cursor), ("order", "asc"))
        yield "limit.range", ProbeRequest(thread.segment, query), "limit"
        yield "order.values", ProbeRequest(thread.segment, (("order", "ASC"), ("after", cursor))), "order"


def read_limit_spelling(thread: KnownThread, value: str, number: int) -> Scenario:
    """Send a limit in a spelling that some parsers accept: it must be rejected, or read as that number."""
    exchange = yield ProbeRequest(thread.segment, (("limit", value),))
    if exchange.failure is not None or exchange.status >= 500:
        return []
    expected = min(number, len(thread.newest_first))
    wanted = count_runs(thread.newest_first[:expected])
    problem = None
    if exchange.status not in (200, 400) or (exchange.status == 200 and len(exchange.ids) < expected):
        problem = f"expected 400 or {wanted}, got {exchange.status} with {count_runs(exchange.ids)}"
    elif exchange.status == 200 and len(exchange.ids) > number:
        problem = f"expected 400 or {wanted}, got {count_runs(exchange.ids)}"
    return [Finding("limit.spelling", problem, exchange)]


def limit_spellings(random: Random) -> list[tuple[str, int]]:
    """Return unusual spellings of small limits, each with its number."""
    number = random.randint(1, min(9, DEFAULT_LIMIT))
    return [(f"+{number}", number), (f" {number}", number), (f"0{number}", number), (f"{number}.0", number),
            (f"{number} ", number), ("\u0663", 3), ("1_0", 10), ("010", 10)]  # fmt: skip


def unknown_parameters(thread: KnownThread) -> Iterator[tuple[ProbeRequest, ProbeRequest]]:
    """Yield plain requests, each with the same request among undocumented parameters."""
    run = thread.newest_first[0] if thread.newest_first else "run_x"
    plausible = (
        ("foo", "bar"), ("Limit", "1"), ("LIMIT", "0"), ("Order", "asc"), ("page", "2"), ("offset", "1"),
        ("cursor", run), ("starting_after", run), ("After", run), ("status", "failed"), ("sort", "asc"),
        ("include[]", "x"), ("q", ""), ("limit[]", "1"), ("\u00fc", "\U0001f600"),
    )  # fmt: skip
    undocumented = tuple((name, value) for name, value in plausible if name not in parameters("query"))
    for query in (PageQuery(), PageQuery(limit=MIN_LIMIT + 1, order="asc")):
        plain = thread.request(query)
        yield plain, ProbeRequest(thread.segment, undocumented + query.pairs())
    yield plain, ProbeRequest(thread.segment, (*query.pairs(), ("api-version", "1"), ("api_key", "x")))


def encoded_name(thread: KnownThread) -> ProbeRequest:
    """Return a request with the smallest limit that has a percent-encoded letter in the name of the parameter."""
    return ProbeRequest(thread.segment, secret_query=(("%6Cimit", str(MIN_LIMIT)),))
