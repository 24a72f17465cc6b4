# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..objects import Object, constant, define

if TYPE_CHECKING:
    from .submit_tool_outputs import SubmitToolOutputs


@define(kw_only=True)
class RequiredAction(Object, tag="type"):
    """What the caller must do so that a run continues."""

    type: Literal["submit_tool_outputs"] = constant("submit_tool_outputs")
    """The kind of action, always `submit_tool_outputs`."""
    submit_tool_outputs: SubmitToolOutputs
    """The calls that wait for their outputs."""
