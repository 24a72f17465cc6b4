"""Blocking connections that keep the time limit of the exchange, and that another thread can shut down.

httpx limits the time of single reads and writes, and gives each address of a host the whole timeout: a server that
sends a byte now and then, or a host with several dead addresses, would exceed the time limit of a call. httpx cannot
cancel a blocking call either.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from contextlib import contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

import httpcore

from threadruns._http.transports.limits import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from threadruns._http.transports.limits import ExchangeLimits

T = TypeVar("T")

READ_SIZE = 256 * 1024
"""Bytes that one read may return: most pages arrive in a single one."""

NEXT_READ_SIZE = 64 * 1024
"""Bytes that a read may return after one that was full. The time limit is checked at each read, and a server may send
many tiny parts, which take longer to parse than to receive."""


class SocketBackend(httpcore.NetworkBackend):
    """Makes one connection at a time, and holds it to the limits of the exchange that it carries."""

    def __init__(self) -> None:
        self.limits = UNLIMITED
        self.has_read = True
        """False after a write until the next read."""
        self._socket: socket.socket | None = None
        # A socket must not be closed while it is shut down: another one may get its file descriptor. Garbage
        # collection may cancel an exchange within any of the methods below, so the lock can be taken again.
        self._lock = RLock()

    def carry(self, limits: ExchangeLimits) -> None:
        """Begin an exchange, or end one with ``UNLIMITED``."""
        with self._lock:
            self.limits = limits

    def stop(self, limits: ExchangeLimits) -> None:
        """Shut the connection down if it still carries the exchange with these limits: its operations fail at once."""
        with self._lock, suppress(OSError):
            if self.limits is limits and self._socket is not None:
                # Not the method of a TLS socket, which first discards the TLS state: another thread could then send
                # plain text.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - our pools set none
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - our pools set none
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that answers; each has an equal share of the time that is left."""
        until = None if timeout is None else time.monotonic() + timeout
        # Nothing can interrupt this step, so the limits are checked again after it.
        addresses = _lookup(host, port)
        problem: OSError = OSError(f"{host} has no address.")
        for place, (family, kind, protocol, _, address) in enumerate(addresses):
            left = self._left_until(until)
            connection = socket.socket(family, kind, protocol)
            self.hold(connection)
            try:
                connection.settimeout(None if left is None else left / (len(addresses) - place))
                self._left_until(until)  # The exchange may have been cancelled before there was a socket.
                connection.connect(address)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except BaseException as error:
                self.release(connection)
                if not isinstance(error, OSError):
                    raise
                problem = error
            else:
                self._left_until(until)
                return SocketStream(connection, self)
        self._left_until(until)
        raised = httpcore.ConnectTimeout if isinstance(problem, TimeoutError) else httpcore.ConnectError
        raise raised(str(problem)) from problem

    def _left_until(self, until: float | None) -> float | None:
        left = self.limits.left(None if until is None else until - time.monotonic(), httpcore.ConnectTimeout)
        if left is not None and left <= 0:
            raise httpcore.ConnectTimeout("The connection was not made in time.")
        return left

    def hold(self, connection: socket.socket | None) -> None:
        """Set the socket that ``stop`` shuts down."""
        with self._lock:
            self._socket = connection

    def release(self, connection: Any) -> None:
        """Close a socket."""
        with self._lock:
            connection.close()

    @contextmanager
    def handshake(self, plain: socket.socket) -> Generator[None]:
        """Let ``stop`` shut down a connection while TLS is set up on it."""
        # The handshake detaches the plain socket, so a duplicate is held.
        duplicate = socket.fromfd(plain.fileno(), plain.family, plain.type) if plain.fileno() >= 0 else None
        self.hold(duplicate)
        try:
            yield
        finally:
            if duplicate is not None:
                self.release(duplicate)

    def close(self) -> None:
        """Close the connection, even if its pool has not taken it over yet."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None


class SocketStream(httpcore.NetworkStream):
    """A connection over a socket, or over TLS within the TLS of a proxy.

    Args:
        connection: The socket, or an object with the same methods.
        backend: Its limits.
    """

    def __init__(self, connection: Any, backend: SocketBackend) -> None:
        self._socket = connection
        self._backend = backend
        self._read_size = READ_SIZE

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - see READ_SIZE
        """Return the bytes that have arrived, at least one unless the connection has ended."""
        connection = self._socket
        try:
            connection.settimeout(self._backend.limits.left(timeout, httpcore.ReadTimeout))
            data: bytes = connection.recv(self._read_size)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        self._read_size = NEXT_READ_SIZE if len(data) >= self._read_size else READ_SIZE
        self._backend.has_read = True
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all bytes of a buffer."""
        self._backend.has_read = False
        try:
            while buffer:
                self._socket.settimeout(self._backend.limits.left(timeout, httpcore.WriteTimeout))
                buffer = buffer[self._socket.send(buffer) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        """Close the connection, without the closing message of TLS."""
        self._backend.release(self._socket)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the same connection, encrypted."""
        limits = self._backend.limits
        try:
            left = limits.left(timeout, httpcore.ConnectTimeout)
            if isinstance(self._socket, ssl.SSLSocket):
                return SocketStream(NestedTLS(self._socket, ssl_context, server_hostname, left), self._backend)
            self._socket.settimeout(left)
            with self._backend.handshake(self._socket):
                limits.left(timeout, httpcore.ConnectTimeout)  # It may have been cancelled before that.
                encrypted = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
            self._backend.hold(encrypted)
        except BaseException as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout(str(error)) from error
            if isinstance(error, OSError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        return SocketStream(encrypted, self._backend)

    def get_extra_info(self, info: str) -> Any:
        """Return a property of the connection by httpcore's name for it; None if it is unknown."""
        match info:
            case "socket":
                return self._socket
            case "ssl_object":
                return self._socket if hasattr(self._socket, "selected_alpn_protocol") else None
            case "client_addr":
                return self._socket.getsockname()
            case "server_addr":
                return self._socket.getpeername()
            case "is_readable":
                # An idle connection is readable once the server has closed it.
                return _is_readable(self._socket.fileno())
            case _:
                return None


class NestedTLS:
    """TLS within the TLS of a proxy, which the sockets of the standard library do not support.

    Args:
        outer: The connection to the proxy.
        context: The TLS settings.
        server_hostname: The name that the server's certificate must have.
        timeout: The time limit of the handshake, in seconds.
    """

    def __init__(
        self, outer: ssl.SSLSocket, context: ssl.SSLContext, server_hostname: str | None, timeout: float | None
    ) -> None:
        self._outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname)
        self.settimeout(timeout)
        self._run(self._tls.do_handshake)
        self.fileno, self.getsockname, self.getpeername = outer.fileno, outer.getsockname, outer.getpeername
        self.close, self.selected_alpn_protocol = outer.close, self._tls.selected_alpn_protocol

    def settimeout(self, timeout: float | None) -> None:
        """Set the time limit of the next operation as a whole, in seconds."""
        self._until = None if timeout is None else time.monotonic() + timeout

    def recv(self, size: int) -> bytes:
        """Return the bytes that have arrived."""
        try:
            return self._run(lambda: self._tls.read(size))
        except ssl.SSLZeroReturnError:
            return b""

    def send(self, data: bytes) -> int:
        """Send bytes and return how many."""
        return self._run(lambda: self._tls.write(data))

    def _run(self, operation: Callable[[], T]) -> T:
        while True:
            try:
                result = operation()
            except ssl.SSLWantReadError:
                self._flush()
            else:
                self._flush()
                return result
            self._bound()
            if data := self._outer.recv(READ_SIZE):
                self._incoming.write(data)
            else:
                self._incoming.write_eof()

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._bound()
            self._outer.sendall(data)

    def _bound(self) -> None:
        left = None if self._until is None else self._until - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError("The operation timed out.")
        self._outer.settimeout(left)


def _lookup(host: str, port: int) -> list[tuple[Any, ...]]:
    try:
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error


def _is_readable(number: int) -> bool:
    if number < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))
