"""The bodies of errors, in the forms that servers and gateways send.

The contract has ``{"error": {"message", "type", "param", "code"}}``. Frameworks have their own: FastAPI sends
``{"detail": "..."}``, and a list of invalid parameters for 422; others send ``message``, ``errors`` or ``title``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from threadruns._json import is_array, is_object

MAX_MESSAGES = 3
"""The maximum number of messages that are joined if the server sends a list of them."""

MAX_DEPTH = 5
"""The maximum depth at which a message is looked for."""


class ErrorBody(NamedTuple):
    """The fields of an error body; None for each that the server did not send."""

    message: str | None
    code: str | None
    param: str | None
    type: str | None


def read_error_body(body: Any) -> ErrorBody:
    """Return the fields of an error body.

    Args:
        body: The body parsed as JSON, or its text if it is not JSON.
    """
    fields = body
    for key in ("error", "detail", "error"):
        if is_object(fields) and is_object(fields.get(key)):
            fields = fields[key]
    if not is_object(fields):
        fields = {}
    code, param, kind = (None if fields.get(key) is None else str(fields[key]) for key in ("code", "param", "type"))
    return ErrorBody(_message(body), code, param or _invalid_parameter(fields.get("detail")), kind)


def _message(value: Any, depth: int = MAX_DEPTH) -> str | None:
    if isinstance(value, str):
        return value if value.strip() else None
    if depth == 0:
        return None
    if is_array(value):
        messages = [message for each in value[: 10 * MAX_MESSAGES] if (message := _message(each, depth - 1))]
        more = "; ..." if len(messages) > MAX_MESSAGES else ""
        return "; ".join(messages[:MAX_MESSAGES]) + more or None
    if not is_object(value):
        return None
    message = value.get("msg")
    if isinstance(message, str) and message.strip():
        location = value.get("loc")
        return f"{'.'.join(map(str, location))}: {message}" if is_array(location) and location else message
    # A string in "error" is often only a title, and "message" has the explanation.
    keys = ("message", "detail", "errors", "error", "title", "reason")
    first = () if isinstance(value.get("error"), str) else ("error",)
    found = (_message(value.get(key), depth - 1) for key in ("error_description", *first, *keys))
    return next(filter(None, found), None)


def _invalid_parameter(detail: Any) -> str | None:
    # FastAPI: [{"loc": ["query", "limit"], "msg": "..."}]
    location = detail[0].get("loc") if is_array(detail) and detail and is_object(detail[0]) else None
    return str(location[-1]) if is_array(location) and len(location) > 1 else None
