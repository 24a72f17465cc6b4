"""Errors about bodies of successful responses that break the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from threadruns._error_body import read_error_body
from threadruns._errors import APIResponseValidationError
from threadruns._json import is_array, is_object
from threadruns._text import excerpt, printable

if TYPE_CHECKING:
    from threadruns._http.call import Call
    from threadruns._response import RawResponse


def body_error(
    call: Call[Any], response: RawResponse, path: tuple[str | int, ...], problem: str, *, hint: str
) -> APIResponseValidationError:
    """Return the error for a body that cannot be decoded.

    Args:
        call: The call.
        response: Its response.
        path: The path to the first invalid value.
        problem: The problem with it.
        hint: The next step, as the end of the sentence, if the body is JSON.
    """
    if message := _error_message(response):
        return validation_error(call, response, f"its body is an error: {message}")
    if not problem.startswith("not JSON"):
        return validation_error(call, response, f"{format_path(path) or 'body'}: {problem}{hint}.", path, problem)
    kind = response.header("content-type") or "none"
    begins = excerpt(response.redacted().body[:20_000].decode("utf-8", "replace"), markup=True)
    where = f" at {format_path(path)}" if path else ""
    what = f" ({problem.removeprefix('not JSON: ')}{where})" if path else ""
    return validation_error(
        call, response, f"the body is not JSON{what} (content type {kind[:80]!r}); it begins with {begins!r}.", path
    )


def _error_message(response: RawResponse) -> str | None:
    """Return the message if the body is an error sent with a success status, as some gateways do; otherwise None.

    The text may hold the key, so it is read from the redacted response.
    """
    body = response.redacted().json
    if not is_object(body) or is_array(body.get("data")):
        return None
    message = read_error_body(body).message
    return excerpt(message, markup=False) if message else None


def validation_error(
    call: Call[Any], response: RawResponse, problem: str, path: tuple[str | int, ...] = (), field: str = ""
) -> APIResponseValidationError:
    """Return the error for a successful response that breaks the contract.

    Args:
        call: The call.
        response: Its response.
        problem: The problem, as the end of a sentence.
        path: The path to the first invalid value.
        field: The problem with this value.
    """
    message = f"the server answered {response.status}, but {problem}"
    return APIResponseValidationError(message, call=str(call), response=response.redacted(), path=path, field=field)


def format_path(path: tuple[str | int, ...]) -> str:
    """Return the path to a value as text, such as ``data[3].status``."""
    return printable("".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip("."))
