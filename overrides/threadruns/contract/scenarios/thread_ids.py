"""Thread ids that name no thread, and a percent-encoded id that names one."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from threadruns.contract.http.request import PageQuery, ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.scenarios import Scenario
from threadruns.contract.scenarios.expectations import judge_rejection
from threadruns.contract.scenarios.known_thread import KnownThread


def odd_threads(thread: KnownThread, unknown: str) -> Iterator[ProbeRequest]:
    """Yield requests for threads that do not exist, by ids that a server may confuse with others."""
    names = [
        thread.id + "x", thread.id[:-1], thread.id[:7] + thread.id[7:].swapcase(), thread.id + " ", thread.id + "%",
        thread.id[:-1] + "_", thread.id + "\x00", "thread_%", "thread_", "thread_1' OR '1'='1",
        "thread_\u00e9\U0001f600",
        "thread_" + "a" * 300, "thread_" + "a" * 4000, unknown + '"<&>\\', "null", "thread_*", "thread_a;b",
    ]  # fmt: skip
    for name in names:
        if name != thread.id:
            yield ProbeRequest(quote(name, safe=""))
    yield ProbeRequest("thread_%FF%FE")
    yield ProbeRequest(thread.segment + "%2Fx")


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
