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
    """The error in words. It never contains the key."""
    type: str
    """The category of the error; `invalid_request_error` for a request that was rejected with 400 or 404."""
    param: str | None
    """The invalid parameter; null if no parameter is invalid."""
    code: str | None
    """The error code, for programs; null if the error has none."""
