# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from typing import Any, Final

from attrs import define

from ..errors import DecodeError
from ..structs import astuple, beyond, register
from ..types import (
    UNSET,
    Object,
    Unset,
    encode,
    new,
    unknown_fields,
    wrong,
)


@define(kw_only=True, weakref_slot=False)
class FunctionDefinition(Object):
    """What the model knows of a function."""

    name: str
    """The name of the function, up to 64 letters, digits, underscores and dashes."""
    description: str | Unset = UNSET
    """What the function does, for the model to choose by."""
    parameters: FunctionParameters | Unset = UNSET
    """The arguments of the function."""

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


_KEYS: Final = (
    "name",
    "description",
    "parameters",
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
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_function_definition(struct: Any) -> Any:
    """Make a `FunctionDefinition` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 3:
        values, unknown = beyond(struct, values, 3)
    (
        v_name,
        v_description,
        v_parameters,
    ) = values

    if v_parameters is not UNSET:
        v_parameters = adopt_function_parameters(v_parameters)
    made = new(FunctionDefinition)
    made.name = v_name
    made.description = v_description
    made.parameters = v_parameters
    made._unknown = unknown
    return made


register(FunctionDefinition, decode_function_definition, adopt_function_definition, _KEYS)

from .function_parameters import FunctionParameters, adopt_function_parameters, decode_function_parameters  # noqa: E402
