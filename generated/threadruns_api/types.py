# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
"""What the generated modules share: absent values, decode errors, requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, Literal, Protocol, Self, TypedDict, TypeVar, final
from urllib.parse import quote

import orjson
from attrs import frozen

T = TypeVar("T")
M_co = TypeVar("M_co", bound="Model", covariant=True)


@final
class Unset:
    """The type of `UNSET`: a key that is absent, which is not the same as null. False in a condition."""

    __slots__ = ()
    _instance: Unset | None = None

    def __new__(cls) -> Unset:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> tuple[type[Unset], tuple[()]]:
        return Unset, ()


UNSET: Final = Unset()
"""Stands for a key that is absent."""


class DecodeError(ValueError):
    """A body that does not have the shape that the document gives it.

    Attributes:
        path: Where in the body, as keys and indexes from the outside in.
        problem: What is wrong there, as the end of a sentence.
    """

    def __init__(self, problem: str, *path: str | int) -> None:
        super().__init__(problem, *path)
        self.problem = problem
        self.path: tuple[str | int, ...] = path

    def within(self, key: str | int) -> Self:
        """Put a key or an index in front of the path, as the error leaves what holds it."""
        self.path = (key, *self.path)
        self.args = (self.problem, *self.path)
        return self

    def __str__(self) -> str:
        where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).lstrip(".")
        return f"{where or 'body'}: {self.problem}"


def wrong(value: Any, expected: str, *path: str | int) -> DecodeError:
    """Say that a value is not what was expected; a long value is cut."""
    if value is UNSET:
        return DecodeError("missing", *path)
    if isinstance(value, dict | list):
        return DecodeError(f"expected {expected}, got {'an object' if isinstance(value, dict) else 'an array'}", *path)
    shown = {None: "null", True: "true", False: "false"}.get(value) if value is None or type(value) is bool else None
    shown = shown or repr(value)
    return DecodeError(f"expected {expected}, got {shown if len(shown) <= 80 else shown[:77] + '...'}", *path)


def integer(value: Any, *path: str | int) -> int:
    """Return a whole number that was sent with a fraction of zero, as JSON Schema counts it among the integers.

    Raises:
        DecodeError: The value is anything else.
    """
    if type(value) is float and value.is_integer():
        return int(value)
    raise wrong(value, "an integer", *path)


def parse_json(content: bytes | str) -> Any:
    """Parse JSON text.

    Raises:
        DecodeError: It is not JSON, or nested too deeply.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise DecodeError(f"not JSON: {error}") from None


def as_dict(source: Any) -> dict[str, Any]:
    """Return a mapping as a dict, itself if it is one.

    Raises:
        DecodeError: It is no mapping.
    """
    if type(source) is dict:
        return source  # pyright: ignore[reportUnknownVariableType]
    if isinstance(source, Mapping):
        return dict(source)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    raise wrong(source, "an object")


def decode_list(values: Any, decode: Callable[[Any], T]) -> list[T]:
    """Decode the items of an array.

    Raises:
        DecodeError: It is no array, or an item does not decode; the path says which.
    """
    if type(values) is not list:
        raise wrong(values, "an array")
    decoded: list[T] = []
    try:
        decoded.extend(map(decode, values))  # pyright: ignore[reportUnknownArgumentType]
    except DecodeError as error:
        raise error.within(len(decoded)) from None
    return decoded


def decode_first(value: Any, decoders: tuple[Callable[[Any], Any], ...]) -> Any:
    """Decode with the first decoder that takes the value; keep it whole if none does."""
    for decode in decoders:
        try:
            return decode(value)
        except DecodeError:
            continue
    return UnknownVariant(as_dict(value))


def unknown_fields(source: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Return the fields of an object that the document does not know."""
    return {key: value for key, value in source.items() if key not in known}


def same_fields(fields: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what unknown fields are compared by: having none is the same as having an empty dict of them."""
    return fields or None


def encode(value: Any) -> Any:
    """Return a value as JSON has it: models as dicts, in lists too."""
    if type(value) is list:
        return [encode(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    to_dict = getattr(value, "to_dict", None)  # pyright: ignore[reportUnknownArgumentType]
    return value if to_dict is None else to_dict()  # pyright: ignore[reportUnknownVariableType]


class UnknownVariant(dict[str, Any]):
    """An object of a union whose variant the document does not know, kept whole."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as a plain dict."""
        return dict(self)


class Model(Protocol):
    """What every generated model can do."""

    @classmethod
    def from_dict(cls, source: Mapping[str, Any], /) -> Self: ...

    @classmethod
    def from_json(cls, content: bytes | str, /) -> Self: ...

    def to_dict(self) -> dict[str, Any]: ...


class CallOptions(TypedDict, total=False):
    """What a caller may say of one call, beside the parameters of the operation."""


QueryValue = str | list[str]


@frozen
class Request(Generic[M_co]):
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
    model: type[M_co]
    responses: tuple[tuple[int, int, type[Model]], ...]
    options: CallOptions
    json: Any = None

    def parse(self, status_code: int, content: bytes) -> Model | None:
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
                return model.from_json(content)
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
