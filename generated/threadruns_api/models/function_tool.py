# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from typing import Any, Final, Literal

from attrs import define

from ..errors import DecodeError
from ..structs import astuple, beyond, register
from ..types import (
    Object,
    encode,
    new,
    unknown_fields,
    wrong,
)


@define(kw_only=True, weakref_slot=False)
class FunctionTool(Object):
    """A function that the caller carries out."""

    type: Literal["function"] = "function"
    """The kind of tool, always `function`."""
    function: FunctionDefinition
    """The function, as the model is told of it."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "type": self.type,
            "function": encode(self.function),
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = (
    "type",
    "function",
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
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_function_tool(struct: Any) -> Any:
    """Make a `FunctionTool` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 1:
        values, unknown = beyond(struct, values, 1)
    (v_function,) = values
    v_function = adopt_function_definition(v_function)
    made = new(FunctionTool)
    made.type = "function"
    made.function = v_function
    made._unknown = unknown
    return made


register(FunctionTool, decode_function_tool, adopt_function_tool, _KEYS, "type")

from .function_definition import FunctionDefinition, adopt_function_definition, decode_function_definition  # noqa: E402
