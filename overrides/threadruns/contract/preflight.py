"""First contact: whether what answers at the URL is a server that can be judged at all, and if not, why.

Whoever mistypes a URL, a key or an id must not be told that a server departs. So a failure of the first read is a
departure only if it cannot have another reason: if it comes in the API's own form of an error, which other servers do
not have, with a status that this API does not give.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from threadruns import _document
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.probe import MALFORMED_RESPONSE, TIMED_OUT, CheckAborted
from threadruns.contract.judging.finding import Finding
from threadruns.contract.scenarios.known_thread import KnownThread
from threadruns.contract.session import CheckSession

USER_ERRORS = (400, 401, 403, 404)
"""What a server may say of a key, a thread or a beta header that its user has got wrong; 403 is not documented."""


class PreflightFailure(NamedTuple):
    """Why nothing can be judged by an answer to the first read.

    Attributes:
        reason: Why, and what to do about it, as a sentence.
        rule: The rule that it left undecided.
        came: What came instead, in the words of that rule.
    """

    reason: str
    rule: str
    came: str


def preflight(session: CheckSession, threads: Sequence[KnownThread]) -> list[KnownThread]:
    """Read each thread once and return those that can be judged by what came.

    Raises:
        CheckAborted: There is none.
    """
    readable: list[KnownThread] = []
    failures: list[tuple[PreflightFailure, Exchange]] = []
    for thread in threads:
        exchange = _read_patiently(session, thread, patient=not failures)
        failure = preflight_failure(exchange, session.probe.beta)
        if failure is None:
            readable.append(thread)
            continue
        failures.append((failure, exchange))
        if exchange.failure is not None and not readable:
            # A server that is not there for one thread is not there for the others.
            break
    if readable:
        session.health_request = readable[0].request()
        return readable
    failure, exchange = failures[0]
    if MALFORMED_RESPONSE in (exchange.failure or ""):
        session.confirm({"protocol.answers": Finding("protocol.answers", exchange.failure, exchange)})
    elif is_documented_error(exchange) and exchange.status not in USER_ERRORS:
        session.send_and_judge(exchange.request)
    leak = session.probe.find_key(exchange)
    if leak is not None and session.not_failed("auth.not-echoed"):
        # Whatever server it is, its user should know.
        failure = PreflightFailure(f"{failure.reason}; {leak}, so send it there no more", "auth.not-echoed", leak)
    raise CheckAborted(failure.reason, failure.rule, exchange, failure.came)


def _read_patiently(session: CheckSession, thread: KnownThread, *, patient: bool) -> Exchange:
    """Read a thread; if the server fails or drops the connection, ask again, a moment later if there is patience."""
    exchange = session.send(thread.request())
    for turn in range(2 if patient else 0):
        if TIMED_OUT in (exchange.failure or "") or (exchange.failure is None and exchange.status < 500):
            break
        time.sleep(session.probe.backoff(turn) if exchange.status else 0)
        exchange = session.send(thread.request())
    return exchange


def is_documented_error(exchange: Exchange) -> bool:
    """Whether an answer is an error in the form of this API, with all of its four keys."""
    return bool(exchange.error) and _document.violation("ErrorResponse", exchange.json) is None


def preflight_failure(exchange: Exchange, beta: str) -> PreflightFailure | None:
    """Say why nothing can be judged by the answer to a plain read; None if something can.

    Args:
        exchange: The read and what came.
        beta: The value of the beta header that was sent.
    """
    thread, status = unquote(exchange.request.thread), exchange.status
    if status == 0 or TIMED_OUT in (exchange.failure or ""):
        return PreflightFailure(
            f"the server does not answer: {exchange.failure}", "protocol.answers", exchange.failure or "no answer came"
        )
    where = exchange.header("location") or ""
    if 300 <= status < 400 and where:
        to, came = urlsplit(where), f"{status} came, to {where!r}"
        if not to.path.rstrip("/").endswith(f"/{exchange.request.thread}/runs"):
            reason = f"the server redirects to {where!r} ({status}), where no runs are listed; check the base URL"
            return PreflightFailure(reason, "protocol.status", came)
        if to.netloc:
            reason = f"the server redirects to {where!r} ({status}); check that URL itself, the key is not sent there"
            return PreflightFailure(reason, "protocol.status", came)
    came = f"a page was expected, and {status} came"
    if status in (401, 403):
        return PreflightFailure(
            f"the server refuses the key with {status}; give one that may read {thread!r}", "data.given", came
        )
    if status == 404:
        return PreflightFailure(
            f"the server answers 404 for {thread!r}; check the id of the thread and the base URL", "data.given", came
        )
    if status == 400:
        reason = f"the server refuses a plain read of {thread!r} with 400; if it wants another beta header than "
        return PreflightFailure(f"{reason}{beta!r}, give --beta", "data.given", came)
    if status >= 500:
        return PreflightFailure(f"the server fails with {status}", "protocol.server-error", came)
    if status >= 400:
        return PreflightFailure(f"the server answers {status} to a plain read of {thread!r}", "protocol.status", came)
    if status != 200 or looks_like_page(exchange):
        return None
    kind = exchange.header("content-type")
    reason = f"what the server answers for {thread!r} is no list of runs (Content-Type {kind!r}); check the base URL"
    if _is_json(exchange):
        return PreflightFailure(reason, "schema.envelope", f"JSON came that is no page: {exchange.raw[:60]!r}")
    return PreflightFailure(reason, "protocol.content-type", f"Content-Type is {kind!r}, and the body begins "
                      f"{exchange.raw[:60]!r}")  # fmt: skip


def looks_like_page(exchange: Exchange) -> bool:
    """Whether a body was meant to be a page: a broken page is a departure, HTML or another API is another server."""
    if exchange.failure is not None or not exchange.raw:
        return True
    if exchange.members.keys() & {"data", "has_more", "first_id", "last_id"} or isinstance(exchange.json, list):
        return True
    if _is_json(exchange) and (exchange.decoded[1] is not None or exchange.json is None):
        return True
    text = exchange.raw.replace(b"\0", b"")
    return any(name in text for name in (b"has_more", b"first_id", b"thread.run"))


def _is_json(exchange: Exchange) -> bool:
    declared = (exchange.header("content-type") or "").partition(";")[0].strip().lower()
    return declared == "application/json"
