"""The preflight: read each thread once, to tell a server that departs from a wrong URL, key or thread id.

An error response to the first read is a departure only if no mistake of the user explains it: it has the form of this
API, and another status than those for a wrong key, thread id or beta header.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from attrs import evolve

from threadruns import _document
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.probe import MALFORMED_RESPONSE, TIMED_OUT, CheckAborted
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.scenarios.known_thread import KnownThread
from threadruns.contract.session import CheckSession

CONTENT_TYPE = ("Content-Type", "application/json")
"""A header that some servers require of every request."""

UNKNOWN_THREAD = "thread_threadruns-check"
"""The id of a thread that does not exist."""

USER_ERRORS = (400, 401, 403, 404)
"""The statuses for a wrong key, thread id or beta header; 403 is not documented, but other servers send it."""


class PreflightFailure(NamedTuple):
    """A response to the first read that cannot be judged.

    Attributes:
        reason: The reason, as a clause, and the next step for the user.
        rule: The rule at which the check stops.
        observed: The expected and the received response, in the terms of that rule.
    """

    reason: str
    rule: str
    observed: str


def preflight(
    session: CheckSession, threads: Sequence[KnownThread]
) -> tuple[list[KnownThread], dict[KnownThread, CheckAborted]]:
    """Read each thread once.

    Returns:
        The threads that the server serves, and the other threads with their failures.

    Raises:
        CheckAborted: It serves none of them.
    """
    readable: list[KnownThread] = []
    unreadable: dict[KnownThread, CheckAborted] = {}
    failures: list[tuple[PreflightFailure, Exchange]] = []
    for thread in threads:
        exchange = _read(session, thread, retry=not failures)
        failure = preflight_failure(exchange, session.probe.beta)
        if failure is None:
            readable.append(thread)
            continue
        failures.append((failure, exchange))
        unreadable[thread] = CheckAborted(failure.reason, failure.rule, exchange, failure.observed)
        if exchange.failure is not None and not readable:
            # Reading the other threads would only repeat the timeout.
            break
    if readable:
        session.health_request = readable[0].request()
        return readable, unreadable
    failure, exchange = failures[0]
    if MALFORMED_RESPONSE in (exchange.failure or ""):
        session.confirm({"protocol.answers": Finding("protocol.answers", exchange.failure, exchange)})
    elif is_documented_error(exchange) and exchange.status not in USER_ERRORS:
        session.send_and_judge(exchange.request)
    elif exchange.status in (400, 415):
        _try_content_type(session, exchange)
    leak = session.probe.find_key(exchange)
    if leak is not None and session.not_failed("auth.not-echoed"):
        # The user should know it even if this is not the server that was meant.
        reason = f"{failure.reason}; {leak}, so do not send the key there again"
        failure = PreflightFailure(reason, "auth.not-echoed", leak)
    raise CheckAborted(failure.reason, failure.rule, exchange, failure.observed)


def _try_content_type(session: CheckSession, refused: Exchange) -> None:
    """Repeat a read that was refused with the Content-Type that the vendor's clients sent, and without it again."""
    typed = session.send(evolve(refused.request, headers=(CONTENT_TYPE,)))
    again = session.send(refused.request)
    if typed.status == 200 and looks_like_page(typed) and again.status == refused.status:
        problem = f"without Content-Type: application/json, a GET gets {again.status}, with it the page"
        session.confirm({"protocol.request-type": Finding("protocol.request-type", problem, again, typed)})


def _read(session: CheckSession, thread: KnownThread, *, retry: bool) -> Exchange:
    """Read a thread; with ``retry``, retry server errors and dropped connections twice."""
    exchange = session.send(thread.request())
    if adds_slash(exchange, session.probe.base_url):
        exchange = _follow_slash(session, exchange)
    for attempt in range(2 if retry else 0):
        if TIMED_OUT in (exchange.failure or "") or (exchange.failure is None and exchange.status < 500):
            break
        session.probe.pause(session.probe.backoff(attempt) if exchange.status else 0)
        exchange = session.send(thread.request())
    return exchange


def _follow_slash(session: CheckSession, redirect: Exchange) -> Exchange:
    """Read a thread with a slash at the end of its URL; without one again, if only this read is redirected there."""
    session.probe.path_end = "/runs/"
    exchange = session.send(redirect.request)
    if exchange.status == 200:
        return exchange
    session.probe.path_end = "/runs"
    if not adds_slash(session.send(ProbeRequest(UNKNOWN_THREAD)), session.probe.base_url):
        return redirect
    session.probe.path_end = "/runs/"
    return exchange


def adds_slash(exchange: Exchange, base_url: str) -> bool:
    """Tell whether a response redirects to the same URL with a slash at its end, as some gateways do."""
    if not 300 <= exchange.status < 400:
        return False
    asked = urlsplit(base_url + exchange.request.target_with(""))
    try:
        target = urlsplit(urljoin(asked.geturl(), exchange.header("location") or ""))
    except ValueError:
        return False
    return (target.scheme, target.netloc, target.path) == (asked.scheme, asked.netloc, asked.path + "/")


def is_documented_error(exchange: Exchange) -> bool:
    """Tell whether a body is an error in the documented form, with all of its four keys."""
    return bool(exchange.error) and _document.violation("ErrorResponse", exchange.json) is None


def preflight_failure(exchange: Exchange, beta: str) -> PreflightFailure | None:
    """Return the reason why the response to a plain read cannot be judged; None if it can.

    Args:
        exchange: The plain read and its response.
        beta: The value of the beta header that was sent.
    """
    thread, status = unquote(exchange.request.thread), exchange.status
    if status == 0 or TIMED_OUT in (exchange.failure or ""):
        observed = exchange.failure or "expected a response, got none"
        return PreflightFailure(f"the server does not respond: {exchange.failure}", "protocol.answers", observed)
    location = exchange.header("location") or ""
    if 300 <= status < 400 and location:
        try:
            target = urlsplit(location)
        except ValueError:
            target = urlsplit("")  # no URL
        advice = None
        if not target.path.rstrip("/").endswith(f"/{exchange.request.thread}/runs"):
            advice = "which does not list runs; check the base URL"
        elif target.netloc:
            advice = "and the key is not sent there; check that URL itself"
        if advice is not None:
            reason = f"the server redirects to {location!r} ({status}), {advice}"
            return PreflightFailure(reason, "protocol.status", f"expected a page, got {status} with {location!r}")
    observed = f"expected a page, got {status}"
    if status in (401, 403):
        reason = f"the server rejects the key with {status}; give a key that may read {thread!r}"
        return PreflightFailure(reason, "data.given", observed)
    if status == 404:
        reason = f"the server responds 404 to {thread!r}; check the thread id and the base URL"
        return PreflightFailure(reason, "data.given", observed)
    if status == 400:
        reason = f"the server responds 400 to a plain read of {thread!r}; if it needs another beta header than "
        return PreflightFailure(f"{reason}{beta!r}, give it with --beta", "data.given", observed)
    if status >= 500:
        return PreflightFailure(f"the server fails with {status}", "protocol.server-error", observed)
    if status >= 400:
        reason = f"the server responds {status} to a plain read of {thread!r}"
        return PreflightFailure(reason, "protocol.status", observed)
    if status != 200 or looks_like_page(exchange):
        return None
    content_type = exchange.header("content-type")
    reason = f"the response for {thread!r} is not a list of runs (Content-Type {content_type!r}); check the base URL"
    start = exchange.raw[:60]
    if _is_json(exchange):
        return PreflightFailure(reason, "schema.envelope", f"expected a page, got JSON that starts with {start!r}")
    observed = f"expected application/json, got {content_type!r} with a body that starts with {start!r}"
    return PreflightFailure(reason, "protocol.content-type", observed)


def looks_like_page(exchange: Exchange) -> bool:
    """Tell whether a body was meant as a page.

    A broken page is a departure. HTML, or the body of another API, comes from a server that was not meant.
    """
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
