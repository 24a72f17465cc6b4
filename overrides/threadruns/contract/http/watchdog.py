"""A limit on the time of a whole response, which a read timeout does not set."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Watchdog:
    """Ends answers that take too long: a server that sends a byte now and then never runs into a timeout.

    Args:
        seconds: The longest that one answer may take.
        abort: Called, from another thread, to end the answer that is being read.
    """

    def __init__(self, seconds: float, abort: Callable[[], None]) -> None:
        self._seconds = seconds
        self._abort = abort
        self._until: float | None = None
        self._aborted = False
        self._lock = threading.Lock()
        self._closed = threading.Event()
        # One thread that looks now and then costs less than one for each answer.
        self._thread = threading.Thread(target=self._look, name="threadruns-watch", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Begin to wait for an answer."""
        with self._lock:
            self._until = time.monotonic() + self._seconds
            self._aborted = False

    def end(self) -> bool:
        """End waiting, and say whether the answer was abort."""
        with self._lock:
            self._until = None
            return self._aborted

    def close(self) -> None:
        """End watching."""
        self._closed.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._closed.wait(self._seconds / 20):
            with self._lock:
                if self._until is not None and time.monotonic() > self._until:
                    self._until = None
                    self._aborted = True
                    self._abort()
