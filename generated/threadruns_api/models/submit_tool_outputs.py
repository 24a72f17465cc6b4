# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define
from ..values import UnknownVariant

if TYPE_CHECKING:
    from .tool_call import ToolCall


@define(kw_only=True)
class SubmitToolOutputs(Object):
    """Calls of functions that wait for their outputs."""

    tool_calls: list[ToolCall | UnknownVariant]
    """The calls, in any order. There is at least one, no two have the same id, and each names a function among the
    tools of the run."""
