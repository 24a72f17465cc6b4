# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from typing import Any, Final

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
class SubmitToolOutputs(Object):
    """Calls of functions that wait for their outputs."""

    tool_calls: list[ToolCall]
    """The calls, in no promised order. There is at least one, no two have the same id, and each names a function among
    the tools of the run."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "tool_calls": encode(self.tool_calls),
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = ("tool_calls",)


def decode_submit_tool_outputs(source: Any, cls: type[Any] = SubmitToolOutputs) -> Any:
    """Decode a `SubmitToolOutputs` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_tool_calls = source["tool_calls"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_tool_calls) is not list:
        raise wrong(v_tool_calls, "an array", "tool_calls")
    else:
        v_tool_calls_items: list[Any] = []
        try:
            for item in v_tool_calls:
                v_tool_calls_items.append(decode_tool_call(item))
        except DecodeError as error:
            raise error.within(len(v_tool_calls_items)).within("tool_calls") from None
        v_tool_calls = v_tool_calls_items
    decoded = new(cls)
    decoded.tool_calls = v_tool_calls
    if fields == 1:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_submit_tool_outputs(struct: Any) -> Any:
    """Make a `SubmitToolOutputs` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 1:
        values, unknown = beyond(struct, values, 1)
    (v_tool_calls,) = values
    for place, item in enumerate(v_tool_calls):
        v_tool_calls[place] = adopt_tool_call(item)
    made = new(SubmitToolOutputs)
    made.tool_calls = v_tool_calls
    made._unknown = unknown
    return made


register(SubmitToolOutputs, decode_submit_tool_outputs, adopt_submit_tool_outputs, _KEYS)

from .tool_call import ToolCall, adopt_tool_call, decode_tool_call  # noqa: E402
