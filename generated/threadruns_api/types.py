# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
"""What the generated modules share: absent values, decode errors, requests."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypedDict, TypeVar
from urllib.parse import quote

from attrs import define, field, frozen
from msgspec import UNSET as UNSET
from msgspec import UnsetType

from .errors import DecodeError as DecodeError
from .structs import Codec

T_co = TypeVar("T_co", covariant=True)


Unset = UnsetType
"""The type of `UNSET`: a key that is absent, which is not the same as null. False in a condition."""

new: Final[Any] = object.__new__
"""Makes an instance without calling its initialiser: what was decoded needs no second look."""


def wrong(value: Any, expected: str, *path: str | int) -> DecodeError:
    """Say that a value is not what was expected; a long value is cut."""
    if value is UNSET:
        return DecodeError(path, "missing")
    if isinstance(value, dict | list):
        return DecodeError(path, f"expected {expected}, got {'an object' if isinstance(value, dict) else 'an array'}")
    shown = {"None": "null", "True": "true", "False": "false"}.get(repr(value), repr(value))
    return DecodeError(path, f"expected {expected}, got {shown if len(shown) <= 80 else shown[:77] + '...'}")


def integer(value: Any, *path: str | int) -> int:
    """Return a whole number that was sent with a fraction of zero, as JSON Schema counts it among the integers.

    Raises:
        DecodeError: The value is anything else.
    """
    if type(value) is float and value.is_integer():
        return int(value)
    raise wrong(value, "an integer", *path)


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


def decode_first(value: Any, decoders: tuple[Callable[[Any], Any], ...]) -> Any:
    """Decode with the first decoder that takes the value; keep it whole if none does."""
    for decode in decoders:
        try:
            return decode(value)
        except DecodeError:
            continue
    return UnknownVariant(as_dict(value))


def keep_variant(value: Any, tag: str) -> UnknownVariant:
    """Keep an object of a union whose tag the document does not know.

    Raises:
        DecodeError: It is no object, or its tag is no string.
    """
    source = as_dict(value)
    if type(source.get(tag, UNSET)) is not str:
        raise wrong(source.get(tag, UNSET), "a string", tag)
    return UnknownVariant(source)


def key_of(source: dict[str, Any], value: Any) -> str:
    """Return the key under which a very value stands, for an error."""
    return next(key for key, other in source.items() if other is value)


def unknown_fields(source: dict[str, Any], known: Collection[str]) -> dict[str, Any]:
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

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as a plain dict."""
        return dict(self)


class Model:
    """What every generated model can do."""

    __slots__ = ()
    _codec: ClassVar[Codec]

    @classmethod
    def from_dict(cls, source: Mapping[str, Any], /) -> Self:
        """Make one from parsed JSON. What the document does not know is kept.

        Raises:
            DecodeError: A required key is missing or a value has the wrong type.
        """
        decoded: Self = cls._codec.decode(as_dict(source), cls)
        return decoded

    @classmethod
    def from_json(cls, content: bytes | str, /) -> Self:
        """Make one from JSON text. What the document does not know is kept.

        Raises:
            DecodeError: It is not JSON, a required key is missing, or a value has the wrong type.
        """
        decoded: Self = cls._codec.from_json(content, cls)
        return decoded

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        raise NotImplementedError


@define(kw_only=True, weakref_slot=False)
class Object(Model):
    """A model with fields of its own."""

    # None as long as there is none, as hardly any object has one.
    _unknown: dict[str, Any] | None = field(default=None, init=False, repr=False, eq=same_fields)

    @property
    def additional_properties(self) -> dict[str, Any]:
        """The fields that the document does not know, by name."""
        if self._unknown is None:
            self._unknown = {}
        return self._unknown


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
    invalid: Literal["raise", "skip"]
    """What to do with an item that cannot be decoded: raise, with the page's other items attached, or skip and report
    it. "raise" unless set."""


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
