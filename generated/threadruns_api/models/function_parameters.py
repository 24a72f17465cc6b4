# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from typing import Any

from ..structs import register
from ..types import (
    Model,
    wrong,
)


class FunctionParameters(dict[str, Any], Model):
    """The arguments of a function, as a JSON Schema. Kept as it is."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return dict(self)


def decode_function_parameters(source: Any, cls: type[Any] = FunctionParameters) -> Any:
    """Decode a `FunctionParameters` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    return cls(source)


adopt_function_parameters = FunctionParameters


register(FunctionParameters, decode_function_parameters, FunctionParameters, ())
