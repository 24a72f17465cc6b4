# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define

if TYPE_CHECKING:
    pass


@define(kw_only=True)
class NamedFunction(Object):
    """A function, by name."""

    name: str
    """The name of the function."""
