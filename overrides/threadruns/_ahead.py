"""Pages that are asked for ahead, and how one is called off.

An exchange of another thread ends when its connection is shut down, and a wait of another thread when its event is set;
an ``Interrupt`` does both. In an event loop, cancelling a task does.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import Event, RLock
from typing import TYPE_CHECKING, Any

from threadruns._errors import ClientClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from threadruns._calls import Call
    from threadruns._senders import AsyncSender, Sender
    from threadruns._transport import Answer

CLOSED = "The client is closed and cannot send; make a new one, or close it later."
CALLED_OFF = "The client, or the walk, was closed while a page was on its way."


class Interrupt:
    """Ends what goes on in other threads. It does nothing in a forked child, which shares the parent's connections."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._event = Event()
        self._stops: list[Callable[[], None]] = []
        # A walk that is collected as garbage may set this in any thread, in the middle of what stands below.
        self._lock = RLock()

    @property
    def inherited(self) -> bool:
        """Whether this is a forked child, where nothing of it goes on."""
        return os.getpid() != self._process

    def renewed(self) -> Interrupt:
        """Return one that works in this process: this one, or a new one in a forked child."""
        return Interrupt() if self.inherited else self

    def set(self) -> None:
        """End what goes on, and what would begin."""
        if self.inherited:
            return
        with self._lock:
            self._event.set()
            for stop in self._stops:
                stop()

    def check(self) -> None:
        """Go no further if the end was called for.

        Raises:
            ClientClosedError: It was.
        """
        if self._event.is_set():
            raise ClientClosedError(CALLED_OFF)

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the end.

        Raises:
            ClientClosedError: The end was called for.
        """
        self._event.wait(seconds)
        self.check()

    @contextmanager
    def stopping(self, stop: Callable[[], None]) -> Generator[None]:
        """Call a function if the end comes within this block, and never after it."""
        with self._lock:
            self._stops.append(stop)
        try:
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)


class Ahead:
    """A call that a thread of its own sends while the caller works.

    Args:
        sender: Sends it.
        call: The call.
        interrupt: Calls it off.
    """

    def __init__(self, sender: Sender, call: Call[Any], interrupt: Interrupt) -> None:
        from concurrent.futures import Future
        from threading import Thread

        self._sender = sender
        self._call = call
        self._interrupt = interrupt
        self._answer: Future[Answer] = Future()
        self._started = True
        sender.ahead.add(self)
        try:
            Thread(target=self._send, name="threadruns-prefetch", daemon=True).start()
        except RuntimeError:
            # No thread is to be had, or the interpreter is about to end.
            self._started = False
            sender.ahead.discard(self)

    def _send(self) -> None:
        try:
            self._answer.set_result(self._sender.send(self._call, self._interrupt))
        except BaseException as error:
            self._answer.set_exception(error)
        finally:
            self._sender.ahead.discard(self)

    def take(self) -> Answer:
        """Return the answer once it is there.

        Raises:
            APIError: The call failed.
            ClientClosedError: It was called off, as the client was closed.
        """
        from concurrent.futures import wait

        if not self._goes_on:
            return self._sender.send(self._call, self._interrupt.renewed())
        wait([self._answer])
        self._interrupt.check()
        return self._answer.result()

    def drop(self) -> None:
        """Call it off, if it goes on still."""
        if self._goes_on and not self._answer.done():
            self._interrupt.set()

    @property
    def _goes_on(self) -> bool:
        return self._started and not self._interrupt.inherited


class AsyncAhead:
    """A call that a task of its own sends while the caller works; see ``Ahead``."""

    def __init__(self, sender: AsyncSender, call: Call[Any]) -> None:
        import asyncio

        self._sender = sender
        self._call = call
        self._task = asyncio.create_task(sender.send(call))
        sender.ahead.add(self)
        self._task.add_done_callback(lambda _: sender.ahead.discard(self))

    async def take(self) -> Answer:
        """Return the answer once it is there."""
        import asyncio

        if self._task.get_loop() is not asyncio.get_running_loop():
            # The walk goes on in a forked child, where nobody works at the task.
            return await self._sender.send(self._call)
        # wait, unlike awaiting the task, does not mistake its cancellation for that of the caller.
        await asyncio.wait({self._task})
        if self._task.cancelled():
            raise ClientClosedError(CALLED_OFF)
        return self._task.result()

    async def drop(self) -> None:
        """Call it off, if it goes on still and this is its event loop."""
        import asyncio

        if self._task.get_loop() is not asyncio.get_running_loop():
            return
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.exception()  # Looked at, so that asyncio does not complain that nobody did.
