"""The exceptions: one class for each case that a caller handles differently.

    ThreadrunsError
    ├── ArgumentError                   the call is wrong: a key, a URL, an option, an id
    ├── ClientClosedError               the client was used after ``close``
    ├── PagingError                     no next page: cursors form a loop, or the page is empty or the last one
    └── APIError                        a request failed
        ├── APIConnectionError          no complete response arrived
        │   └── APITimeoutError         ... within the timeout
        ├── APIResponseValidationError  the response breaks the contract (also a DecodeError)
        └── APIStatusError              the server sent an error status
            ├── BadRequestError             400
            ├── AuthenticationError         401
            ├── PermissionDeniedError       403
            ├── NotFoundError               404
            ├── ConflictError               409
            ├── UnprocessableEntityError    422
            ├── RateLimitError              429
            └── InternalServerError         500 and above

The names are those of the official SDK where it has one. Every class pickles; no message, attribute or traceback frame
of an exception shows the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from threadruns._error_body import read_error_body
from threadruns._text import excerpt, printable
from threadruns._wire import DecodeError

if TYPE_CHECKING:
    import httpx

    from threadruns._response import RawResponse


class Attempt(NamedTuple):
    """One failed attempt of a call."""

    outcome: str
    """The outcome, such as ``"503"`` or ``"timeout"``."""

    seconds: float
    """The time it took, in seconds."""

    waited: float | None
    """Seconds until the next attempt; None after the last one."""


class ThreadrunsError(Exception):
    """The base class of the exceptions of this package."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (type(self), self.args, vars(self))


def _revive(kind: type[ThreadrunsError], args: tuple[Any, ...], state: dict[str, Any]) -> ThreadrunsError:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(state)
    return error


class ArgumentError(ThreadrunsError, ValueError):
    """The call is wrong and was not sent: correct the key, URL, option or id that the message names."""


class ClientClosedError(ThreadrunsError, RuntimeError):
    """The client was used after ``close``: make a new one."""


class PagingError(ThreadrunsError):
    """The next page cannot be requested.

    The server's cursors form a loop, an empty page says that more follow, or ``get_next_page`` was called on the last
    page. An iteration has yielded all items up to that point.
    """

    cursor: str | None
    """The repeated cursor; None unless the cursors form a loop."""

    def __init__(self, message: str, *, cursor: str | None = None) -> None:
        super().__init__(message)
        self.cursor = cursor


class APIError(ThreadrunsError):
    """A request failed."""

    call: str
    """The method and path of the request."""

    attempts: tuple[Attempt, ...]
    """The attempts, in order."""

    raw_response: RawResponse | None
    """The response as received, without the key; None if none arrived."""

    def __init__(self, problem: str, *, call: str, response: RawResponse | None = None) -> None:
        # Not super(): in APIResponseValidationError the next class is DecodeError, which takes other arguments.
        Exception.__init__(self, problem)
        self.call = call
        self.raw_response = response
        self.attempts = ()

    def __str__(self) -> str:
        notes = [f"request id {self.request_id}"] if self.request_id else []
        if len(self.attempts) > 1:
            spent = sum(attempt.seconds + (attempt.waited or 0) for attempt in self.attempts)
            tried = ", ".join(attempt.outcome for attempt in self.attempts)
            notes.append(f"{len(self.attempts)} attempts in {spent:.1f} s: {tried}")
        # The message may quote the server, and errors are printed to terminals.
        return printable(f"{self.call}: {self.args[0]}" + (f" ({'; '.join(notes)})" if notes else ""))

    def add_sentence(self, sentence: str) -> None:
        """Append a sentence to the message."""
        self.args = (f"{self.args[0]} {sentence}",)

    @property
    def request_id(self) -> str | None:
        """The server's id of the request, to quote in a bug report."""
        return self.header("x-request-id")

    def header(self, name: str) -> str | None:
        """Return a header of the response, ignoring the case of its name; None if it is absent."""
        return self.raw_response.header(name) if self.raw_response else None

    @property
    def response(self) -> httpx.Response | None:
        """The response as an ``httpx.Response`` with its body read; None if none arrived."""
        return self.raw_response.httpx_response if self.raw_response else None


class APIConnectionError(APIError):
    """No response arrived, or only part of one. The same call may succeed later."""


class APITimeoutError(APIConnectionError):
    """The response did not arrive within ``timeout``, or the call did not finish within ``deadline``."""


class APIResponseValidationError(APIError, DecodeError):
    """The body of a response breaks the contract, is too large, or cannot be decompressed.

    ``path`` and ``problem`` name the first invalid field. If only some items of a page are invalid, ``items`` holds the
    decoded ones and ``skipped`` the others.
    """

    items: list[Any]
    """The decoded items of the page; empty if the page as a whole is invalid."""

    skipped: list[Skipped]
    """The invalid items of the page."""

    def __init__(
        self,
        problem: str,
        *,
        call: str,
        response: RawResponse | None,
        path: tuple[str | int, ...] = (),
        field: str = "",
    ) -> None:
        APIError.__init__(self, problem, call=call, response=response)
        self.path = path
        self.problem = field or problem
        self.items = []
        self.skipped = []

    @property
    def status_code(self) -> int | None:
        """The HTTP status."""
        return self.raw_response.status if self.raw_response else None


class Skipped(NamedTuple):
    """An item of a page that could not be decoded."""

    path: tuple[str | int, ...]
    """The path to the invalid field, within the page."""

    problem: str
    """The problem with the field."""

    raw: Any
    """The item as received, parsed as JSON."""


class Kept(NamedTuple):
    """An invalid value of a page, kept as it was received."""

    page: int
    """The number of the page in its list, from 1."""

    item: str | None
    """The id of the item; None if the value is not in an item, or the item has no id."""

    path: tuple[str | int, ...]
    """The path to the value, within the page."""

    problem: str
    """The problem with the value, with what was expected."""

    value: Any
    """The value as received; ``UNSET`` if a required key is missing."""


class APIStatusError(APIError):
    """The server sent an error status."""

    status_code: int
    """The HTTP status."""

    code: str | None
    """The error code, such as ``invalid_api_key``; None if the server sent none."""

    param: str | None
    """The invalid parameter; None if the server named none."""

    type: str | None
    """The error type, such as ``invalid_request_error``; None if the server sent none."""

    body: Any
    """The body parsed as JSON, or its text if it is not JSON."""

    def __init__(self, problem: str, *, call: str, response: RawResponse) -> None:
        super().__init__(problem, call=call, response=response)
        self.status_code = response.status
        self.body = response.json
        fields = read_error_body(self.body)
        self.code, self.param, self.type = fields.code, fields.param, fields.type


class BadRequestError(APIStatusError):
    """The server refused the request; ``param`` names the invalid parameter, if one is at fault."""


class AuthenticationError(APIStatusError):
    """The server did not accept the key."""


class PermissionDeniedError(APIStatusError):
    """The key may not access this resource."""


class NotFoundError(APIStatusError):
    """The thread does not exist, or the cursor names no run in it."""


class ConflictError(APIStatusError):
    """The request conflicts with another one."""


class UnprocessableEntityError(APIStatusError):
    """The server understood the request and cannot process it."""


class RateLimitError(APIStatusError):
    """Too many requests; wait before the next one."""


class InternalServerError(APIStatusError):
    """The server failed; the same request may succeed later."""


_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}


def status_error(response: RawResponse, *, call: str, hint: str = "") -> APIStatusError:
    """Return the exception for an error status.

    Args:
        response: The response.
        call: The method and path of the request.
        hint: A sentence to append to the server's message.
    """
    kind = _BY_STATUS.get(response.status) or (InternalServerError if response.status >= 500 else APIStatusError)
    body = response.json
    message = read_error_body(body).message
    reason = excerpt(message, markup=isinstance(body, str)) if message else "the server gave no reason."
    return kind(f"{_title(response.status)}: {reason}{hint}", call=call, response=response)


def _title(status: int) -> str:
    from http import HTTPStatus

    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
