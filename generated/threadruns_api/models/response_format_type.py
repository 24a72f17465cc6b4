# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from typing import Literal

ResponseFormatType = Literal["json_object", "text"] | str
"""Plain text, or text that is one JSON object."""

RESPONSE_FORMAT_TYPE_VALUES: frozenset[str] = frozenset(
    {
        "json_object",
        "text",
    }
)
"""The values of `ResponseFormatType` that the document lists."""
