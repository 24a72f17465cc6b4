"""The lanes that carry exchanges, and what stands in their place if the caller passes an httpx client.

``_transport`` states the rule. Imported at the first request only, as it needs httpcore.
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
from threadruns._transport import IDLE_LANES

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    import httpx

    from threadruns._ahead import Interrupt
    from threadruns._network import Network
    from threadruns._transport import Answer, Arrival, Message


class Stream(httpcore.NetworkStream):
    """A connection whose every operation ends when the exchange of its lane must have ended."""

    def __init__(self, inner: httpcore.NetworkStream, lane: Lane) -> None:
        self._inner = inner
        self._lane = lane

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        return self._inner.read(max_bytes, self._lane.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of a buffer."""
        self._inner.write(buffer, self._lane.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        with self._lane.lock:
            self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the same connection, encrypted."""
        lane, plain = self._lane, self.get_extra_info("socket")
        left = lane.left(timeout, httpcore.ConnectTimeout)
        # The plain socket is of no use once the handshake has begun, so another one stands for the connection.
        lane.socket = copy = socket.fromfd(plain.fileno(), plain.family, plain.type)
        try:
            encrypted = Stream(self._inner.start_tls(ssl_context, server_hostname, left), lane)
            lane.socket = encrypted.get_extra_info("socket")
        finally:
            with lane.lock:
                copy.close()
        return encrypted

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows of itself."""
        return self._inner.get_extra_info(info)


class Lane(httpcore.SyncBackend):
    """A connection for one exchange at a time, and the moment at which that exchange must have ended."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.pool = httpcore.ConnectionPool(network_backend=self, **settings)
        self.expires: float | None = None
        self.interrupt: Interrupt | None = None
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
        stream = Stream(super().connect_tcp(host, port, left, local_address, socket_options), self)
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
        if self.interrupt is not None:
            self.interrupt.check()
        if self.expires is None:
            return timeout
        left = self.expires - time.monotonic()
        if left <= 0:
            raise late("The time of the exchange is over.")
        return left if timeout is None else min(left, timeout)


class Lanes:
    """Connections of our own making, safe to use from many threads and after a fork."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._idle: list[Lane] = []
        self._owner = os.getpid()
        self._closed = False
        self._finalizer = finalize(self, _close_lanes, self._idle)

    def exchange(self, message: Message, timeout: float | None, interrupt: Interrupt | None = None) -> Answer:
        """Send a message and return the answer."""
        lane = self._take()
        lane.expires = None if timeout is None else time.monotonic() + timeout
        lane.interrupt = interrupt
        try:
            with nullcontext() if interrupt is None else interrupt.stopping(lane.stop):
                response = lane.pool.handle_request(message.for_httpcore(timeout))
                try:
                    arrival = message.arrival(response.status, response.headers)
                    for part in response.iter_stream():
                        arrival.feed(part)
                finally:
                    response.close()
        except BaseException:
            # Whatever it broke off in the middle of, the connection cannot be used again.
            lane.close()
            raise
        finally:
            self._give(lane)
        return arrival.whole()

    def close(self) -> None:
        """Close the connections. One that is in use is closed when its exchange ends."""
        self._closed = True
        _close_lanes(self._idle)

    def _take(self) -> Lane:
        if self._owner != os.getpid():
            # A forked child shares the parent's sockets: closing its copies leaves the parent's alone.
            _close_lanes(self._idle)
            self._owner = os.getpid()
        try:
            # list.pop and append are atomic, so the lanes need no lock.
            return self._idle.pop()
        except IndexError:
            return Lane(self._network.settings())

    def _give(self, lane: Lane) -> None:
        if len(self._idle) < IDLE_LANES:
            self._idle.append(lane)
            if self._closed:
                _close_lanes(self._idle)
        else:
            lane.pool.close()


def _close_lanes(idle: list[Lane]) -> None:
    while idle:
        try:
            idle.pop().pool.close()
        except IndexError:
            return


class Borrowed:
    """The caller's own ``httpx.Client``, which the caller closes."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def exchange(self, message: Message, timeout: float | None, interrupt: Interrupt | None = None) -> Answer:
        """Send a message and return the answer. The end of it can be called for, and comes between two parts of it."""
        client = self._client
        if client.is_closed:
            raise ClientClosedError("The httpx.Client that was passed as http_client is closed.")
        expires = None if timeout is None else time.monotonic() + timeout
        request = message.for_httpx(client, timeout)
        try:
            response = client.send(request, stream=True, auth=None, follow_redirects=False)
            try:
                arrival = arrival_of(message, response)
                for part in (response.content,) if response.is_stream_consumed else response.iter_raw():
                    if expires is not None and time.monotonic() > expires:
                        raise TimeoutError
                    if interrupt is not None:
                        interrupt.check()
                    arrival.feed(part)
            finally:
                response.close()
        finally:
            request.headers.pop(message.service.key_header, None)
        return arrival.whole()

    def close(self) -> None:
        """Leave the caller's client as it is."""


def arrival_of(message: Message, response: httpx.Response) -> Arrival:
    """Return what takes in the body of an answer of an httpx client."""
    # Mocked transports, and hooks that look at an answer, have read and inflated it already.
    return message.arrival(response.status_code, response.headers.raw, inflated=response.is_stream_consumed)
