"""Our own connections, one exchange at a time each, and the caller's httpx client in their place.

Imported at the first request only, as it needs httpcore.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import nullcontext, suppress
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import finalize

import httpcore

from threadruns._errors import ClientClosedError

MAX_IDLE_CONNECTIONS = 100
"""The largest number of idle connections that are kept."""

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    import httpx

    from threadruns._http.body import BodyReader
    from threadruns._http.cancellation import CancelToken
    from threadruns._http.request import PreparedRequest
    from threadruns._http.transports.settings import ConnectionSettings
    from threadruns._response import RawResponse


class TimedStream(httpcore.NetworkStream):
    """A connection whose every operation ends when the exchange of its connection must have ended."""

    def __init__(self, inner: httpcore.NetworkStream, connection: Connection) -> None:
        self._inner = inner
        self._connection = connection

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        return self._inner.read(max_bytes, self._connection.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of a buffer."""
        self._inner.write(buffer, self._connection.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        with self._connection.lock:
            self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the same connection, encrypted."""
        connection, plain = self._connection, self.get_extra_info("socket")
        left = connection.left(timeout, httpcore.ConnectTimeout)
        # The plain socket is of no use once the handshake has begun, so another one stands for the connection.
        connection.socket = copy = socket.fromfd(plain.fileno(), plain.family, plain.type)
        try:
            encrypted = TimedStream(self._inner.start_tls(ssl_context, server_hostname, left), connection)
            connection.socket = encrypted.get_extra_info("socket")
        finally:
            with connection.lock:
                copy.close()
        return encrypted

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows of itself."""
        return self._inner.get_extra_info(info)


class Connection(httpcore.SyncBackend):
    """A connection for one exchange at a time, and the moment at which that exchange must have ended."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.pool = httpcore.ConnectionPool(network_backend=self, **settings)
        self.expires: float | None = None
        self.cancel_token: CancelToken | None = None
        self.socket: socket.socket | None = None
        # A socket that is being shut down must not be closed meanwhile: its number may be another's by then.
        self.lock = RLock()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a server."""
        left = self.left(timeout, httpcore.ConnectTimeout)
        stream = TimedStream(super().connect_tcp(host, port, left, local_address, socket_options), self)
        self.socket = stream.get_extra_info("socket")
        return stream

    def close(self) -> None:
        """Close the connection, one that the pool has not taken over yet included."""
        self.pool.close()
        with self.lock:
            if self.socket is not None:
                self.socket.close()

    def stop(self) -> None:
        """End the exchange, from another thread: whatever waits for the connection goes on at once, and fails.

        Only a connection that is not made yet keeps its thread, for as long as that may take.
        """
        with self.lock, suppress(OSError):
            if self.socket is not None:
                # Not the method of a TLS socket, which would first forget that it is one.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def left(self, timeout: float | None, late: type[Exception]) -> float | None:
        """Return how long an operation may take, in seconds.

        Args:
            timeout: How long it may take by itself.
            late: What to raise if the time of the exchange is over.

        Raises:
            ClientClosedError: The exchange was called off.
        """
        if self.cancel_token is not None:
            self.cancel_token.check()
        if self.expires is None:
            return timeout
        left = self.expires - time.monotonic()
        if left <= 0:
            raise late("The time of the exchange is over.")
        return left if timeout is None else min(left, timeout)


class ConnectionPool:
    """Connections of our own making, safe to use from many threads and after a fork."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._idle: list[Connection] = []
        self._owner = os.getpid()
        self._closed = False
        self._finalizer = finalize(self, _close_connections, self._idle)

    def exchange(
        self, request: PreparedRequest, timeout: float | None, cancel_token: CancelToken | None = None
    ) -> RawResponse:
        """Send a request and return the answer."""
        connection = self._take()
        connection.expires = None if timeout is None else time.monotonic() + timeout
        connection.cancel_token = cancel_token
        try:
            with nullcontext() if cancel_token is None else cancel_token.on_cancel(connection.stop):
                response = connection.pool.handle_request(request.for_httpcore(timeout))
                try:
                    reader = request.body_reader(response.status, response.headers)
                    for part in response.iter_stream():
                        reader.feed(part)
                finally:
                    response.close()
        except BaseException:
            # Whatever it broke off in the middle of, the connection cannot be used again.
            connection.close()
            raise
        finally:
            self._give(connection)
        return reader.finish()

    def close(self) -> None:
        """Close the connections. One that is in use is closed when its exchange ends."""
        self._closed = True
        _close_connections(self._idle)

    def _take(self) -> Connection:
        if self._owner != os.getpid():
            # A forked child shares the parent's sockets: closing its copies leaves the parent's alone.
            _close_connections(self._idle)
            self._owner = os.getpid()
        try:
            # list.pop and append are atomic, so the connections need no lock.
            return self._idle.pop()
        except IndexError:
            return Connection(self._settings.settings())

    def _give(self, connection: Connection) -> None:
        if len(self._idle) < MAX_IDLE_CONNECTIONS:
            self._idle.append(connection)
            if self._closed:
                _close_connections(self._idle)
        else:
            connection.pool.close()


def _close_connections(idle: list[Connection]) -> None:
    while idle:
        try:
            idle.pop().pool.close()
        except IndexError:
            return


class HttpxClientTransport:
    """The caller's own ``httpx.Client``, which the caller closes."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def exchange(
        self, request: PreparedRequest, timeout: float | None, cancel_token: CancelToken | None = None
    ) -> RawResponse:
        """Send a request and return the answer. The end of it can be called for, and comes between two parts of it."""
        client = self._client
        if client.is_closed:
            raise ClientClosedError("The httpx.Client that was passed as http_client is closed.")
        expires = None if timeout is None else time.monotonic() + timeout
        outgoing = request.for_httpx(client, timeout)
        try:
            response = client.send(outgoing, stream=True, auth=None, follow_redirects=False)
            try:
                reader = body_reader_for(request, response)
                for part in (response.content,) if response.is_stream_consumed else response.iter_raw():
                    if expires is not None and time.monotonic() > expires:
                        raise TimeoutError
                    if cancel_token is not None:
                        cancel_token.check()
                    reader.feed(part)
            finally:
                response.close()
        finally:
            outgoing.headers.pop(request.service.key_header, None)
        return reader.finish()

    def close(self) -> None:
        """Leave the caller's client as it is."""


def body_reader_for(request: PreparedRequest, response: httpx.Response) -> BodyReader:
    """Return what takes in the body of an answer of an httpx client."""
    # Mocked transports, and hooks that look at an answer, have read and inflated it already.
    return request.body_reader(response.status_code, response.headers.raw, inflated=response.is_stream_consumed)
