# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

from attrs import define, field

from ..errors import DecodeError
from ..types import (
    as_dict,
    new,
    parse_json,
    same_fields,
    unknown_fields,
    wrong,
)


@define(kw_only=True, weakref_slot=False)
class ErrorDetail:
    """What went wrong with a request."""

    message: str
    """The fault in words. Never repeats the key."""
    type: str
    """The family of the fault, such as `invalid_request_error`."""
    param: str | None
    """The parameter at fault; null if it is none."""
    code: str | None
    """The fault as a word for programs; null if it has none."""
    _unknown: dict[str, Any] | None = field(default=None, init=False, repr=False, eq=same_fields)

    @property
    def additional_properties(self) -> dict[str, Any]:
        """The fields that the document does not know, by name."""
        if self._unknown is None:
            self._unknown = {}
        return self._unknown

    @classmethod
    def from_dict(cls, source: Mapping[str, Any], /) -> Self:
        """Make one from parsed JSON. What the document does not know is kept.

        Raises:
            DecodeError: A required key is missing or a value has the wrong type.
        """
        decoded: Self = decode_error_detail(as_dict(source), cls)
        return decoded

    @classmethod
    def from_json(cls, content: bytes | str, /) -> Self:
        """Make one from JSON text. What the document does not know is kept.

        Raises:
            DecodeError: It is not JSON, a required key is missing, or a value has the wrong type.
        """
        return cls.from_dict(parse_json(content))

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


_KNOWN: Final = frozenset(
    (
        "message",
        "type",
        "param",
        "code",
    )
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
        decoded._unknown = unknown_fields(source, _KNOWN)
    return decoded
