# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from typing import Literal

RunStatus = (
    Literal["cancelled", "cancelling", "completed", "expired", "failed", "in_progress", "queued", "requires_action"]
    | str
)
"""Where a run stands. `queued`, `in_progress`, `requires_action` and `cancelling` are under way; `cancelled`,
`failed`, `completed` and `expired` have ended. A completed run can later read `expired`."""

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
"""The values of `RunStatus` that the document knows."""
