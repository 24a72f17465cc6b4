# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from typing import Any, Final

from attrs import define

from ..errors import DecodeError
from ..structs import astuple, beyond, register
from ..types import (
    Object,
    new,
    unknown_fields,
    wrong,
)


@define(kw_only=True, weakref_slot=False)
class ToolCallFunction(Object):
    """Which function is called, and with what."""

    name: str
    """The name of the function."""
    arguments: str
    """The arguments as JSON text, as the model wrote it; not always valid."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "name": self.name,
            "arguments": self.arguments,
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = (
    "name",
    "arguments",
)


def decode_tool_call_function(source: Any, cls: type[Any] = ToolCallFunction) -> Any:
    """Decode a `ToolCallFunction` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_name = source["name"]
        v_arguments = source["arguments"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_name) is not str:
        raise wrong(v_name, "a string", "name")
    if type(v_arguments) is not str:
        raise wrong(v_arguments, "a string", "arguments")
    decoded = new(cls)
    decoded.name = v_name
    decoded.arguments = v_arguments
    if fields == 2:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_tool_call_function(struct: Any) -> Any:
    """Make a `ToolCallFunction` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 2:
        values, unknown = beyond(struct, values, 2)
    (
        v_name,
        v_arguments,
    ) = values

    made = new(ToolCallFunction)
    made.name = v_name
    made.arguments = v_arguments
    made._unknown = unknown
    return made


register(ToolCallFunction, decode_tool_call_function, adopt_tool_call_function, _KEYS)
