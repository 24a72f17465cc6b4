# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from typing import Any, Final, Literal

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
class CodeInterpreterTool(Object):
    """Runs Python in a sandbox."""

    type: Literal["code_interpreter"] = "code_interpreter"
    """The kind of tool, always `code_interpreter`."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "type": self.type,
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = ("type",)


def decode_code_interpreter_tool(source: Any, cls: type[Any] = CodeInterpreterTool) -> Any:
    """Decode a `CodeInterpreterTool` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_type_ = source["type"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if v_type_ != "code_interpreter":
        raise wrong(v_type_, "'code_interpreter'", "type")
    decoded = new(cls)
    decoded.type = "code_interpreter"
    if fields == 1:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_code_interpreter_tool(struct: Any) -> Any:
    """Make a `CodeInterpreterTool` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 0:
        values, unknown = beyond(struct, values, 0)
    made = new(CodeInterpreterTool)
    made.type = "code_interpreter"
    made._unknown = unknown
    return made


register(CodeInterpreterTool, decode_code_interpreter_tool, adopt_code_interpreter_tool, _KEYS, "type")
