# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Self

from attrs import define, field

from ..errors import DecodeError
from ..types import (
    as_dict,
    encode,
    new,
    parse_json,
    same_fields,
    unknown_fields,
    wrong,
)


@define(kw_only=True, weakref_slot=False)
class FunctionTool:
    """A function that the caller carries out."""

    type: Literal["function"] = "function"
    """The kind of tool, always `function`."""
    function: FunctionDefinition
    """The function, as the model is told of it."""
    _unknown: dict[str, Any] | None = field(default=None, init=False, repr=False, eq=same_fields)

    @property
    def additional_properties(self) -> dict[str, Any]:
        """The fields that the document does not know, by name."""
        if self._unknown is None:
            self._unknown = {}
        return self._unknown

    @classmethod
    def from_dict(cls, source: Mapping[str, Any], /) -> Self:
        """Make one from parsed JSON. What the document does not know is kept.

        Raises:
            DecodeError: A required key is missing or a value has the wrong type.
        """
        decoded: Self = decode_function_tool(as_dict(source), cls)
        return decoded

    @classmethod
    def from_json(cls, content: bytes | str, /) -> Self:
        """Make one from JSON text. What the document does not know is kept.

        Raises:
            DecodeError: It is not JSON, a required key is missing, or a value has the wrong type.
        """
        return cls.from_dict(parse_json(content))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "type": self.type,
            "function": encode(self.function),
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KNOWN: Final = frozenset(
    (
        "type",
        "function",
    )
)


def decode_function_tool(source: Any, cls: type[Any] = FunctionTool) -> Any:
    """Decode a `FunctionTool` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_type_ = source["type"]
        v_function = source["function"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if v_type_ != "function":
        raise wrong(v_type_, "'function'", "type")
    try:
        v_function = decode_function_definition(v_function)
    except DecodeError as error:
        raise error.within("function") from None
    decoded = new(cls)
    decoded.type = "function"
    decoded.function = v_function
    if fields == 2:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KNOWN)
    return decoded


from .function_definition import FunctionDefinition, decode_function_definition  # noqa: E402
