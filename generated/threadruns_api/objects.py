# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""The base class of the models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Self, TypeVar

from msgspec import Struct
from msgspec.json import encode as encode_json

from . import reading
from .shapes import Constant, ModelType, prepare
from .tolerant import decode
from .values import UNSET, Unset, encode

T = TypeVar("T")

if TYPE_CHECKING:
    # Type checkers recognise an attrs class by its decorator, so they see this definition.
    from attrs import define as define
    from attrs import field

    @define(kw_only=True)
    class Base:
        """The base class of models as type checkers see it."""

        unknown_fields: dict[str, Any] | Unset = UNSET
        _unknown: dict[str, Any] = field(init=False)

        def __init_subclass__(cls, *, tag: str = "", rename: Mapping[str, str] = {}) -> None: ...

    def constant(value: T) -> T:
        """Return the value of a field that is constant in the document."""
        ...

else:
    constant = Constant

    def define(**_):
        """Return the model unchanged: its metaclass has described it to attrs already."""
        return lambda model: model

    class Store:
        """The slot of the unknown fields. It is not a field of the Struct, so that msgspec neither reads nor writes it."""

        __slots__ = ("_unknown",)

    # Not tracked by the garbage collector, as JSON has no cycles: this is faster, and saves 16 bytes per object.
    class Base(Store, Struct, metaclass=ModelType, forbid_unknown_fields=True, omit_defaults=True, gc=False):
        """The base class of models at run time."""

        @property
        def unknown_fields(self) -> dict[str, Any] | Unset:
            """The fields that the document does not name, by key; UNSET for an object without such fields."""
            return reading.unknown_fields(self) or UNSET


@define(kw_only=True)
class Object(Base):
    """A model."""

    @classmethod
    def from_dict(cls, source: Mapping[str, Any], /) -> Self:
        """Decode parsed JSON. Unknown fields, values and variants are kept.

        Raises:
            DecodeError: A required key is missing or a value has the wrong type.
        """
        prepare([cls])
        is_mapping = type(source) is not dict and isinstance(source, Mapping)  # pyright: ignore[reportUnnecessaryIsInstance]
        made: Self = decode(dict(source) if is_mapping else source, cls)
        return made

    @classmethod
    def from_json(cls, content: bytes | str, /) -> Self:
        """Decode JSON text. Unknown fields, values and variants are kept.

        Raises:
            DecodeError: It is not JSON, a required key is missing, or a value has the wrong type.
        """
        made: Self = reading.read(content, cls)
        return made

    def to_dict(self) -> dict[str, Any]:
        """Return the object as parsed JSON, with its unknown fields and without absent keys."""
        model: Any = type(self)
        result: dict[str, Any] = {}
        for name, key in model.keys.items():
            value = getattr(self, name)
            if value is not UNSET:
                result[key] = encode(value) if name in model.nested else value.copy() if type(value) is dict else value
        unknown = reading.unknown_fields(self)
        if unknown:
            result |= unknown if model.rest is Any else encode(unknown)
        return result

    def to_json(self) -> bytes:
        """Return the object as JSON text in UTF-8. A lone surrogate, which UTF-8 cannot encode, is escaped."""
        source = self.to_dict()
        try:
            return encode_json(source)
        except (UnicodeError, OverflowError):
            return json.dumps(source, separators=(",", ":"), allow_nan=False).encode()

    @property
    def additional_properties(self) -> dict[str, Any]:
        """The fields that the document does not name, by key."""
        found = reading.unknown_fields(self)
        if found is None:
            found = {}
            self._unknown = found
        return found

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(super().__eq__(other)) and reading.unknown_fields(self) == reading.unknown_fields(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    @recursive_repr()
    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> Iterator[tuple[str, Any]]:
        for name in (*fields_of(self), "unknown_fields"):
            value = getattr(self, name)
            if value is not UNSET:
                yield name, value

    def _repr_html_(self) -> str:
        """Return a table of the fields, for notebooks."""
        from html import escape  # Only notebooks need it, and importing it takes a millisecond.

        rows = (
            f"<tr><th>{escape(name)}</th><td>{escape(repr(value))}</td></tr>" for name, value in self.__rich_repr__()
        )
        return f"<table><tbody>{''.join(rows)}</tbody></table>"

    def __copy__(self) -> Self:
        return self.__replace__()

    def __replace__(self, /, **changes: Any) -> Self:
        kept = {name: getattr(self, name) for name in (*fields_of(self), "unknown_fields")}
        return type(self)(**{**kept, **changes})

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild, (type(self), dict(self.__rich_repr__()))


def fields_of(model: Object) -> tuple[str, ...]:
    """Return the names of the fields of a model."""
    return tuple(type(model).__struct_fields__)  # type: ignore[attr-defined]  # pyright: ignore


def rebuild(model: Any, values: dict[str, Any]) -> Any:
    """Return a model with these values and no others; called by unpickling and deep copies."""
    made = model.__new__(model)
    for name in model.__struct_fields__:
        setattr(made, name, values.get(name, UNSET))
    if "unknown_fields" in values:
        made._unknown = values["unknown_fields"]
    return made
