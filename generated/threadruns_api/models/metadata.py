# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from ..types import (
    as_dict,
    key_of,
    parse_json,
    wrong,
)


class Metadata(dict[str, str]):
    """Up to 16 pairs that the caller attached; keys of up to 64 and values of up to 512 characters. Empty, never null,
    if there are none."""

    __slots__ = ()

    @classmethod
    def from_dict(cls, source: Mapping[str, Any], /) -> Self:
        """Make one from parsed JSON.

        Raises:
            DecodeError: It has another shape.
        """
        decoded: Self = decode_metadata(as_dict(source), cls)
        return decoded

    @classmethod
    def from_json(cls, content: bytes | str, /) -> Self:
        """Make one from JSON text.

        Raises:
            DecodeError: It is not JSON, or has another shape.
        """
        return cls.from_dict(parse_json(content))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return dict(self)


def decode_metadata(source: Any, cls: type[Any] = Metadata) -> Any:
    """Decode a `Metadata` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    if not source:
        return cls()
    decoded = cls(source)
    for value in source.values():
        if type(value) is not str:
            raise wrong(value, "a string", key_of(source, value))
    return decoded
