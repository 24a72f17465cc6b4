"""Our own httpx transport for event loops; see ``connections``. A module of its own, so that blocking clients
do not import asyncio.

Connections are made by anyio, as in httpx, so that every implementation of asyncio's event loop works.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import anyio
import httpcore
import httpx

from threadruns._http.transports.connections import LEFT_OVER, MAX_IDLE_CONNECTIONS, NO_COOKIES, unfollowed
from threadruns._http.transports.sockets import NEXT_READ_SIZE, READ_SIZE

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable

    from threadruns._http.transports.settings import ConnectionSettings


class LargeReads(httpcore.AsyncNetworkStream):
    """A connection of httpcore that reads as much as there is: each read of a part costs a turn of the event loop."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, backend: RememberingBackend) -> None:
        self._stream = stream
        self._backend = backend
        self._read_size = READ_SIZE

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - see READ_SIZE
        """Return the bytes that have arrived, at least one unless the connection has ended."""
        data = await self._stream.read(self._read_size, timeout)
        self._read_size = NEXT_READ_SIZE if len(data) >= self._read_size else READ_SIZE
        self._backend.has_read = True
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all bytes of a buffer."""
        self._backend.has_read = False
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Return the same connection, encrypted."""
        return LargeReads(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._backend)

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks of a connection."""
        return self._stream.get_extra_info(info)


class RememberingBackend(httpcore.AsyncNetworkBackend):
    """Connects with anyio and keeps a reference to the connection.

    If a TLS handshake is cancelled, httpcore leaves the connection open; the reference is needed to close it.
    """

    def __init__(self) -> None:
        self._anyio: Any = httpcore.AnyIOBackend()
        self.stream: httpcore.AsyncNetworkStream | None = None
        self.has_read = True
        """False after a write until the next read."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a server."""
        stream: httpcore.AsyncNetworkStream = await self._anyio.connect_tcp(
            host, port, timeout, local_address, socket_options
        )
        self.stream = LargeReads(stream, self)
        return self.stream


class AsyncConnection(httpx.AsyncHTTPTransport):
    """A transport of httpx that holds one connection."""

    def __init__(self, settings: dict[str, Any]) -> None:
        # The one private name of httpx that is used here; see ``connections.Connection``.
        self._backend = RememberingBackend()
        self._pool = httpcore.AsyncConnectionPool(network_backend=self._backend, **settings)

    @property
    def has_read(self) -> bool:
        """False if nothing was received since the last request was sent."""
        return self._backend.has_read

    async def aclose(self) -> None:
        """Close the connection, whatever is cancelled meanwhile."""
        with anyio.CancelScope(shield=True):
            await self._pool.aclose()
            if self._backend.stream is not None:
                await self._backend.stream.aclose()


class AsyncConnectionPool(httpx.AsyncBaseTransport):
    """Connections that each carry one exchange at a time, in a separate pool for each event loop."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _IdleConnections] = WeakKeyDictionary()
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over a connection that is idle, or a new one."""
        idle = (await self._idle()).connections
        connection = idle.pop() if idle else AsyncConnection(self._settings.for_httpcore())

        async def give_back() -> None:
            if len(idle) < MAX_IDLE_CONNECTIONS and not self._closed:
                idle.append(connection)
            else:
                await connection.aclose()

        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            await connection.aclose()
            raise
        if not connection.has_read:
            await connection.aclose()
            raise httpx.RemoteProtocolError(LEFT_OVER)
        if response.is_closed:
            # A tool, such as a mock, responded in place of the network.
            await give_back()
        else:
            response.stream = _AsyncReturningStream(response.stream, connection, give_back)
        return unfollowed(response)

    async def aclose(self) -> None:
        """Close the connections of this event loop; those of others close with theirs."""
        self._closed = True
        idle = self._loops.pop(asyncio.get_running_loop(), None)
        if idle is not None:
            await idle.closer.aclose()

    async def _idle(self) -> _IdleConnections:
        loop = asyncio.get_running_loop()
        if loop not in self._loops:
            # The generator references its loop, so the entries of closed loops are not garbage-collected.
            for other in [*self._loops]:
                if other.is_closed():
                    self._loops.pop(other, None)
            idle = self._loops[loop] = _IdleConnections()
            await anext(idle.closer)
        return self._loops[loop]


class _IdleConnections:
    """The idle connections of an event loop."""

    def __init__(self) -> None:
        self.connections: list[AsyncConnection] = []
        # Connections can only be closed by the loop that made them. A loop closes its started asynchronous generators
        # before it ends, so this generator closes the connections even if the client is not closed before its loop.
        self.closer = _close_at_end(self.connections)


async def _close_at_end(connections: list[AsyncConnection]) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        while connections:
            await connections.pop().aclose()


class _AsyncReturningStream(httpx.AsyncByteStream):
    """The body of a response, which gives its connection back when it is closed."""

    def __init__(self, body: Any, connection: AsyncConnection, give_back: Callable[[], Awaitable[None]]) -> None:
        self._body = body
        self._connection = connection
        self._give_back = give_back

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._body)

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        except BaseException:
            await self._connection.aclose()
            raise
        await self._give_back()


class AsyncOwnClient(httpx.AsyncClient):
    """The client that sends unless the caller passes one."""

    def __init__(self, settings: ConnectionSettings) -> None:
        super().__init__(transport=AsyncConnectionPool(settings), trust_env=False)

    @property
    def cookies(self) -> httpx.Cookies:
        """A jar that stays empty; see ``OwnClient``."""
        return NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Store no cookies."""
