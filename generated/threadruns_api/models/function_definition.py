# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define
from ..values import UNSET, Unset

if TYPE_CHECKING:
    from .function_parameters import FunctionParameters


@define(kw_only=True)
class FunctionDefinition(Object):
    """What the model knows of a function."""

    name: str
    """The name of the function, up to 64 letters, digits, underscores and dashes."""
    description: str | Unset = UNSET
    """What the function does, for the model to choose by."""
    parameters: FunctionParameters | Unset = UNSET
    """The arguments of the function."""
