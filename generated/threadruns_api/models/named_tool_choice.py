# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

from attrs import define, field

from ..errors import DecodeError
from ..types import (
    UNSET,
    Unset,
    as_dict,
    encode,
    new,
    parse_json,
    same_fields,
    unknown_fields,
    wrong,
)
from .named_tool_type import NamedToolType


@define(kw_only=True, weakref_slot=False)
class NamedToolChoice:
    """A tool that the model must call."""

    type: NamedToolType
    """The kind of tool."""
    function: NamedFunction | Unset = UNSET
    """The function to call, if `type` is `function`."""
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
        decoded: Self = decode_named_tool_choice(as_dict(source), cls)
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
        if self.function is not UNSET:
            result["function"] = encode(self.function)
        if self._unknown:
            result.update(self._unknown)
        return result


_KNOWN: Final = frozenset(
    (
        "type",
        "function",
    )
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
        decoded._unknown = unknown_fields(source, _KNOWN)
    return decoded


from .named_function import NamedFunction, decode_named_function  # noqa: E402
