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
class ErrorResponse(Object):
    """What the server sends instead of a page."""

    error: ErrorDetail
    """What went wrong."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "error": encode(self.error),
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = ("error",)


def decode_error_response(source: Any, cls: type[Any] = ErrorResponse) -> Any:
    """Decode a `ErrorResponse` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_error = source["error"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    try:
        v_error = decode_error_detail(v_error)
    except DecodeError as error:
        raise error.within("error") from None
    decoded = new(cls)
    decoded.error = v_error
    if fields == 1:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_error_response(struct: Any) -> Any:
    """Make a `ErrorResponse` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 1:
        values, unknown = beyond(struct, values, 1)
    (v_error,) = values
    v_error = adopt_error_detail(v_error)
    made = new(ErrorResponse)
    made.error = v_error
    made._unknown = unknown
    return made


register(ErrorResponse, decode_error_response, adopt_error_response, _KEYS)

from .error_detail import ErrorDetail, adopt_error_detail, decode_error_detail  # noqa: E402
