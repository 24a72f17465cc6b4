# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..objects import Object, constant, define

if TYPE_CHECKING:
    from .function_definition import FunctionDefinition


@define(kw_only=True)
class FunctionTool(Object, tag="type"):
    """A function that the caller carries out."""

    type: Literal["function"] = constant("function")
    """The kind of tool, always `function`."""
    function: FunctionDefinition
    """The function, as described to the model."""
