"""What passes between the steps of one exchange: plain values, with no I/O behind them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from attrs import field, frozen


@frozen
class ServerRequest:
    """A request as it came: the target is still percent-encoded, so that an encoded slash stays inside its segment."""

    method: str
    path: bytes
    query: bytes = b""
    # Not in the repr, because the key is in it.
    headers: Sequence[tuple[bytes, bytes]] = field(default=(), repr=False)

    def header(self, name: str) -> list[str]:
        """Return every value of the header of this name, in the order of arrival."""
        wanted = name.lower().encode("latin-1")
        return [value.decode("latin-1") for key, value in self.headers if key.lower() == wanted]


@frozen
class ListQuery:
    """The query parameters after they were checked."""

    limit: int
    order: str
    after: str | None = None
    before: str | None = None


@frozen(order=True)
class Position:
    """The place of a run in its thread: runs are ordered by time, and runs of one second by id."""

    created_at: int
    id: str


class StoredRun(NamedTuple):
    """A run as the store keeps it: its id, and its JSON text as it was given."""

    id: str
    text: bytes

    def value(self) -> dict[str, Any]:
        """Return the run, parsed."""
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed


@frozen
class StoredPage:
    """The runs of one page in the requested order."""

    runs: list[StoredRun]
    has_more: bool


@frozen
class ServerResponse:
    """A response before it is sent. ``headers`` holds what is particular to it; the driver adds what all have."""

    status: int
    body: bytes
    headers: dict[str, str] = field(factory=lambda: {"content-type": "application/json"})


class HTTPError(Exception):
    """A request is answered with an error.

    Args:
        status: The HTTP status.
        message: The fault in words, for people.
        type: The family of the fault.
        param: The parameter at fault, if it is one.
        code: The fault as a word for programs, if it has one.
        headers: Headers that belong to this error.
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
    """Return what a request is answered with when the server itself has failed."""
    return HTTPError(500, "The server had an error while processing your request.", type="server_error")
