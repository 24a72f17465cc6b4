# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from typing import Literal

ResponseFormatMode = Literal["auto", "none"] | str
"""`auto` and `none` leave the form of the answer to the model."""

RESPONSE_FORMAT_MODE_VALUES: frozenset[str] = frozenset(
    {
        "auto",
        "none",
    }
)
"""The values of `ResponseFormatMode` that the document lists."""
