"""Rules about the fields of one run that depend on each other.

JSON Schema could state them only in a way that would make the generated models worse. Every rule is supported by
captured responses of the real server, and none contradicts it; the rule leaves open what they leave open. The examples
of the vendor's documentation do not count: some show a queued run that has completed. A rule expects a run that is
valid against the schema; for any other value it may miss a problem, but it does not raise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

Run = Mapping[str, Any]

ACTIVE_STATUSES = ("queued", "in_progress", "requires_action", "cancelling")
FINAL_STATUSES = ("cancelled", "failed", "completed", "expired")


@frozen
class RunRule:
    """A rule about one run.

    Attributes:
        id: The name of the rule.
        description: The rule as a sentence.
        source: The recordings that support it.
        judge: Returns the problem of a raw run; None if there is none.
    """

    id: str
    description: str
    source: str
    judge: Callable[[Run], str | None] = field(repr=False)


def _depends_on_status(
    key: str, *, set_in: tuple[str, ...] = (), null_in: tuple[str, ...] = ()
) -> Callable[[Run], str | None]:
    """Return the judge of a key that some statuses require and some forbid; an absent key counts as null."""

    def judge(run: Run) -> str | None:
        status, value = run.get("status"), run.get(key)
        if status in set_in and value is None:
            return f"{key} is {'null' if key in run else 'missing'} in a run that is {status}"
        if status in null_in and value is not None:
            return f"{key} is set in a run that is {status}"
        return None

    return judge


def _has_file_ids(run: Run) -> str | None:
    return None if "file_ids" in run else "file_ids is missing"


def _total_is_sum(run: Run) -> str | None:
    if not isinstance(run.get("usage"), Mapping):
        return None
    usage: Mapping[str, Any] = run["usage"]
    prompt, completion, total = (usage.get(f"{part}_tokens") for part in ("prompt", "completion", "total"))
    if not (isinstance(prompt, int) and isinstance(completion, int)) or prompt + completion == total:
        return None
    return f"total_tokens is {total!r} and not {prompt} + {completion}"


_CAPTURED = "every captured v1 run, November 2023 to April 2024"

RUN_RULES = (
    RunRule(
        "expires-at",
        "expires_at is set while a run is active and null after it has completed or expired.",
        f"{_CAPTURED}; cancelled and failed runs have either",
        _depends_on_status("expires_at", set_in=ACTIVE_STATUSES, null_in=("completed", "expired")),
    ),
    RunRule(
        "required-action",
        "required_action is set if and only if the status is requires_action.",
        f"{_CAPTURED}; before March 2024 the key is absent from the other runs, afterwards null",
        _depends_on_status(
            "required_action",
            set_in=("requires_action",),
            null_in=(*ACTIVE_STATUSES[:2], "cancelling", *FINAL_STATUSES),
        ),
    ),
    RunRule(
        "completed-at",
        "completed_at is set after a run has completed or expired and null while it is active.",
        f"{_CAPTURED}; an expired run has it too",
        _depends_on_status("completed_at", set_in=("completed", "expired"), null_in=ACTIVE_STATUSES),
    ),
    RunRule(
        "cancelled-at",
        "cancelled_at is set in a cancelled run and null in an active or completed run.",
        f"{_CAPTURED}; while the status is cancelling it is still null",
        _depends_on_status("cancelled_at", set_in=("cancelled",), null_in=(*ACTIVE_STATUSES, "completed")),
    ),
    RunRule(
        "failed-at",
        "failed_at is set in a failed run and null in an active or completed run.",
        _CAPTURED,
        _depends_on_status("failed_at", set_in=("failed",), null_in=(*ACTIVE_STATUSES, "completed")),
    ),
    RunRule(
        "last-error",
        "last_error is set in a failed run and null in an active or completed run.",
        f"{_CAPTURED}; a rate limit of the model is such an error, in a response of status 200",
        _depends_on_status("last_error", set_in=("failed",), null_in=(*ACTIVE_STATUSES, "completed")),
    ),
    RunRule(
        "usage",
        "usage is null or absent while a run is active.",
        "every captured v1 run since January 2024; earlier runs do not have the key",
        _depends_on_status("usage", null_in=ACTIVE_STATUSES),
    ),
    RunRule(
        "total-tokens",
        "total_tokens is the sum of prompt_tokens and completion_tokens.",
        "every captured run that has usage",
        _total_is_sum,
    ),
    RunRule(
        "file-ids",
        "file_ids is present, even if it is an empty array.",
        f"{_CAPTURED}; v2 removed the key, so the schema does not require it",
        _has_file_ids,
    ),
)
"""The rules in the order of the report."""
