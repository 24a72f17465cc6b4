"""Sending: what ``_calls`` decides, done with threads or with an event loop.

Making a sender opens nothing and imports little; both wait for the first call.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from threadruns._ahead import CLOSED
from threadruns._errors import ArgumentError, ClientClosedError
from threadruns._forks import LOCK

if TYPE_CHECKING:
    import httpx

    from threadruns._ahead import Ahead, AsyncAhead, Interrupt
    from threadruns._calls import Call
    from threadruns._network import Network
    from threadruns._retries import Budget
    from threadruns._service import Service
    from threadruns._transport import Answer, AsyncTransport, Transport


class Sender:
    """Sends calls, from any thread."""

    def __init__(self, service: Service, network: Network, budget: Budget, client: httpx.Client | None) -> None:
        self.service = service
        self.closed = False
        self._budget = budget
        self._network = network
        self._client = client
        self._transport: Transport | None = None
        self.ahead: set[Ahead] = set()

    def send(self, call: Call[Any], interrupt: Interrupt | None = None) -> Answer:
        """Send a call until it succeeds.

        Args:
            call: The call.
            interrupt: What another thread may end it by.

        Raises:
            APIError: It did not.
            ClientClosedError: The client is closed.
        """
        import tenacity

        from threadruns._calls import Trail

        trail = Trail(call, self.service, self._budget)
        message = call.message(self.service)
        again = tenacity.retry_if_exception(trail.again)
        sleep = interrupt.sleep if interrupt is not None else time.sleep
        for attempt in tenacity.Retrying(retry=again, wait=lambda _: trail.pause, sleep=sleep, reraise=True):
            with attempt:
                if wait := trail.wait():
                    sleep(wait)
                transport, timeout = self._open(), trail.start()
                try:
                    answer = transport.exchange(message, timeout, interrupt)
                except Exception as error:
                    if interrupt is not None:
                        interrupt.check()
                    trail.fail(error)
                return trail.passed(answer)
        raise AssertionError("tenacity ends a call by its result or its error")

    def _open(self) -> Transport:
        if self.closed:
            raise ClientClosedError(CLOSED)
        if self._transport is None:
            from threadruns._lanes import Borrowed, Lanes

            transport = Borrowed(self._client) if self._client is not None else Lanes(self._network)
            with LOCK:
                # Another thread may have been first.
                self._transport = self._transport or transport
        return self._transport

    def close(self) -> None:
        """Call off what was asked for ahead and close the connections; closing twice is fine."""
        self.closed = True
        for ahead in [*self.ahead]:
            ahead.drop()
        if self._transport is not None:
            self._transport.close()


class AsyncSender:
    """Sends calls, from any event loop."""

    def __init__(self, service: Service, network: Network, budget: Budget, client: httpx.AsyncClient | None) -> None:
        self.service = service
        self.closed = False
        self._budget = budget
        self._network = network
        self._client = client
        self._transport: AsyncTransport | None = None
        self.ahead: set[AsyncAhead] = set()

    async def send(self, call: Call[Any]) -> Answer:
        """Send a call until it succeeds.

        Raises:
            APIError: It did not.
            ClientClosedError: The client is closed.
        """
        import asyncio

        import tenacity

        from threadruns._calls import Trail

        check_loop()
        trail = Trail(call, self.service, self._budget)
        message = call.message(self.service)
        again = tenacity.retry_if_exception(trail.again)
        async for attempt in tenacity.AsyncRetrying(retry=again, wait=lambda _: trail.pause, reraise=True):
            with attempt:
                if wait := trail.wait():
                    await asyncio.sleep(wait)
                transport, timeout = self._open(), trail.start()
                try:
                    answer = await transport.exchange(message, timeout)
                except Exception as error:
                    trail.fail(error)
                return trail.passed(answer)
        raise AssertionError("tenacity ends a call by its result or its error")

    def _open(self) -> AsyncTransport:
        if self.closed:
            raise ClientClosedError(CLOSED)
        if self._transport is None:
            from threadruns._async_lanes import AsyncBorrowed, AsyncLanes

            self._transport = AsyncBorrowed(self._client) if self._client is not None else AsyncLanes(self._network)
        return self._transport

    async def close(self) -> None:
        """Call off what was asked for ahead and close the connections; closing twice is fine."""
        self.closed = True
        for ahead in [*self.ahead]:
            await ahead.drop()
        if self._transport is not None:
            await self._transport.close()


def check_loop() -> None:
    """Refuse to work without an event loop.

    Raises:
        ArgumentError: None of asyncio is running.
    """
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise ArgumentError("AsyncClient works in an event loop of asyncio, and none is running here.") from None
