"""The rate limit that all calls of a client share."""

from __future__ import annotations

from threadruns._http.forks import FORK_LOCK


class RateLimiter:
    """Spaces the requests of a client, and pauses all of them after a 429.

    Args:
        rate: Requests per second; None for no limit.
    """

    def __init__(self, rate: float | None) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._free_at = 0.0

    def reserve(self, now: float) -> float:
        """Take the next slot and return the seconds until it begins."""
        with FORK_LOCK:
            slot = max(now, self._free_at)
            self._free_at = slot + self._interval if self._interval else self._free_at
            return slot - now

    def pause(self, until: float) -> None:
        """Delay all requests until this moment of the monotonic clock."""
        with FORK_LOCK:
            self._free_at = max(self._free_at, until)
