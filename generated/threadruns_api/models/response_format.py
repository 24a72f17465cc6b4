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
from .response_format_type import ResponseFormatType


@define(kw_only=True, weakref_slot=False)
class ResponseFormat(Object):
    """The form of answer, as an object."""

    type: ResponseFormatType
    """The form of the answer."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "type": self.type,
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = ("type",)


def decode_response_format(source: Any, cls: type[Any] = ResponseFormat) -> Any:
    """Decode a `ResponseFormat` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_type_ = source["type"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_type_) is not str:
        raise wrong(v_type_, "a string", "type")
    decoded = new(cls)
    decoded.type = v_type_
    if fields == 1:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_response_format(struct: Any) -> Any:
    """Make a `ResponseFormat` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 1:
        values, unknown = beyond(struct, values, 1)
    (v_type_,) = values

    made = new(ResponseFormat)
    made.type = v_type_
    made._unknown = unknown
    return made


register(ResponseFormat, decode_response_format, adopt_response_format, _KEYS)
