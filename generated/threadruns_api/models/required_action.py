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
class RequiredAction(Object):
    """What the caller must do for a run to go on."""

    type: Literal["submit_tool_outputs"] = "submit_tool_outputs"
    """The kind of action, always `submit_tool_outputs`."""
    submit_tool_outputs: SubmitToolOutputs
    """The calls that wait for their outputs."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "type": self.type,
            "submit_tool_outputs": encode(self.submit_tool_outputs),
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = (
    "type",
    "submit_tool_outputs",
)


def decode_required_action(source: Any, cls: type[Any] = RequiredAction) -> Any:
    """Decode a `RequiredAction` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_type_ = source["type"]
        v_submit_tool_outputs = source["submit_tool_outputs"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if v_type_ != "submit_tool_outputs":
        raise wrong(v_type_, "'submit_tool_outputs'", "type")
    try:
        v_submit_tool_outputs = decode_submit_tool_outputs(v_submit_tool_outputs)
    except DecodeError as error:
        raise error.within("submit_tool_outputs") from None
    decoded = new(cls)
    decoded.type = "submit_tool_outputs"
    decoded.submit_tool_outputs = v_submit_tool_outputs
    if fields == 2:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_required_action(struct: Any) -> Any:
    """Make a `RequiredAction` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 2:
        values, unknown = beyond(struct, values, 2)
    (
        _,
        v_submit_tool_outputs,
    ) = values

    v_submit_tool_outputs = adopt_submit_tool_outputs(v_submit_tool_outputs)
    made = new(RequiredAction)
    made.type = "submit_tool_outputs"
    made.submit_tool_outputs = v_submit_tool_outputs
    made._unknown = unknown
    return made


register(RequiredAction, decode_required_action, adopt_required_action, _KEYS)

from .submit_tool_outputs import SubmitToolOutputs, adopt_submit_tool_outputs, decode_submit_tool_outputs  # noqa: E402
