"""What ties the fields of one run together, as the recordings show and JSON Schema cannot say without hurting models.

A rule is here only if captured answers of the real server support it and none contradicts it; where they leave a
status open, so does the rule. Examples of the vendor's documentation are no evidence: some of them show a queued run
that has completed. A rule judges a run that the schema accepts; of any other value it says nothing or too little, but
it never fails.
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
    """One rule about a single run.

    Attributes:
        id: The name of the rule.
        says: The rule, as a sentence.
        source: The recordings that it rests on.
        judge: Says what is wrong with a raw run; None if nothing is.
    """

    id: str
    says: str
    source: str
    judge: Callable[[Run], str | None] = field(repr=False)


def _tied(key: str, *, set_in: tuple[str, ...] = (), null_in: tuple[str, ...] = ()) -> Callable[[Run], str | None]:
    """Return the judge of a key that some statuses demand and some forbid; an absent key counts as null."""

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


def _adds_up(run: Run) -> str | None:
    if not isinstance(run.get("usage"), Mapping):
        return None
    usage: Mapping[str, Any] = run["usage"]
    prompt, completion, total = (usage.get(f"{kind}_tokens") for kind in ("prompt", "completion", "total"))
    if not (isinstance(prompt, int) and isinstance(completion, int)) or prompt + completion == total:
        return None
    return f"total_tokens is {total!r} and not {prompt} + {completion}"


_CAPTURED = "every captured v1 run, November 2023 to April 2024"


RUN_RULES = (
    RunRule(
        "expires-at",
        "expires_at is set while a run is under way and null once it has completed or expired.",
        f"{_CAPTURED}; cancelled and failed runs have either",
        _tied("expires_at", set_in=ACTIVE_STATUSES, null_in=("completed", "expired")),
    ),
    RunRule(
        "required-action",
        "required_action is set exactly while the status is requires_action.",
        f"{_CAPTURED}; before March 2024 the key is absent from the other runs, afterwards null",
        _tied(
            "required_action",
            set_in=("requires_action",),
            null_in=(*ACTIVE_STATUSES[:2], "cancelling", *FINAL_STATUSES),
        ),
    ),
    RunRule(
        "completed-at",
        "completed_at is set once a run has completed or expired and null while it is under way.",
        f"{_CAPTURED}; an expired run has it too",
        _tied("completed_at", set_in=("completed", "expired"), null_in=ACTIVE_STATUSES),
    ),
    RunRule(
        "cancelled-at",
        "cancelled_at is set in a cancelled run and null in one that is under way or completed.",
        f"{_CAPTURED}; while the status is cancelling it is still null",
        _tied("cancelled_at", set_in=("cancelled",), null_in=(*ACTIVE_STATUSES, "completed")),
    ),
    RunRule(
        "failed-at",
        "failed_at is set in a failed run and null in one that is under way or completed.",
        _CAPTURED,
        _tied("failed_at", set_in=("failed",), null_in=(*ACTIVE_STATUSES, "completed")),
    ),
    RunRule(
        "last-error",
        "last_error is set in a failed run and null in one that is under way or completed.",
        f"{_CAPTURED}; a model's rate limit is such an error, in an answer of status 200",
        _tied("last_error", set_in=("failed",), null_in=(*ACTIVE_STATUSES, "completed")),
    ),
    RunRule(
        "usage",
        "usage is null or absent while a run is under way.",
        "every captured v1 run since January 2024; earlier ones have no such key",
        _tied("usage", null_in=ACTIVE_STATUSES),
    ),
    RunRule(
        "total-tokens",
        "total_tokens is the sum of prompt_tokens and completion_tokens.",
        "every captured run that has usage",
        _adds_up,
    ),
    RunRule(
        "file-ids",
        "file_ids is there, if only as an empty array.",
        f"{_CAPTURED}; the key left with v2, so the schema does not require it",
        _has_file_ids,
    ),
)
"""The rules, in the order in which a report lists them."""
