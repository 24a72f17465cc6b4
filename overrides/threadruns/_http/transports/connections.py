"""Our own httpx transport: one connection for each exchange in progress, kept for later exchanges.

httpx's own pool scans all its connections for each request, which takes most of the time if 64 lists are read at once.
Here each connection is a separate httpx transport, so that tools which hook into that class see the request.

Imported at the first request only, as it needs httpx.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from weakref import finalize

import httpcore
import httpx

from threadruns._http.transports.limits import EXTENSION, UNLIMITED
from threadruns._http.transports.sockets import SocketBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from threadruns._http.transports.limits import ExchangeLimits
    from threadruns._http.transports.settings import ConnectionSettings

MAX_IDLE_CONNECTIONS = 100
"""The largest number of idle connections that are kept."""


LEFT_OVER = "The server had already sent a response before this request, after the response to the previous one"
"""The error for a response that is not the one to the request: h11 keeps what follows a response, and would take it for
the response to the next request on the connection."""


class Connection(httpx.HTTPTransport):
    """A transport of httpx that holds one connection, over our own sockets."""

    def __init__(self, settings: dict[str, Any]) -> None:
        # The only private name of httpx that is used here, because httpx has no public way to set the network backend.
        # The constructor of httpx is not called: it would load certificates and make a pool that is not used.
        self._socket_backend = SocketBackend()
        self._pool = httpcore.ConnectionPool(network_backend=self._socket_backend, **settings)

    @property
    def has_read(self) -> bool:
        """False if nothing was received since the last request was sent."""
        return self._socket_backend.has_read

    def carry(self, limits: ExchangeLimits) -> None:
        """Begin an exchange with these limits, or end one with ``UNLIMITED``."""
        self._socket_backend.carry(limits)

    def stop(self, limits: ExchangeLimits) -> None:
        """Shut the connection down if it still carries the exchange with these limits, from another thread."""
        self._socket_backend.stop(limits)

    def close(self) -> None:
        """Close the connection; another one is made when it is used again."""
        self._pool.close()
        self._socket_backend.close()


class ConnectionPool(httpx.BaseTransport):
    """Connections that each carry one exchange at a time; safe to use from many threads and after a fork."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._idle: list[Connection] = []
        self._process = os.getpid()
        self._closed = False
        finalize(self, _close_all, self._idle)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over a connection that is idle, or a new one."""
        limits: ExchangeLimits = request.extensions.get(EXTENSION, UNLIMITED)
        connection = self._take()
        connection.carry(limits)
        if limits is not UNLIMITED:
            limits.connection = connection
        try:
            response = connection.handle_request(request)
        except BaseException:
            # Not given back: an exception of a signal handler may have left it in a state in which it waits forever.
            connection.close()
            raise
        if not connection.has_read:
            connection.close()
            raise httpx.RemoteProtocolError(LEFT_OVER)
        if response.is_closed:
            # A tool, such as a mock, responded in place of the network.
            self._give_back(connection)
        else:
            response.stream = _ReturningStream(response.stream, lambda: self._give_back(connection))
        return unfollowed(response)

    def close(self) -> None:
        """Close the idle connections. One that is in use is closed when its exchange ends."""
        self._closed = True
        _close_all(self._idle)

    def _take(self) -> Connection:
        if self._process != os.getpid():
            # A forked child shares the parent's sockets: closing its copies does not close the parent's.
            _close_all(self._idle)
            self._process = os.getpid()
        try:
            # list.pop and append are atomic, so this needs no lock.
            return self._idle.pop()
        except IndexError:
            return Connection(self._settings.for_httpcore())

    def _give_back(self, connection: Connection) -> None:
        connection.carry(UNLIMITED)
        if len(self._idle) < MAX_IDLE_CONNECTIONS:
            self._idle.append(connection)
            if self._closed:
                _close_all(self._idle)
        else:
            connection.close()


class _UnfollowedRedirect(httpx.Response):
    """A redirect response for which httpx does not build the next request.

    That request would hold the key, and a malformed Location would raise an error.
    """

    @property
    def has_redirect_location(self) -> bool:
        """False, whatever the headers say."""
        return False


def unfollowed(response: httpx.Response) -> httpx.Response:
    """Return a response unchanged, or a redirect as a response that httpx does not follow."""
    if not response.has_redirect_location or response.is_closed:
        return response
    return _UnfollowedRedirect(
        response.status_code, headers=response.headers.raw, stream=response.stream, extensions=response.extensions
    )


class _ReturningStream(httpx.SyncByteStream):
    """The body of a response, which gives its connection back when it is closed."""

    def __init__(self, body: Any, give_back: Callable[[], None]) -> None:
        self._body = body
        self._give_back = give_back

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        try:
            self._body.close()
        finally:
            self._give_back()


def _close_all(idle: list[Connection]) -> None:
    while idle:
        try:
            idle.pop().close()
        except IndexError:
            return


class OwnClient(httpx.Client):
    """The client that sends unless the caller passes one."""

    def __init__(self, settings: ConnectionSettings) -> None:
        super().__init__(transport=ConnectionPool(settings), trust_env=False)

    @property
    def cookies(self) -> httpx.Cookies:
        """A jar that stays empty: extracting cookies takes httpx about 50 microseconds per response."""
        return NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Store no cookies."""


class _NoCookies(httpx.Cookies):
    def extract_cookies(self, response: httpx.Response) -> None:
        """Store no cookies."""


NO_COOKIES = _NoCookies()
