# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
"""What the operations share: options, requests, and how parameters are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypedDict, TypeVar
from urllib.parse import quote

from attrs import frozen

from .errors import DecodeError as DecodeError
from .reading import read
from .values import UNSET as UNSET
from .values import UnknownVariant as UnknownVariant
from .values import Unset as Unset
from .values import encode as encode

T_co = TypeVar("T_co", covariant=True)


class CallOptions(TypedDict, total=False):
    """What a caller may say of one call, beside the parameters of the operation."""

    timeout: float | None
    """Seconds that one attempt may take, from connecting to the last byte; None for no bound. 60 unless set."""
    deadline: float | None
    """Seconds that the whole call may take: every attempt, wait and page of it. None, no bound, unless set."""
    max_retries: int
    """How often a failed attempt is repeated at most, for each page. 2 unless set."""
    max_retry_after: float
    """Seconds of Retry-After that are waited for at most; a server that asks for more gets its error raised at once.
    60 unless set."""
    extra_headers: Mapping[str, str]
    """Headers to send besides the client's own."""
    extra_query: Mapping[str, str]
    """Query parameters to send besides the operation's own."""
    max_body_bytes: int
    """Bytes that the body of an answer may have once decompressed. 64 MiB unless set."""
    max_items: int | None
    """Stop iterating after so many items. None, all of them, unless set."""
    prefetch: bool
    """Ask for the next page while the caller works on this one. False unless set."""
    concurrency: int
    """How many lists are walked side by side where many are asked for. 16 unless set."""
    invalid: Literal["raise", "skip", "keep"]
    """What to do with an item that cannot be decoded: raise, with the page's other items attached; skip it; or keep it,
    with values of another type as they came and UNSET for missing keys. What is skipped or kept so is listed on its
    page. "raise" unless set."""


QueryValue = str | list[str]


@frozen
class Request(Generic[T_co]):
    """A request, built but not sent.

    Attributes:
        method: The HTTP method.
        path: The path below the base URL, without a slash in front; its parameters are quoted.
        params: The query parameters that were given.
        headers: The headers that the document fixes or that were given.
        model: What the body of a successful response decodes to.
        responses: What the body decodes to, by the lowest and the highest status code.
        options: What the caller said of this call.
        json: The body to send, None for none.
    """

    method: str
    path: str
    params: dict[str, QueryValue]
    headers: dict[str, str]
    model: type[T_co]
    responses: tuple[tuple[int, int, Any], ...]
    options: CallOptions
    json: Any = None

    def parse(self, status_code: int, content: bytes) -> Any:
        """Decode the body of a response as the document describes it for that status code.

        Args:
            status_code: Any integer, beyond the registered codes too.
            content: The body.

        Returns:
            The model, None if the document describes no body for that status code.

        Raises:
            DecodeError: The body has another shape.
        """
        for low, high, model in self.responses:
            if low <= status_code <= high:
                return read(content, model)
        return None


def path_segment(name: str, value: str) -> str:
    """Quote a path parameter so that it stays the one segment that it is.

    Args:
        name: The name of the parameter, for the error.
        value: Its value.

    Raises:
        ValueError: It is empty, a dot segment, or has a slash or a control character.
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


def query_value(value: Any) -> QueryValue:
    """Return a query parameter as text: true and false in lower case, a list as the same parameter many times."""
    if isinstance(value, list):
        return [str(query_value(item)) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return str(value).lower() if type(value) is bool else str(value)
