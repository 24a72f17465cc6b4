"""A time limit on the whole response; a read timeout only limits the time between two bytes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Watchdog:
    """A thread that aborts responses that take too long.

    Args:
        abort: Called in the thread of the watchdog, to abort the response that is being read.
    """

    def __init__(self, abort: Callable[[], None]) -> None:
        self._abort = abort
        self._deadline: float | None = None
        self._aborted = False
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._watch, name="threadruns-watch", daemon=True)
        self._thread.start()

    def begin(self, seconds: float) -> None:
        """Start the time limit of a response.

        Args:
            seconds: Maximum time for the response.
        """
        with self._changed:
            self._deadline = time.monotonic() + seconds
            self._aborted = False
            self._changed.notify()

    def end(self) -> bool:
        """End the time limit, and return whether the response was aborted."""
        with self._changed:
            self._deadline = None
            return self._aborted

    def close(self) -> None:
        """Stop the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                left = None if self._deadline is None else self._deadline - time.monotonic()
                if left is not None and left <= 0:
                    self._deadline = None
                    self._aborted = True
                    self._abort()
                else:
                    self._changed.wait(left)
