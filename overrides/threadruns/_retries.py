"""What is tried again, and after how long: decisions without a clock or a socket. tenacity carries them out.

The rule, in this order: ``x-should-retry`` decides if the server sends it; otherwise connection errors, timeouts and
the statuses 408, 409, 429 and 5xx are repeated. ``Retry-After`` (seconds or a date) sets the wait, unless it asks for
more than the caller allows; otherwise the wait doubles from half a second to eight, less up to a quarter at random, so
that clients that failed together do not come back together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadruns._errors import APIConnectionError, APIStatusError
from threadruns._forks import LOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from threadruns._errors import APIError

RETRIED = frozenset({408, 409, 429})
FIRST_WAIT = 0.5
LONGEST_WAIT = 8.0
JITTER = 0.25


def should_retry(error: APIError) -> bool:
    """Say whether the failure may pass, so that the same request can succeed."""
    if isinstance(error, APIStatusError):
        told = (error.header("x-should-retry") or "").lower()
        if told in ("true", "false"):
            return told == "true"
        return error.status_code in RETRIED or error.status_code >= 500
    return isinstance(error, APIConnectionError)


def retry_after(error: APIError, now: float) -> float | None:
    """Return how many seconds the server asks to wait for; None if it does not say.

    Args:
        error: The failure, of whose answer ``Retry-After-Ms`` and ``Retry-After`` are read.
        now: The time, in seconds since the epoch, that a date is compared with.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
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
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def backoff(attempt: int, random: Callable[[], float]) -> float:
    """Return the wait after an attempt that failed without a word from the server, in seconds.

    Args:
        attempt: The number of the attempt, from 1.
        random: Gives numbers from 0 to 1.
    """
    wait: float = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt - 1, 10))
    return wait * (1 - JITTER * random())


class Budget:
    """The requests per second that all calls of a client share, and the pause that a 429 imposes on all of them.

    Args:
        rate: Requests per second; None for no bound.
    """

    def __init__(self, rate: float | None) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._free_at = 0.0

    def reserve(self, now: float) -> float:
        """Take the next slot and return how many seconds it is away."""
        with LOCK:
            slot = max(now, self._free_at)
            self._free_at = slot + self._interval if self._interval else self._free_at
            return slot - now

    def pause(self, until: float) -> None:
        """Let no request start before this moment."""
        with LOCK:
            self._free_at = max(self._free_at, until)
