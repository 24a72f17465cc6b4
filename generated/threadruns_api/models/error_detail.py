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
class ErrorDetail(Object):
    """What went wrong with a request."""

    message: str
    """The fault in words. Never repeats the key."""
    type: str
    """The family of the fault; `invalid_request_error` for a request that was refused with 400 or 404."""
    param: str | None
    """The parameter at fault; null if none is."""
    code: str | None
    """The fault as a word for programs; null if it has none."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "message": self.message,
            "type": self.type,
            "param": self.param,
            "code": self.code,
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = (
    "message",
    "type",
    "param",
    "code",
)


def decode_error_detail(source: Any, cls: type[Any] = ErrorDetail) -> Any:
    """Decode a `ErrorDetail` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_message = source["message"]
        v_type_ = source["type"]
        v_param = source["param"]
        v_code = source["code"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_message) is not str:
        raise wrong(v_message, "a string", "message")
    if type(v_type_) is not str:
        raise wrong(v_type_, "a string", "type")
    if v_param is not None:
        if type(v_param) is not str:
            raise wrong(v_param, "a string or null", "param")
    if v_code is not None:
        if type(v_code) is not str:
            raise wrong(v_code, "a string or null", "code")
    decoded = new(cls)
    decoded.message = v_message
    decoded.type = v_type_
    decoded.param = v_param
    decoded.code = v_code
    if fields == 4:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_error_detail(struct: Any) -> Any:
    """Make a `ErrorDetail` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 4:
        values, unknown = beyond(struct, values, 4)
    (
        v_message,
        v_type_,
        v_param,
        v_code,
    ) = values

    made = new(ErrorDetail)
    made.message = v_message
    made.type = v_type_
    made.param = v_param
    made.code = v_code
    made._unknown = unknown
    return made


register(ErrorDetail, decode_error_detail, adopt_error_detail, _KEYS)
