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
from .last_error_code import LastErrorCode


@define(kw_only=True, weakref_slot=False)
class LastError(Object):
    """Why a run failed."""

    code: LastErrorCode
    """What kind of failure it was."""
    message: str
    """The failure in words."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = (
    "code",
    "message",
)


def decode_last_error(source: Any, cls: type[Any] = LastError) -> Any:
    """Decode a `LastError` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_code = source["code"]
        v_message = source["message"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_code) is not str:
        raise wrong(v_code, "a string", "code")
    if type(v_message) is not str:
        raise wrong(v_message, "a string", "message")
    decoded = new(cls)
    decoded.code = v_code
    decoded.message = v_message
    if fields == 2:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_last_error(struct: Any) -> Any:
    """Make a `LastError` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 2:
        values, unknown = beyond(struct, values, 2)
    (
        v_code,
        v_message,
    ) = values

    made = new(LastError)
    made.code = v_code
    made.message = v_message
    made._unknown = unknown
    return made


register(LastError, decode_last_error, adopt_last_error, _KEYS)
