"""Thread ids that name no thread, and a percent-encoded id that names one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from urllib.parse import quote, unquote

from threadruns import _document
from threadruns.contract.http.request import PageQuery, ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.scenarios import Scenario
from threadruns.contract.scenarios.expectations import judge_rejection
from threadruns.contract.scenarios.known_thread import KnownThread

MAX_SEGMENT = 1000
"""The length from which a server or a reverse proxy may reject a path because it is too long."""


def odd_threads(thread: KnownThread, given: Collection[str], unknown: str) -> Iterator[ProbeRequest]:
    """Yield requests for threads by ids that a server may confuse with others.

    Args:
        thread: A thread that exists.
        given: The ids of all threads that are known to exist.
        unknown: The id of a thread that does not exist.
    """
    names = [
        thread.id + "x", thread.id[:-1], thread.id[:7] + thread.id[7:].swapcase(), thread.id + " ", thread.id + "%",
        thread.id[:-1] + "_", thread.id + "\x00", "thread_%", "thread_", "thread_1' OR '1'='1",
        "thread_\u00e9\U0001f600",
        unknown + "a" * 300, unknown + "a" * 4000, unknown + '"<&>\\', "null", "thread_*", "thread_a;b",
    ]  # fmt: skip
    for name in names:
        if name and name not in given:
            yield ProbeRequest(quote(name, safe=""))
    yield ProbeRequest("thread_%FF%FE")
    yield ProbeRequest(thread.segment + "%2Fx")


def read_odd_thread(thread: KnownThread, request: ProbeRequest, unknown: str) -> Scenario:
    """Request a thread by an odd id: it is rejected, unless a thread with this very id exists.

    Args:
        thread: The thread whose id the odd one resembles.
        request: The request.
        unknown: The id of a thread that does not exist.
    """
    exchange = yield request
    statuses = {400, 404, 414, 431} if len(request.thread) > MAX_SEGMENT else {400, 404}
    odd = unquote(request.thread)
    may_exist = _document.violation("ThreadId", odd) is None or _document.violation("ThreadId", thread.id) is not None
    if exchange.status == 200 and unknown not in odd and may_exist:
        owners = {str(run.get("thread_id")) for run in exchange.runs}
        if owners <= {odd} and not thread.runs.keys() & set(exchange.ids):
            return []
    return list(judge_rejection("error.odd-thread", exchange, statuses, None, judge_param=False))


def unknown_thread(unknown: str, query: PageQuery) -> Scenario:
    """Request a thread that does not exist."""
    exchange = yield ProbeRequest(unknown, query.pairs())
    findings = list(judge_rejection("error.unknown-thread", exchange, {404}, None, judge_param=True))
    if exchange.status == 404 and exchange.error:
        named = unknown in str(exchange.error.get("message"))
        findings.append(
            Finding("error.message", None if named else "the message does not contain the thread id", exchange)
        )
    return findings


def encoded_id(thread: KnownThread) -> ProbeRequest:
    """Return the plain request for a thread, with every byte of its id percent-encoded."""
    return ProbeRequest("".join(f"%{byte:02X}" for byte in thread.id.encode()))
