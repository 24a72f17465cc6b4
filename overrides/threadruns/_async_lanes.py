"""The lanes of ``_lanes`` in an event loop, apart from those that block so that they alone need asyncio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import httpcore

from threadruns._async_network import AsyncBackend
from threadruns._errors import ClientClosedError
from threadruns._lanes import arrival_of
from threadruns._transport import IDLE_LANES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    import httpx

    from threadruns._network import Network
    from threadruns._transport import Answer, Message


class AsyncLane(AsyncBackend):
    """A connection for one exchange at a time."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.pool = httpcore.AsyncConnectionPool(network_backend=self, **settings)
        self.stream: httpcore.AsyncNetworkStream | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a server."""
        self.stream = await super().connect_tcp(host, port, timeout, local_address, socket_options)
        return self.stream

    async def aclose(self) -> None:
        """Close the connection, one that the pool has not taken over yet included."""
        await self.pool.aclose()
        if self.stream is not None:
            await self.stream.aclose()


class AsyncLanes:
    """Connections of our own making, apart for each event loop that uses them."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Idle] = WeakKeyDictionary()
        self._closed = False

    async def exchange(self, message: Message, timeout: float | None) -> Answer:
        """Send a message and return the answer."""
        idle = await self._idle()
        lane = idle.lanes.pop() if idle.lanes else AsyncLane(self._network.settings())
        try:
            # The one timeout bounds every phase, so httpcore need not watch each read as well.
            async with asyncio.timeout(timeout):
                response = await lane.pool.handle_async_request(message.for_httpcore(None))
                try:
                    arrival = message.arrival(response.status, response.headers)
                    async for part in response.aiter_stream():
                        arrival.feed(part)
                finally:
                    await response.aclose()
        except BaseException:
            await lane.aclose()
            raise
        if len(idle.lanes) < IDLE_LANES and not self._closed:
            idle.lanes.append(lane)
        else:
            await lane.aclose()
        return arrival.whole()

    async def close(self) -> None:
        """Close the connections of this event loop; those of others close with theirs."""
        self._closed = True
        idle = self._loops.pop(asyncio.get_running_loop(), None)
        if idle is not None:
            await idle.keeper.aclose()

    async def _idle(self) -> Idle:
        loop = asyncio.get_running_loop()
        if loop not in self._loops:
            # The keeper of a loop's connections holds on to the loop, so closed ones do not go by themselves.
            for other in [*self._loops]:
                if other.is_closed():
                    self._loops.pop(other, None)
            idle = self._loops[loop] = Idle()
            await anext(idle.keeper)
        return self._loops[loop]


class Idle:
    """The connections of an event loop that wait for their next exchange."""

    def __init__(self) -> None:
        self.lanes: list[AsyncLane] = []
        # Connections can only be closed by the loop that made them. A loop closes its asynchronous generators before it
        # ends, so one that is started lets the connections of a client that outlives its loop be closed in time.
        self.keeper = _close_at_end(self.lanes)


async def _close_at_end(lanes: list[AsyncLane]) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        while lanes:
            await lanes.pop().aclose()


class AsyncBorrowed:
    """The caller's own ``httpx.AsyncClient``, which the caller closes."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def exchange(self, message: Message, timeout: float | None) -> Answer:
        """Send a message and return the answer."""
        client = self._client
        if client.is_closed:
            raise ClientClosedError("The httpx.AsyncClient that was passed as http_client is closed.")
        request = message.for_httpx(client, timeout)
        try:
            async with asyncio.timeout(timeout):
                response = await client.send(request, stream=True, auth=None, follow_redirects=False)
                try:
                    arrival = arrival_of(message, response)
                    if response.is_stream_consumed:
                        arrival.feed(response.content)
                    else:
                        async for part in response.aiter_raw():
                            arrival.feed(part)
                finally:
                    await response.aclose()
        finally:
            request.headers.pop(message.service.key_header, None)
        return arrival.whole()

    async def close(self) -> None:
        """Leave the caller's client as it is."""
