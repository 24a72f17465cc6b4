# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define

if TYPE_CHECKING:
    from .error_detail import ErrorDetail


@define(kw_only=True)
class ErrorResponse(Object):
    """The error that the server sends instead of a page."""

    error: ErrorDetail
    """What went wrong."""
