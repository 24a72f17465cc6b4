# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define
from ..values import UNSET, Unset

if TYPE_CHECKING:
    from .function_parameters import FunctionParameters


@define(kw_only=True)
class FunctionDefinition(Object):
    """A function as it is described to the model."""

    name: str
    """The name of the function, up to 64 letters, digits, underscores and dashes."""
    description: str | Unset = UNSET
    """What the function does; the model chooses a function by this text."""
    parameters: FunctionParameters | Unset = UNSET
    """The arguments of the function."""
