# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define

if TYPE_CHECKING:
    from .incomplete_reason import IncompleteReason


@define(kw_only=True)
class IncompleteDetails(Object):
    """Why a run was cut short."""

    reason: IncompleteReason
    """The limit that was reached."""
