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


@define(kw_only=True, weakref_slot=False)
class FunctionDefinition:
    """What the model knows of a function."""

    name: str
    """The name of the function."""
    description: str | Unset = UNSET
    """What the function does, for the model to choose by."""
    parameters: FunctionParameters | Unset = UNSET
    """The arguments of the function."""
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
        decoded: Self = decode_function_definition(as_dict(source), cls)
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
            "name": self.name,
        }
        if self.description is not UNSET:
            result["description"] = self.description
        if self.parameters is not UNSET:
            result["parameters"] = encode(self.parameters)
        if self._unknown:
            result.update(self._unknown)
        return result


_KNOWN: Final = frozenset(
    (
        "name",
        "description",
        "parameters",
    )
)


def decode_function_definition(source: Any, cls: type[Any] = FunctionDefinition) -> Any:
    """Decode a `FunctionDefinition` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    get = source.get
    fields = len(source)
    try:
        v_name = source["name"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_name) is not str:
        raise wrong(v_name, "a string", "name")
    v_description = get("description", UNSET)
    if type(v_description) is not str:
        if v_description is UNSET:
            fields += 1
        else:
            raise wrong(v_description, "a string", "description")
    v_parameters = get("parameters", UNSET)
    if v_parameters is UNSET:
        fields += 1
    else:
        try:
            v_parameters = decode_function_parameters(v_parameters)
        except DecodeError as error:
            raise error.within("parameters") from None
    decoded = new(cls)
    decoded.name = v_name
    decoded.description = v_description
    decoded.parameters = v_parameters
    if fields == 3:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KNOWN)
    return decoded


from .function_parameters import FunctionParameters, decode_function_parameters  # noqa: E402
