"""A time limit on the whole response; a read timeout only limits the time between two bytes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Watchdog:
    """A thread that aborts responses that take too long.

    Args:
        seconds: Maximum time for one response.
        abort: Called in the thread of the watchdog, to abort the response that is being read.
    """

    def __init__(self, seconds: float, abort: Callable[[], None]) -> None:
        self._seconds = seconds
        self._abort = abort
        self._deadline: float | None = None
        self._aborted = False
        self._lock = threading.Lock()
        self._closed = threading.Event()
        # One thread that polls costs less than one thread for each response.
        self._thread = threading.Thread(target=self._poll, name="threadruns-watch", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Start the time limit of a response."""
        with self._lock:
            self._deadline = time.monotonic() + self._seconds
            self._aborted = False

    def end(self) -> bool:
        """End the time limit, and return whether the response was aborted."""
        with self._lock:
            self._deadline = None
            return self._aborted

    def close(self) -> None:
        """Stop the thread."""
        self._closed.set()
        self._thread.join()

    def _poll(self) -> None:
        while not self._closed.wait(self._seconds / 20):
            with self._lock:
                if self._deadline is not None and time.monotonic() > self._deadline:
                    self._deadline = None
                    self._aborted = True
                    self._abort()
