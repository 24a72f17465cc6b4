"""The interface of transports, and the kinds of failure that their exceptions mean."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from threadruns._http.cancellation import CancelToken
    from threadruns._http.request import PreparedRequest
    from threadruns._response import RawResponse


def failure_kind(error: BaseException) -> str | None:
    """Return the kind of failure that an exception means: "timeout", "connection", or None for any other exception."""
    if isinstance(error, TimeoutError):
        return "timeout"
    for name in ("httpcore", "httpx", "socksio"):
        library = sys.modules.get(name)
        if library is None:
            continue
        if name == "socksio":
            # httpcore lets the exceptions of a proxy that does not speak SOCKS through.
            return "connection" if isinstance(error, library.SOCKSError) else None
        if isinstance(error, library.TimeoutException):
            return "timeout"
        if name == "httpx" and isinstance(error, library.HTTPError | library.InvalidURL | library.StreamError):
            return "connection"
        if name == "httpcore" and isinstance(
            error, library.NetworkError | library.ProtocolError | library.ProxyError | library.UnsupportedProtocol
        ):
            return "connection"
    return "connection" if isinstance(error, OSError) else None


class Transport(Protocol):
    """Sends one request and receives its response, blocking."""

    def exchange(
        self, request: PreparedRequest, timeout: float | None, cancel_token: CancelToken | None
    ) -> RawResponse:
        """Send a request and return its response.

        Args:
            request: The request.
            timeout: The bound of the whole exchange, in seconds.
            cancel_token: Ends the exchange from another thread.

        Raises:
            Exception: One that ``failure_kind`` knows, or a BodyError.
        """
        ...

    def close(self) -> None:
        """Close idle connections; closing twice is fine."""
        ...


class AsyncTransport(Protocol):
    """Sends one request and receives its response, in an event loop."""

    async def exchange(self, request: PreparedRequest, timeout: float | None) -> RawResponse:
        """Send a request and return its response within ``timeout`` seconds."""
        ...

    async def close(self) -> None:
        """Close idle connections; closing twice is fine."""
        ...
