"""The retry rules, decided without a clock or a socket.

``x-should-retry`` decides if the server sends it. Otherwise connection errors, timeouts and the statuses 408, 409, 429
and 5xx are retried. Not retried, because the same request would fail in the same way: 501 and 505, a quota that is used
up, a certificate that does not verify, and a host name that does not exist.

A request that is not idempotent, such as a POST, is retried only if the server did not process it: if no connection was
made, after a 429 that says when to come back, or if ``x-should-retry`` asks for it. After any other failure the server
may have carried it out.

``Retry-After`` (seconds or a date) sets the wait, unless it exceeds ``max_retry_after``; otherwise the wait doubles
from half a second to eight, minus a random quarter at most, so that clients that failed together do not return
together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadruns._errors import APIConnectionError, APIStatusError, RateLimitError
from threadruns._http.transport import is_unsent

if TYPE_CHECKING:
    from collections.abc import Callable

    from threadruns._errors import APIError

RETRIED_STATUSES = frozenset({408, 409, 429})
FINAL_STATUSES = frozenset({501, 505})
"""The statuses from 500 that are not retried: the server does not support the request."""

FINAL_CODES = frozenset({"insufficient_quota", "billing_not_active", "billing_hard_limit_reached"})
"""The error codes and types that are not retried: the account has to be changed first."""

WAIT_HEADERS = {"retry-after-ms": 0.001, "retry-after": 1.0}
"""The headers that ask to wait, each with its unit in seconds."""

FIRST_WAIT = 0.5
MAX_WAIT = 8.0
JITTER = 0.25


def should_retry(error: APIError, *, idempotent: bool = True) -> bool:
    """Return whether the failure is transient, so that the same request may succeed.

    Args:
        error: The failure.
        idempotent: True if the request may be repeated even if the server has carried it out.
    """
    if isinstance(error, APIStatusError):
        told = (error.header("x-should-retry") or "").lower()
        if told in ("true", "false"):
            return told == "true"
        if error.status_code in FINAL_STATUSES or not FINAL_CODES.isdisjoint((error.code, error.type)):
            return False
        if not idempotent:
            return isinstance(error, RateLimitError) and any(map(error.header, WAIT_HEADERS))
        return error.status_code in RETRIED_STATUSES or error.status_code >= 500
    if not isinstance(error, APIConnectionError) or permanent_failure(error):
        return False
    return idempotent or is_unsent(error.__cause__)


def permanent_failure(error: BaseException) -> str:
    """Return why connecting cannot succeed, as "certificate" or "host name"; empty if it may succeed later.

    Args:
        error: The failure; the exceptions that caused it are read.
    """
    import socket
    import ssl

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate"
        # EAI_AGAIN means that the name server could not be reached.
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return "host name"
        cause = cause.__cause__ or cause.__context__
    return ""


def retry_after(error: APIError, now: float) -> float | None:
    """Return the wait that the server asks for, in seconds; None if it asks for none.

    Args:
        error: The failure; ``Retry-After-Ms`` and ``Retry-After`` of its response are read.
        now: The time in seconds since the epoch, to compare a date with.
    """
    for name, unit in WAIT_HEADERS.items():
        text = (error.header(name) or "").strip()
        try:
            seconds = float(text) * unit
        except ValueError:
            continue
        if seconds >= 0:
            return seconds
    return _seconds_until(error.header("retry-after"), now)


def _seconds_until(date: str | None, now: float) -> float | None:
    if not date:
        return None
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(date)
        # A date in the form of asctime, which RFC 9110 allows, has no time zone, and "-0000" is parsed as no time zone.
        # Both mean UTC.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - now)
    except (ValueError, OverflowError):
        return None


def backoff(attempt: int, random: Callable[[], float]) -> float:
    """Return the wait after a failed attempt for which the server asked for none, in seconds.

    Args:
        attempt: The number of the attempt, from 1.
        random: Returns numbers from 0 to 1.
    """
    wait: float = min(MAX_WAIT, FIRST_WAIT * 2.0 ** min(attempt - 1, 10))
    return wait * (1 - JITTER * random())
