# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..objects import Object, constant, define

if TYPE_CHECKING:
    pass


@define(kw_only=True)
class CodeInterpreterTool(Object, tag="type"):
    """Runs Python in a sandbox."""

    type: Literal["code_interpreter"] = constant("code_interpreter")
    """The kind of tool, always `code_interpreter`."""
