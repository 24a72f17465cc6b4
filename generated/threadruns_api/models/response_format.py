# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define

if TYPE_CHECKING:
    from .response_format_type import ResponseFormatType


@define(kw_only=True)
class ResponseFormat(Object):
    """The form that the model must answer in."""

    type: ResponseFormatType
    """The form of the answer."""
