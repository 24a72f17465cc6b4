# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from typing import Any, Final

from attrs import define

from ..errors import DecodeError
from ..structs import astuple, beyond, register
from ..types import (
    UNSET,
    Object,
    Unset,
    encode,
    new,
    unknown_fields,
    wrong,
)
from .named_tool_type import NamedToolType


@define(kw_only=True, weakref_slot=False)
class NamedToolChoice(Object):
    """A tool that the model must call."""

    type: NamedToolType
    """The kind of tool."""
    function: NamedFunction | Unset = UNSET
    """The function to call, one of the tools of the run. Set if `type` is `function`, and absent otherwise; never
    recorded."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "type": self.type,
        }
        if self.function is not UNSET:
            result["function"] = encode(self.function)
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = (
    "type",
    "function",
)


def decode_named_tool_choice(source: Any, cls: type[Any] = NamedToolChoice) -> Any:
    """Decode a `NamedToolChoice` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    get = source.get
    fields = len(source)
    try:
        v_type_ = source["type"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_type_) is not str:
        raise wrong(v_type_, "a string", "type")
    v_function = get("function", UNSET)
    if v_function is UNSET:
        fields += 1
    else:
        try:
            v_function = decode_named_function(v_function)
        except DecodeError as error:
            raise error.within("function") from None
    decoded = new(cls)
    decoded.type = v_type_
    decoded.function = v_function
    if fields == 2:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_named_tool_choice(struct: Any) -> Any:
    """Make a `NamedToolChoice` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 2:
        values, unknown = beyond(struct, values, 2)
    (
        v_type_,
        v_function,
    ) = values

    if v_function is not UNSET:
        v_function = adopt_named_function(v_function)
    made = new(NamedToolChoice)
    made.type = v_type_
    made.function = v_function
    made._unknown = unknown
    return made


register(NamedToolChoice, decode_named_tool_choice, adopt_named_tool_choice, _KEYS)

from .named_function import NamedFunction, adopt_named_function, decode_named_function  # noqa: E402
