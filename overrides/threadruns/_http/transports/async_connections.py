"""The connections of event loops; a module of their own, so that blocking clients do not import asyncio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import httpcore

from threadruns._errors import ClientClosedError
from threadruns._http.transports.async_streams import AsyncBackend
from threadruns._http.transports.connections import MAX_IDLE_CONNECTIONS, body_reader_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    import httpx

    from threadruns._http.request import PreparedRequest
    from threadruns._http.transports.settings import ConnectionSettings
    from threadruns._response import RawResponse


class AsyncConnection(AsyncBackend):
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


class AsyncConnectionPool:
    """Connections of our own making, apart for each event loop that uses them."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, IdleConnections] = WeakKeyDictionary()
        self._closed = False

    async def exchange(self, request: PreparedRequest, timeout: float | None) -> RawResponse:
        """Send a request and return the answer."""
        idle = await self._idle()
        connection = idle.connections.pop() if idle.connections else AsyncConnection(self._settings.settings())
        try:
            # The one timeout bounds every phase, so httpcore need not watch each read as well.
            async with asyncio.timeout(timeout):
                response = await connection.pool.handle_async_request(request.for_httpcore(None))
                try:
                    reader = request.body_reader(response.status, response.headers)
                    async for part in response.aiter_stream():
                        reader.feed(part)
                finally:
                    await response.aclose()
        except BaseException:
            await connection.aclose()
            raise
        if len(idle.connections) < MAX_IDLE_CONNECTIONS and not self._closed:
            idle.connections.append(connection)
        else:
            await connection.aclose()
        return reader.finish()

    async def close(self) -> None:
        """Close the connections of this event loop; those of others close with theirs."""
        self._closed = True
        idle = self._loops.pop(asyncio.get_running_loop(), None)
        if idle is not None:
            await idle.keeper.aclose()

    async def _idle(self) -> IdleConnections:
        loop = asyncio.get_running_loop()
        if loop not in self._loops:
            # The keeper of a loop's connections holds on to the loop, so closed ones do not go by themselves.
            for other in [*self._loops]:
                if other.is_closed():
                    self._loops.pop(other, None)
            idle = self._loops[loop] = IdleConnections()
            await anext(idle.keeper)
        return self._loops[loop]


class IdleConnections:
    """The connections of an event loop that wait for their next exchange."""

    def __init__(self) -> None:
        self.connections: list[AsyncConnection] = []
        # Connections can only be closed by the loop that made them. A loop closes its asynchronous generators before it
        # ends, so one that is started lets the connections of a client that outlives its loop be closed in time.
        self.keeper = _close_at_end(self.connections)


async def _close_at_end(connections: list[AsyncConnection]) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        while connections:
            await connections.pop().aclose()


class AsyncHttpxClientTransport:
    """The caller's own ``httpx.AsyncClient``, which the caller closes."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def exchange(self, request: PreparedRequest, timeout: float | None) -> RawResponse:
        """Send a request and return the answer."""
        client = self._client
        if client.is_closed:
            raise ClientClosedError("The httpx.AsyncClient that was passed as http_client is closed.")
        outgoing = request.for_httpx(client, timeout)
        try:
            async with asyncio.timeout(timeout):
                response = await client.send(outgoing, stream=True, auth=None, follow_redirects=False)
                try:
                    reader = body_reader_for(request, response)
                    if response.is_stream_consumed:
                        reader.feed(response.content)
                    else:
                        async for part in response.aiter_raw():
                            reader.feed(part)
                finally:
                    await response.aclose()
        finally:
            outgoing.headers.pop(request.service.key_header, None)
        return reader.finish()

    async def close(self) -> None:
        """Leave the caller's client as it is."""
