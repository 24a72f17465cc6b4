# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from typing import Literal

NamedToolType = Literal["code_interpreter", "function", "retrieval"] | str
"""The kind of tool that must be called."""

NAMED_TOOL_TYPE_VALUES: frozenset[str] = frozenset(
    {
        "code_interpreter",
        "function",
        "retrieval",
    }
)
"""The values of `NamedToolType` that the document lists."""
