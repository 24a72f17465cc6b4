# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from typing import Literal

RunStatus = (
    Literal["cancelled", "cancelling", "completed", "expired", "failed", "in_progress", "queued", "requires_action"]
    | str
)
"""The state of a run. A run with status `queued`, `in_progress`, `requires_action` or `cancelling` is under way; one
with status `cancelled`, `failed`, `completed` or `expired` has ended. The status of a completed run can later
become `expired`."""

RUN_STATUS_VALUES: frozenset[str] = frozenset(
    {
        "cancelled",
        "cancelling",
        "completed",
        "expired",
        "failed",
        "in_progress",
        "queued",
        "requires_action",
    }
)
"""The values of `RunStatus` that the document lists."""
