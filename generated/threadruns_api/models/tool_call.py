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
class ToolCall(Object):
    """One call of a function that the model asks for."""

    id: str
    """The id of the call, to name when its output is submitted."""
    type: Literal["function"] = "function"
    """The kind of call, always `function`."""
    function: ToolCallFunction
    """The function and its arguments."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "function": encode(self.function),
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = (
    "id",
    "type",
    "function",
)


def decode_tool_call(source: Any, cls: type[Any] = ToolCall) -> Any:
    """Decode a `ToolCall` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_id = source["id"]
        v_type_ = source["type"]
        v_function = source["function"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_id) is not str:
        raise wrong(v_id, "a string", "id")
    if v_type_ != "function":
        raise wrong(v_type_, "'function'", "type")
    try:
        v_function = decode_tool_call_function(v_function)
    except DecodeError as error:
        raise error.within("function") from None
    decoded = new(cls)
    decoded.id = v_id
    decoded.type = "function"
    decoded.function = v_function
    if fields == 3:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_tool_call(struct: Any) -> Any:
    """Make a `ToolCall` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 3:
        values, unknown = beyond(struct, values, 3)
    (
        v_id,
        _,
        v_function,
    ) = values

    v_function = adopt_tool_call_function(v_function)
    made = new(ToolCall)
    made.id = v_id
    made.type = "function"
    made.function = v_function
    made._unknown = unknown
    return made


register(ToolCall, decode_tool_call, adopt_tool_call, _KEYS)

from .tool_call_function import ToolCallFunction, adopt_tool_call_function, decode_tool_call_function  # noqa: E402
