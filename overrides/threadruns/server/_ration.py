"""A limit for log lines of one kind, so that no client fills a disk with them."""

from __future__ import annotations

import logging
import time

MAX_LINES = 10
"""The largest number of lines of one kind in one period."""

PERIOD_SECONDS = 10.0
"""The length of a period in seconds."""


class Ration:
    """A logger that leaves out lines of a kind that comes too often, and says how many it left out.

    Args:
        logger: The logger that gets the lines.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._kinds: dict[str, tuple[float, int]] = {}

    def allows(self, kind: str) -> bool:
        """Count a line of this kind, and return whether it may be written."""
        now = time.monotonic()
        since, count = self._kinds.get(kind, (now, 0))
        if now - since > PERIOD_SECONDS:
            self._report(kind, count)
            since, count = now, 0
        self._kinds[kind] = (since, count + 1)
        return count < MAX_LINES

    def warning(self, kind: str, message: str) -> None:
        """Write a warning, unless too many of this kind were written."""
        if self.allows(kind):
            self._logger.warning(message)

    def error(self, kind: str, message: str) -> None:
        """Write an error, unless too many of this kind were written."""
        if self.allows(kind):
            self._logger.error(message)

    def exception(self, kind: str, message: str) -> None:
        """Write an error with the traceback of the current exception, unless too many of this kind were written."""
        if self.allows(kind):
            self._logger.exception(message)

    def close(self) -> None:
        """Say how many lines of each kind were left out since the last time."""
        for kind, (_, count) in self._kinds.items():
            self._report(kind, count)
        self._kinds.clear()

    def _report(self, kind: str, count: int) -> None:
        if count > MAX_LINES:
            self._logger.warning("%d more log lines of the kind %r were left out.", count - MAX_LINES, kind)
