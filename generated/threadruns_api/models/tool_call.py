# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..objects import Object, constant, define

if TYPE_CHECKING:
    from .tool_call_function import ToolCallFunction


@define(kw_only=True)
class ToolCall(Object, tag="type"):
    """One call of a function that the model asks for."""

    id: str
    """The id of the call; the caller submits its output under this id."""
    type: Literal["function"] = constant("function")
    """The kind of call, always `function`."""
    function: ToolCallFunction
    """The function and its arguments."""
