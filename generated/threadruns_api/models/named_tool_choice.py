# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define
from ..values import UNSET, Unset

if TYPE_CHECKING:
    from .named_function import NamedFunction
    from .named_tool_type import NamedToolType


@define(kw_only=True)
class NamedToolChoice(Object):
    """A tool that the model must call."""

    type: NamedToolType
    """The kind of tool."""
    function: NamedFunction | Unset = UNSET
    """The function to call, one of the tools of the run. Set if `type` is `function`, and absent otherwise; never
    recorded."""
