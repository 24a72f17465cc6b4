# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from typing import Any, Final

from attrs import define

from ..errors import DecodeError
from ..structs import astuple, beyond, register
from ..types import (
    Object,
    integer,
    new,
    unknown_fields,
    wrong,
)
from .truncation_type import TruncationType


@define(kw_only=True, weakref_slot=False)
class TruncationStrategy(Object):
    """How a thread is shortened before it reaches the model."""

    type: TruncationType
    """The rule for what is kept."""
    last_messages: int | None
    """How many of the newest messages are kept. Null if `type` is `auto`; set if it is `last_messages`, which was
    never recorded."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "type": self.type,
            "last_messages": self.last_messages,
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = (
    "type",
    "last_messages",
)


def decode_truncation_strategy(source: Any, cls: type[Any] = TruncationStrategy) -> Any:
    """Decode a `TruncationStrategy` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_type_ = source["type"]
        v_last_messages = source["last_messages"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_type_) is not str:
        raise wrong(v_type_, "a string", "type")
    if v_last_messages is not None:
        if type(v_last_messages) is not int:
            v_last_messages = integer(v_last_messages, "last_messages")
    decoded = new(cls)
    decoded.type = v_type_
    decoded.last_messages = v_last_messages
    if fields == 2:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_truncation_strategy(struct: Any) -> Any:
    """Make a `TruncationStrategy` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 2:
        values, unknown = beyond(struct, values, 2)
    (
        v_type_,
        v_last_messages,
    ) = values

    made = new(TruncationStrategy)
    made.type = v_type_
    made.last_messages = v_last_messages
    made._unknown = unknown
    return made


register(TruncationStrategy, decode_truncation_strategy, adopt_truncation_strategy, _KEYS)
