# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define

if TYPE_CHECKING:
    pass


@define(kw_only=True)
class ErrorDetail(Object):
    """What went wrong with a request."""

    message: str
    """The fault in words. Never repeats the key."""
    type: str
    """The family of the fault; `invalid_request_error` for a request that was refused with 400 or 404."""
    param: str | None
    """The parameter at fault; null if none is."""
    code: str | None
    """The fault as a word for programs; null if it has none."""
