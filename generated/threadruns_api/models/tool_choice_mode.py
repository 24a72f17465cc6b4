# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from typing import Literal

ToolChoiceMode = Literal["auto", "none"] | str
"""`none` calls no tool; `auto` lets the model choose."""

TOOL_CHOICE_MODE_VALUES: frozenset[str] = frozenset(
    {
        "auto",
        "none",
    }
)
"""The values of `ToolChoiceMode` that the document lists."""
