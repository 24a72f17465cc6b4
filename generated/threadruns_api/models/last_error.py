# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define

if TYPE_CHECKING:
    from .last_error_code import LastErrorCode


@define(kw_only=True)
class LastError(Object):
    """Why a run failed."""

    code: LastErrorCode
    """What kind of failure it was."""
    message: str
    """The failure in words."""
