"""The exception tree: one class for each thing that a caller would do differently.

    ThreadrunsError
    ├── ArgumentError                   the call itself is wrong: a key, a URL, an option, an id
    ├── ClientClosedError               the client was used after ``close``
    ├── PagingError                     the server's cursors lead nowhere: a loop, or an empty page that promises more
    └── APIError                        an exchange with the server failed
        ├── APIConnectionError          no answer came, or not all of it
        │   └── APITimeoutError         ... in time
        ├── APIResponseValidationError  the answer is not what the contract says (also a DecodeError)
        └── APIStatusError              the server answered with an error
            ├── BadRequestError             400
            ├── AuthenticationError         401
            ├── PermissionDeniedError       403
            ├── NotFoundError               404
            ├── ConflictError               409
            ├── UnprocessableEntityError    422
            ├── RateLimitError              429
            └── InternalServerError         500 and above

The names are those of the official SDK where it has one. Every class pickles; no message, attribute or local variable
of this package ever holds the key.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from threadruns._json import is_object
from threadruns._wire import DecodeError

if TYPE_CHECKING:
    import httpx

    from threadruns._transport import Answer

MAX_EXCERPT = 200
"""Characters of a body that a message quotes at most."""


class Attempt(NamedTuple):
    """One attempt of a call that failed."""

    outcome: str
    """What came of it, such as ``"503"`` or ``"timeout"``."""

    seconds: float
    """How long it took."""

    waited: float | None
    """Seconds until the next attempt; None after the last one."""


class ThreadrunsError(Exception):
    """Everything that this package raises."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (type(self), self.args, vars(self))


def _revive(kind: type[ThreadrunsError], args: tuple[Any, ...], state: dict[str, Any]) -> ThreadrunsError:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(state)
    return error


class ArgumentError(ThreadrunsError, ValueError):
    """The call is wrong as it stands and was not sent: mend the key, URL, option or id that the message names."""


class ClientClosedError(ThreadrunsError, RuntimeError):
    """The client was used after ``close``: make a new one."""


class PagingError(ThreadrunsError):
    """The server's cursors lead nowhere, so the walk stops. All runs before that point were yielded."""

    cursor: str | None
    """The cursor that came again; None if the server gave none."""

    def __init__(self, message: str, *, cursor: str | None = None) -> None:
        super().__init__(message)
        self.cursor = cursor


class APIError(ThreadrunsError):
    """An exchange with the server failed."""

    call: str
    """The method and path that were asked for."""

    attempts: tuple[Attempt, ...]
    """What was tried, in order."""

    answer: Answer | None
    """What came back, as it was received; None if nothing did."""

    def __init__(self, problem: str, *, call: str, answer: Answer | None = None) -> None:
        # Not super(): next in line may be DecodeError, which takes other arguments.
        Exception.__init__(self, problem)
        self.call = call
        self.answer = answer
        self.attempts = ()

    def __str__(self) -> str:
        notes = [f"request id {self.request_id}"] if self.request_id else []
        if len(self.attempts) > 1:
            spent = sum(attempt.seconds + (attempt.waited or 0) for attempt in self.attempts)
            tried = ", ".join(attempt.outcome for attempt in self.attempts)
            notes.append(f"{len(self.attempts)} attempts in {spent:.1f} s: {tried}")
        return f"{self.call}: {self.args[0]}" + (f" ({'; '.join(notes)})" if notes else "")

    def add(self, sentence: str) -> None:
        """Say one thing more."""
        self.args = (f"{self.args[0]} {sentence}",)

    @property
    def request_id(self) -> str | None:
        """The server's name for the exchange, to quote when reporting a fault."""
        return self.header("x-request-id")

    def header(self, name: str) -> str | None:
        """Return a header of the answer, whatever the case of its name; None if it is not there."""
        return self.answer.header(name) if self.answer else None

    @property
    def response(self) -> httpx.Response | None:
        """The answer as an ``httpx.Response``, its body read; None if no answer came."""
        return self.answer.response if self.answer else None


class APIConnectionError(APIError):
    """No answer came, or it broke off. The same call may succeed later."""


class APITimeoutError(APIConnectionError):
    """The answer did not come within ``timeout``, or the whole call not within ``deadline``."""


class APIResponseValidationError(APIError, DecodeError):
    """The server answered 200 with something that is not what the contract says.

    ``path`` and ``problem`` name the first field at fault. For a page of which only some items are at fault, ``items``
    holds those that could be decoded and ``skipped`` the others.
    """

    items: list[Any]
    """The items of the page that could be decoded; empty if the page as a whole is at fault."""

    skipped: list[Skipped]
    """The items of the page that could not be decoded."""

    def __init__(
        self, problem: str, *, call: str, answer: Answer | None, path: tuple[str | int, ...] = (), field: str = ""
    ) -> None:
        APIError.__init__(self, problem, call=call, answer=answer)
        self.path = path
        self.problem = field or problem
        self.items = []
        self.skipped = []

    @property
    def status_code(self) -> int | None:
        """The status of the answer."""
        return self.answer.status if self.answer else None


class Skipped(NamedTuple):
    """An item of a page that could not be decoded."""

    path: tuple[str | int, ...]
    """The way to the field at fault, within the page."""

    problem: str
    """What is wrong with the field."""

    raw: Any
    """The item as it came, parsed as JSON."""


class APIStatusError(APIError):
    """The server answered with an error."""

    status_code: int
    """The HTTP status."""

    code: str | None
    """The fault as a word for programs, such as ``invalid_api_key``; None if the server gave none."""

    param: str | None
    """The parameter at fault; None if the server named none."""

    type: str | None
    """The family of the fault, such as ``invalid_request_error``; None if the server gave none."""

    body: Any
    """The body, parsed as JSON; its text if it is not JSON."""

    def __init__(self, problem: str, *, call: str, answer: Answer) -> None:
        super().__init__(problem, call=call, answer=answer)
        self.status_code = answer.status
        self.body = answer.parsed
        detail = _detail(self.body)
        self.code = _text(detail.get("code"))
        self.param = _text(detail.get("param"))
        self.type = _text(detail.get("type"))


class BadRequestError(APIStatusError):
    """The server refuses the request as it stands; ``param`` names what is wrong, if it is a parameter."""


class AuthenticationError(APIStatusError):
    """The server does not know the key."""


class PermissionDeniedError(APIStatusError):
    """The server knows the key, and what was asked for is not open to it."""


class NotFoundError(APIStatusError):
    """There is no such thread, or no such run in it to start from."""


class ConflictError(APIStatusError):
    """The request is in conflict with another one."""


class UnprocessableEntityError(APIStatusError):
    """The server understands the request and cannot carry it out."""


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


def status_error(answer: Answer, *, call: str, hint: str = "") -> APIStatusError:
    """Return the error of the class that fits the status of an answer.

    Args:
        answer: The answer.
        call: The method and path that were asked for.
        hint: What else to say, after the server's own words.
    """
    kind = _BY_STATUS.get(answer.status) or (InternalServerError if answer.status >= 500 else APIStatusError)
    return kind(f"{_title(answer.status)}: {_message(answer)}{hint}", call=call, answer=answer)


def excerpt(text: str, *, markup: bool) -> str:
    """Return the beginning of a text of unknown length, on one line.

    Args:
        text: The text.
        markup: Whether it may be HTML, of which only the words are wanted.
    """
    plain = text[:20_000]
    if markup:
        plain = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", plain, flags=re.S | re.I)
    plain = " ".join(plain.split())
    return plain if len(plain) <= MAX_EXCERPT else f"{plain[:MAX_EXCERPT]}..."


def _title(status: int) -> str:
    from http import HTTPStatus

    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _detail(body: Any) -> dict[str, Any]:
    # {"error": {"message", ...}} is the contract; gateways leave out the wrapper or send a string.
    inner = body.get("error", body) if is_object(body) else body
    return inner if is_object(inner) else {"message": inner}


def _message(answer: Answer) -> str:
    body = answer.parsed
    message = _detail(body).get("message")
    if isinstance(message, str) and message.strip():
        return excerpt(message, markup=isinstance(body, str))
    return "the server gave no reason."


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
