"""The clients and transports of httpx and httpx2 that callers can pass, and the meaning of their exceptions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTION_ERRORS = {
    "httpx": ("RequestError", "InvalidURL", "StreamError"),
    "httpx2": ("RequestError", "InvalidURL", "StreamError"),
    "httpcore": ("NetworkError", "ProtocolError", "ProxyError", "UnsupportedProtocol"),
    "httpcore2": ("NetworkError", "ProtocolError", "ProxyError", "UnsupportedProtocol"),
    "socksio": ("SOCKSError",),
    "aiohttp": ("ClientError",),
}
"""The exceptions that mean a failed connection. Some transports raise those of the library below them unchanged."""

_NOT_CONNECTED = ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError")
UNSENT_ERRORS = {
    "httpx": _NOT_CONNECTED,
    "httpx2": _NOT_CONNECTED,
    "httpcore": _NOT_CONNECTED,
    "httpcore2": _NOT_CONNECTED,
    "socksio": ("SOCKSError",),
    "aiohttp": ("ClientConnectorError",),
}
"""The exceptions that mean that no connection was made, so that no part of the request was sent."""


def failure_kind(error: BaseException) -> str | None:
    """Return the kind of failure that an exception means: "timeout", "connection", or None for any other exception."""
    if isinstance(error, TimeoutError):
        return "timeout"
    # A library that was not imported cannot have raised the exception.
    if any(isinstance(error, getattr(sys.modules.get(name), "TimeoutException", ())) for name in CONNECTION_ERRORS):
        return "timeout"
    return "connection" if _is_one_of(error, CONNECTION_ERRORS) or isinstance(error, OSError) else None


def is_unsent(error: BaseException | None) -> bool:
    """Return whether an exception means that no part of the request was sent."""
    return _is_one_of(error, UNSENT_ERRORS)


def _is_one_of(error: BaseException | None, names: Mapping[str, tuple[str, ...]]) -> bool:
    imported = ((sys.modules.get(name), kinds) for name, kinds in names.items())
    return any(
        isinstance(error, tuple(getattr(library, kind) for kind in kinds)) for library, kinds in imported if library
    )


class BaseHttpClient(Protocol):
    """The part that clients of httpx and httpx2 share."""

    @property
    def is_closed(self) -> bool:
        """True after the client was closed."""
        ...

    @property
    def params(self) -> Any:
        """The query parameters that the client adds."""
        ...

    @property
    def build_request(self) -> Any:
        """The function that makes a request."""
        ...


class HttpClient(BaseHttpClient, Protocol):
    """A blocking client of httpx or httpx2."""

    def send(self, request: Any, *, stream: bool = ..., auth: Any = ..., follow_redirects: Any = ...) -> Any:
        """Send a request."""
        ...

    def close(self) -> None:
        """Close the client."""
        ...


class AsyncHttpClient(BaseHttpClient, Protocol):
    """An asynchronous client of httpx or httpx2."""

    async def send(self, request: Any, *, stream: bool = ..., auth: Any = ..., follow_redirects: Any = ...) -> Any:
        """Send a request."""
        ...

    async def aclose(self) -> None:
        """Close the client."""
        ...


class HttpTransport(Protocol):
    """A blocking transport of httpx or httpx2."""

    def handle_request(self, request: Any) -> Any:
        """Send a request."""
        ...

    def close(self) -> None:
        """Close the transport."""
        ...


class AsyncHttpTransport(Protocol):
    """An asynchronous transport of httpx or httpx2."""

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request."""
        ...

    async def aclose(self) -> None:
        """Close the transport."""
        ...
