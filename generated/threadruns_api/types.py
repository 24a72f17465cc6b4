# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""Types and functions of all operations: options, requests, and the encoding of parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Generic, Literal, TypedDict, TypeVar
from urllib.parse import quote

from attrs import frozen

from .errors import DecodeError as DecodeError
from .reading import read
from .values import UNSET as UNSET
from .values import UnknownVariant as UnknownVariant
from .values import Unset as Unset
from .values import Variants as Variants
from .values import encode as encode

T_co = TypeVar("T_co", covariant=True)


class CallOptions(TypedDict, total=False):
    """Options of a call, in addition to the parameters of the operation."""

    timeout: float | None
    """Time limit of one attempt in seconds, from connecting to the last byte; None for no limit. Default: 60."""
    deadline: float | None
    """Time limit of the whole call in seconds: all attempts, waits and pages; None for no limit. Default: None."""
    max_retries: int
    """Maximum number of retries for each page. Default: 2."""
    max_retry_after: float
    """Maximum wait for Retry-After in seconds; if the server asks for more, its error is raised. Default: 60."""
    extra_headers: Mapping[str, str]
    """Headers to send in addition to those of the client; they replace headers with the same name."""
    extra_query: Mapping[str, str]
    """Query parameters to send in addition to those of the operation; they replace parameters with the same name."""
    max_body_bytes: int
    """Maximum size of a decompressed response body, in bytes. Default: 64 MiB."""
    max_items: int | None
    """Maximum number of items that an iteration yields, on all pages; None for all. Default: None."""
    prefetch: bool
    """True to request the next page while the caller processes the current one. Default: False."""
    concurrency: int
    """Number of lists that ``many`` requests at a time. Default: 16."""
    idempotent: bool | None
    """True to retry the request like a GET; False to retry it only if the server did not process it; None to decide by
    the method, of which POST and PATCH are not idempotent. Default: None."""
    invalid: Literal["raise", "skip", "keep"]
    """Handling of an item that cannot be decoded: "raise" raises an error that holds the other items of the page;
    "skip" leaves the item out; "keep" keeps invalid values as they were received, and UNSET for missing keys. The page lists
    skipped items and kept values. Default: "raise"."""


QueryValue = str | list[str]

DELIMITERS: Final = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
"""The characters between the values of a list that is one query parameter, by style."""


@frozen
class Request(Generic[T_co]):
    """A request that is built and not sent yet.

    Attributes:
        method: The HTTP method.
        path: The path below the base URL, without a leading slash, with quoted parameters.
        params: The query parameters that were given.
        headers: The headers that are constant in the document, and those that were given.
        model: The type that the body of a successful response decodes to.
        responses: The types that bodies decode to, each with the lowest and the highest status code.
        options: The caller's options for this call.
        content: The body to send; None for no body.
    """

    method: str
    path: str
    params: dict[str, QueryValue]
    headers: dict[str, str]
    model: Any
    responses: tuple[tuple[int, int, Any], ...]
    options: CallOptions
    content: bytes | None = None

    def parse(self, status_code: int, content: bytes) -> Any:
        """Decode the body of a response as the document describes it for that status code.

        Args:
            status_code: The status code; any integer is allowed.
            content: The body.

        Returns:
            The model; None if the document describes no body for the status code.

        Raises:
            DecodeError: The body does not match the document.
        """
        for low, high, model in self.responses:
            if low <= status_code <= high:
                return None if model is None else read(content, model)
        return None


def path_segment(name: str, value: str) -> str:
    """Quote a path parameter so that it remains one path segment.

    Args:
        name: The name of the parameter, for the error.
        value: Its value.

    Raises:
        ValueError: The value is empty, a dot segment, has a slash or a control character, or is not valid Unicode.
    """
    if type(value) is not str or value in ("", ".", "..") or any(c in "/\\" or c < " " or c == "\x7f" for c in value):
        raise ValueError(
            f"{name} must be one path segment: not empty, not '.' or '..', without slashes and control characters; "
            f"got {value!r:.80}"
        )
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise ValueError(f"{name} must be valid Unicode; got {value!r:.80}") from None


def path_segments(name: str, value: Any) -> str:
    """Quote a path parameter that is not a text: a number, a boolean, or a list, whose values are joined by commas.

    Raises:
        ValueError: The value, or one in the list, cannot be a path segment.
    """
    values: list[Any] = value if isinstance(value, list) and value else [value]
    return ",".join(path_segment(name, simple_text(each)) for each in values)


def simple_text(value: Any, *, explode: bool = False) -> str:
    """Return the value of a header or path parameter as text, in the style ``simple`` of OpenAPI.

    Args:
        value: A text, a number, a boolean, a list or an object of them.
        explode: Join the keys and values of an object by an equals sign.

    Raises:
        ValueError: The value cannot be sent so.
    """
    value = encode(value)
    if isinstance(value, dict):
        sign = "=" if explode else ","
        return ",".join(f"{key}{sign}{simple_text(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ",".join(simple_text(each) for each in value)
    if value is None:
        raise ValueError("null cannot be sent in a parameter; leave the parameter out")
    return str(value).lower() if type(value) is bool else str(value)


def query_values(name: str, value: Any, style: str, *, explode: bool) -> dict[str, QueryValue]:
    """Return the query parameters that a list or an object is sent as.

    Args:
        name: The name of the parameter.
        value: The value.
        style: The style of the document, such as ``deepObject``.
        explode: Send each value of a list, or each key of an object, as a parameter of its own.

    Raises:
        ValueError: The value cannot be sent so.
    """
    value = encode(value)
    if isinstance(value, dict) and style == "deepObject":
        return {f"{name}[{key}]": query_value(each) for key, each in value.items()}
    if isinstance(value, dict) and explode:
        return {key: query_value(each) for key, each in value.items()}
    if isinstance(value, list) and not explode:
        return {name: DELIMITERS[style].join(simple_text(each) for each in value)}
    return {name: simple_text(value) if isinstance(value, dict) else query_value(value)}


def query_value(value: Any) -> QueryValue:
    """Return a query parameter as text: true and false in lower case, a list as a list of texts."""
    if isinstance(value, list):
        return [str(query_value(item)) for item in value]
    return str(value).lower() if type(value) is bool else str(value)


def json_text(value: Any) -> str:
    """Return the value of a parameter as JSON text.

    Raises:
        ValueError: The value has a part that JSON has no form for.
    """
    return json_content(value).decode()


def json_content(body: Any) -> bytes:
    """Return the body of a request as JSON text in UTF-8.

    Raises:
        ValueError: The body has a value that JSON has no form for.
    """
    try:
        return json.dumps(encode(body), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"The body cannot be sent as JSON: {error}") from None
