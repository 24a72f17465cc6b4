# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..objects import Object, constant, define

if TYPE_CHECKING:
    pass


@define(kw_only=True)
class RetrievalTool(Object, tag="type"):
    """Looks things up in the files of the assistant."""

    type: Literal["retrieval"] = constant("retrieval")
    """The kind of tool, always `retrieval`."""
