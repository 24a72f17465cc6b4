"""The values that the steps of the endpoint pass to each other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from attrs import field, frozen

RETRY_AFTER_SECONDS = 2
"""The time after which a client may repeat a request, when the store cannot be used."""


@frozen
class ServerRequest:
    """A request, with its path still percent-encoded: an encoded slash does not end a segment."""

    method: str
    path: bytes
    query: bytes = b""
    # Not in the repr, because it contains the key.
    headers: Sequence[tuple[bytes, bytes]] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False, kw_only=True)
    client: str = field(default="", kw_only=True)

    def header(self, name: str) -> list[str]:
        """Return every value of a header, in the order of the request."""
        wanted = name.lower().encode("latin-1")
        return [value.decode("latin-1") for key, value in self.headers if key.lower() == wanted]


class Wire(Protocol):
    """The connection, as the writer of a response sees it."""

    closed: asyncio.Event
    """Set when either side has closed the connection."""

    def write(self, data: bytes) -> None:
        """Send bytes, unless the connection is closed."""

    async def drain(self) -> None:
        """Wait until the client has read most of what was sent."""

    def close(self) -> None:
        """Close the connection after what was written is sent."""

    def reset(self) -> None:
        """Abort the connection, so that the client receives a reset."""


@frozen
class ListQuery:
    """The query parameters after validation."""

    limit: int
    order: str
    after: str | None = None
    before: str | None = None
    others: dict[str, Any] = field(factory=dict[str, Any], eq=False)
    """The values of the other parameters of the document, which this server validates and does not use."""


@frozen(order=True)
class Position:
    """The position of a run in its thread: by ``created_at``, then by id."""

    created_at: int
    id: str


class StoredRun(msgspec.Struct, frozen=True, gc=False):
    """A run in the store: its id and its original JSON text.

    A page has up to a hundred of them; other classes take much longer to create.
    """

    id: str
    text: bytes

    def value(self) -> dict[str, Any]:
        """Return the parsed run."""
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed


@frozen
class StoredPage:
    """The runs of one page, in the requested order."""

    runs: list[StoredRun]
    has_more: bool


@frozen
class ServerResponse:
    """A response with its own headers, without those that all responses have."""

    status: int
    body: bytes
    headers: dict[str, str] = field(factory=lambda: {"content-type": "application/json"})


class HTTPError(Exception):
    """An error in the form of the API.

    Args:
        status: The HTTP status.
        message: The message for people.
        type: The category of the error.
        param: The invalid parameter, if any.
        code: The identifier of the error for programs, if any.
        headers: The headers of this error.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.detail: dict[str, Any] = {"message": message, "type": type, "param": param, "code": code}
        self.headers = headers or {}


def internal_error() -> HTTPError:
    """Return the error for an unexpected failure of the server."""
    return HTTPError(500, "The server had an error while processing your request.", type="server_error")


def unavailable() -> HTTPError:
    """Return the error for a store that cannot be used now."""
    return HTTPError(
        503,
        "The server cannot read its store of runs now; try again later.",
        type="server_error",
        headers={"retry-after": str(RETRY_AFTER_SECONDS)},
    )
