# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from typing import Literal

LastErrorCode = Literal["invalid_prompt", "rate_limit_exceeded", "server_error"] | str
"""The kind of failure that ended a run."""

LAST_ERROR_CODE_VALUES: frozenset[str] = frozenset(
    {
        "invalid_prompt",
        "rate_limit_exceeded",
        "server_error",
    }
)
"""The values of `LastErrorCode` that the document lists."""
