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
class NamedFunction(Object):
    """A function, by name."""

    name: str
    """The name of the function."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "name": self.name,
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KEYS: Final = ("name",)


def decode_named_function(source: Any, cls: type[Any] = NamedFunction) -> Any:
    """Decode a `NamedFunction` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_name = source["name"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_name) is not str:
        raise wrong(v_name, "a string", "name")
    decoded = new(cls)
    decoded.name = v_name
    if fields == 1:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_named_function(struct: Any) -> Any:
    """Make a `NamedFunction` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 1:
        values, unknown = beyond(struct, values, 1)
    (v_name,) = values

    made = new(NamedFunction)
    made.name = v_name
    made._unknown = unknown
    return made


register(NamedFunction, decode_named_function, adopt_named_function, _KEYS)
