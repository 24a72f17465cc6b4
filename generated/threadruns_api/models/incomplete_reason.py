# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from typing import Literal

IncompleteReason = Literal["max_completion_tokens", "max_prompt_tokens"] | str
"""The limit that cut a run short."""

INCOMPLETE_REASON_VALUES: frozenset[str] = frozenset(
    {
        "max_completion_tokens",
        "max_prompt_tokens",
    }
)
"""The values of `IncompleteReason` that the document lists."""
