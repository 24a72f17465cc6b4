# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define

if TYPE_CHECKING:
    from .truncation_type import TruncationType


@define(kw_only=True)
class TruncationStrategy(Object):
    """How a thread is shortened before it reaches the model."""

    type: TruncationType
    """The rule for what is kept."""
    last_messages: int | None
    """The number of newest messages that are kept. Null if `type` is `auto`; set if it is `last_messages`, which was
    never recorded."""
