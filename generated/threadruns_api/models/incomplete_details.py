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
from .incomplete_reason import IncompleteReason


@define(kw_only=True, weakref_slot=False)
class IncompleteDetails(Object):
    """Why a run was cut short."""

    reason: IncompleteReason
    """The limit that was reached."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "reason": self.reason,
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = ("reason",)


def decode_incomplete_details(source: Any, cls: type[Any] = IncompleteDetails) -> Any:
    """Decode a `IncompleteDetails` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_reason = source["reason"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_reason) is not str:
        raise wrong(v_reason, "a string", "reason")
    decoded = new(cls)
    decoded.reason = v_reason
    if fields == 1:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_incomplete_details(struct: Any) -> Any:
    """Make a `IncompleteDetails` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 1:
        values, unknown = beyond(struct, values, 1)
    (v_reason,) = values

    made = new(IncompleteDetails)
    made.reason = v_reason
    made._unknown = unknown
    return made


register(IncompleteDetails, decode_incomplete_details, adopt_incomplete_details, _KEYS)
