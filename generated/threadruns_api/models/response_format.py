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
from .response_format_type import ResponseFormatType


@define(kw_only=True, weakref_slot=False)
class ResponseFormat:
    """The form of answer, as an object."""

    type: ResponseFormatType
    """The form of the answer."""
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
        decoded: Self = decode_response_format(as_dict(source), cls)
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
            "type": self.type,
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KNOWN: Final = frozenset(("type",))


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
        decoded._unknown = unknown_fields(source, _KNOWN)
    return decoded
