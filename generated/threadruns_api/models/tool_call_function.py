# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define

if TYPE_CHECKING:
    pass


@define(kw_only=True)
class ToolCallFunction(Object):
    """The function that is called, and its arguments."""

    name: str
    """The name of the function."""
    arguments: str
    """The arguments as JSON text, as the model wrote it; not always valid."""
