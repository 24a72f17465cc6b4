# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from typing import Literal

TruncationType = Literal["auto", "last_messages"] | str
"""`auto` drops messages from the middle of the thread as the context fills; `last_messages` keeps only the newest."""

TRUNCATION_TYPE_VALUES: frozenset[str] = frozenset(
    {
        "auto",
        "last_messages",
    }
)
"""The values of `TruncationType` that the document lists."""
