"""Cancellation of work in other threads: it ends waits, and shuts down connections in use.

In an event loop, cancelling a task does this by itself.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import Event, RLock
from typing import TYPE_CHECKING

from threadruns._errors import ClientClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

CLIENT_CLOSED = "The client is closed and cannot send; make a new one, or close it later."
PAGE_CANCELLED = "The client or the iteration was closed while a page was requested."


class CancelToken:
    """Cancels work in other threads. Does nothing in a forked child, which shares the parent's connections."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._event = Event()
        self._callbacks: list[Callable[[], None]] = []
        # Garbage collection may close an iteration, and so cancel this token, within any of the methods below.
        self._lock = RLock()

    @property
    def inherited(self) -> bool:
        """True in a forked child, in which none of the threads exist."""
        return os.getpid() != self._process

    def renewed(self) -> CancelToken:
        """Return a token for this process: this one, or a new one in a forked child."""
        return CancelToken() if self.inherited else self

    def cancel(self) -> None:
        """Cancel the work in progress, and all work that would begin later."""
        if self.inherited:
            return
        with self._lock:
            self._event.set()
            for callback in self._callbacks:
                callback()

    def check(self) -> None:
        """Raise if the token was cancelled.

        Raises:
            ClientClosedError: The token was cancelled.
        """
        if self._event.is_set():
            raise ClientClosedError(PAGE_CANCELLED)

    def sleep(self, seconds: float) -> None:
        """Sleep, unless the token is cancelled meanwhile.

        Raises:
            ClientClosedError: The token was cancelled.
        """
        self._event.wait(seconds)
        self.check()

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Generator[None]:
        """Call a function if the token is cancelled within this block, and never after it."""
        with self._lock:
            self._callbacks.append(callback)
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
