# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from ..types import (
    as_dict,
    parse_json,
    wrong,
)


class FunctionParameters(dict[str, Any]):
    """The arguments of a function, as a JSON Schema. Kept as it is."""

    __slots__ = ()

    @classmethod
    def from_dict(cls, source: Mapping[str, Any], /) -> Self:
        """Make one from parsed JSON.

        Raises:
            DecodeError: It has another shape.
        """
        decoded: Self = decode_function_parameters(as_dict(source), cls)
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


def decode_function_parameters(source: Any, cls: type[Any] = FunctionParameters) -> Any:
    """Decode a `FunctionParameters` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    return cls(source)
