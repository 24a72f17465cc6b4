"""Rules about the fields of one run that depend on each other, each with the recordings that support it.

JSON Schema could state them only in a way that would make the generated models worse. A rule judges a status only if
recordings of runs in that status support it, and none contradicts it; the numbers decide how severe a failure is. The
examples of the vendor's documentation do not count: some show a queued run that has completed. A rule expects a run
that is valid against the schema; for any other value it may miss a problem, but it does not raise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from attrs import field, frozen

from threadruns._json import is_array, is_object

Run = Mapping[str, Any]

ACTIVE_STATUSES = ("queued", "in_progress", "requires_action", "cancelling")
FINAL_STATUSES = ("cancelled", "failed", "completed", "expired")

MIN_RECORDINGS = 3
"""The minimum number of recordings of each status that support a rule; with fewer, the rule is advice."""


class Count(NamedTuple):
    """The number of different captured runs; for some statuses, at least this number.

    Attributes:
        v1: Under ``assistants=v1``, November 2023 to May 2024.
        later: Under ``assistants=v2`` or at Azure, whose runs have the same fields.
    """

    v1: int
    later: int


RECORDED = {
    "queued": Count(13, 11),
    "in_progress": Count(3, 2),
    "requires_action": Count(5, 11),
    "cancelling": Count(4, 2),
    "cancelled": Count(0, 1),
    "failed": Count(2, 2),
    "completed": Count(8, 46),
    "expired": Count(3, 1),
}
"""The captured runs by status."""


@frozen
class RunRule:
    """A rule about one run.

    Attributes:
        id: The name of the rule.
        description: The rule as a sentence.
        stated: The place in the document that states the rule, with its words.
        recordings: The captured runs that support it, grouped by a property that they share, usually the status.
        judge: Returns the problem of a raw run; None for a run that keeps the rule.
        by_analogy: Why the recordings do not suffice, although they are enough in number; empty if they do.
    """

    id: str
    description: str
    stated: str
    recordings: Mapping[str, Count]
    judge: Callable[[Run], str | None] = field(repr=False)
    by_analogy: str = ""

    @property
    def is_advice(self) -> bool:
        """True if too few recordings support the rule: fewer than three of a status, none of v1, or an analogy."""
        return bool(self.by_analogy) or any(
            count.v1 + count.later < MIN_RECORDINGS or count.v1 == 0 for count in self.recordings.values()
        )

    @property
    def source(self) -> str:
        """The statement of the document, and the number of recordings by status and API version."""
        counts = ", ".join(f"{name} {count.v1} v1 and {count.later} later" for name, count in self.recordings.items())
        return f"openapi.yaml, {self.stated}; recorded: {counts}" + (f"; {self.by_analogy}" if self.by_analogy else "")


def _recorded(*statuses: str) -> dict[str, Count]:
    return {status: RECORDED[status] for status in statuses}


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


def _all(*judges: Callable[[Run], str | None]) -> Callable[[Run], str | None]:
    """Return a judge that gives the first problem that the judges find."""
    return lambda run: next((problem for judge in judges if (problem := judge(run))), None)


def _not_before(later: str, *earlier: str, statuses: tuple[str, ...] = ()) -> Callable[[Run], str | None]:
    """Return the judge of a time that must not lie before others, in runs of these statuses; none means any status."""

    def judge(run: Run) -> str | None:
        end = run.get(later)
        if not isinstance(end, int) or (statuses and run.get("status") not in statuses):
            return None
        for key in earlier:
            start = run.get(key)
            if isinstance(start, int) and end < start:
                return f"{later} is {start - end} s before {key}"
        return None

    return judge


def _expires_later(run: Run) -> str | None:
    expires, created = run.get("expires_at"), run.get("created_at")
    if isinstance(expires, int) and isinstance(created, int) and expires <= created:
        return f"expires_at is {expires} and created_at {created}"
    return None


def _at_most_one_end(run: Run) -> str | None:
    ends = [key for key in ("completed_at", "failed_at", "cancelled_at") if run.get(key) is not None]
    return f"{' and '.join(ends)} are set" if len(ends) > 1 else None


def _has_file_ids(run: Run) -> str | None:
    return None if "file_ids" in run else "file_ids is missing"


def _object(value: Any) -> dict[str, Any]:
    return value if is_object(value) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [_object(item) for item in value] if is_array(value) else []


def _functions(run: Run) -> list[Any]:
    """Return the names of the functions among the tools of a run."""
    tools = (tool for tool in _objects(run.get("tools")) if tool.get("type") == "function")
    return [_object(tool.get("function")).get("name") for tool in tools]


def _calls_are_answerable(run: Run) -> str | None:
    action = run.get("required_action")
    if not is_object(action):
        return None
    calls = _objects(_object(action.get("submit_tool_outputs")).get("tool_calls"))
    if not calls:
        return "required_action has no calls"
    ids = [call.get("id") for call in calls]
    if twice := [call_id for call_id in ids if ids.count(call_id) > 1]:
        return f"two calls have the id {twice[0]!r}"
    known = _functions(run)
    names = [_object(call.get("function")).get("name") for call in calls]
    unknown = next((name for name in names if name not in known), None)
    return None if unknown is None else f"a call names {unknown!r}, which is not a function of the run"


def _has_usage_once_completed(run: Run) -> str | None:
    missing = run.get("status") == "completed" and "usage" in run and run["usage"] is None
    return "usage is null in a run that is completed" if missing else None


def _total_is_sum(run: Run) -> str | None:
    usage = run.get("usage")
    if not is_object(usage):
        return None
    prompt, completion, total = (usage.get(f"{part}_tokens") for part in ("prompt", "completion", "total"))
    if not (isinstance(prompt, int) and isinstance(completion, int)) or prompt + completion == total:
        return None
    return f"total_tokens is {total!r} and not {prompt} + {completion}"


def _auto_keeps_no_number(run: Run) -> str | None:
    strategy = _object(run.get("truncation_strategy"))
    kept = strategy.get("last_messages")
    return f"last_messages is {kept!r} with type auto" if strategy.get("type") == "auto" and kept is not None else None


def _last_messages_has_number(run: Run) -> str | None:
    strategy = _object(run.get("truncation_strategy"))
    missing = strategy.get("type") == "last_messages" and strategy.get("last_messages") is None
    return "last_messages is null with type last_messages" if missing else None


def _choice_names_function(run: Run) -> str | None:
    choice = run.get("tool_choice")
    if not is_object(choice):
        return None
    if choice.get("type") != "function":
        return f"tool_choice of type {choice.get('type')} names a function" if "function" in choice else None
    if "function" not in choice:
        return "tool_choice of type function names no function"
    name = _object(choice["function"]).get("name")
    return None if name in _functions(run) else f"tool_choice names {name!r}, which is not a function of the run"


_STARTED = ("in_progress", "requires_action", "cancelling", "failed", "completed")
_NOT_RECORDED = {"such runs": Count(0, 0)}

RUN_RULES = (
    RunRule(
        "started-at",
        "started_at is set in a run that is in progress, requires action, is cancelling, has failed or has completed.",
        'schema `Run.started_at`: "Set in every status but `queued`"',
        _recorded(*_STARTED),
        _depends_on_status("started_at", set_in=_STARTED),
    ),
    RunRule(
        "expires-at",
        "expires_at is set while a run is under way and null once it has completed.",
        'schema `Run.expires_at`: "Set while the run is under way, and null once it has completed."',
        _recorded(*ACTIVE_STATUSES, "completed"),
        _depends_on_status("expires_at", set_in=ACTIVE_STATUSES, null_in=("completed",)),
    ),
    RunRule(
        "completed-at",
        "completed_at is set in a completed run and null in one that is under way or has failed.",
        'schema `Run.completed_at`: "Set in a completed run; null in one that is under way or has failed."',
        _recorded(*ACTIVE_STATUSES, "failed", "completed"),
        _depends_on_status("completed_at", set_in=("completed",), null_in=(*ACTIVE_STATUSES, "failed")),
    ),
    RunRule(
        "cancelled-at",
        "cancelled_at is null in a run that is under way or has completed.",
        'schema `Run.cancelled_at`: "Null in a run that is under way, `cancelling` included, or has completed."',
        _recorded(*ACTIVE_STATUSES, "completed"),
        _depends_on_status("cancelled_at", null_in=(*ACTIVE_STATUSES, "completed")),
    ),
    RunRule(
        "failed-at",
        "failed_at is set in a failed run and null in one that is under way or has completed.",
        'schema `Run.failed_at`: "Set in a failed run; null in one that is under way or has completed."',
        _recorded(*ACTIVE_STATUSES, "failed", "completed"),
        _depends_on_status("failed_at", set_in=("failed",), null_in=(*ACTIVE_STATUSES, "completed")),
    ),
    RunRule(
        "last-error",
        "last_error is set in a failed run and null in one that is under way or has completed.",
        'schema `Run.last_error`: "Set in a failed run; null in one that is under way or has completed."',
        _recorded(*ACTIVE_STATUSES, "failed", "completed"),
        _depends_on_status("last_error", set_in=("failed",), null_in=(*ACTIVE_STATUSES, "completed")),
    ),
    RunRule(
        "times",
        "A run does not start before it was created, and does not complete or fail before it started.",
        'schema `Run.completed_at`: "When the run completed, in Unix seconds, and not before `started_at`."',
        _recorded(*_STARTED),
        _all(
            _not_before("started_at", "created_at"),
            _not_before("completed_at", "started_at", "created_at"),
            _not_before("failed_at", "started_at", "created_at"),
        ),
    ),
    RunRule(
        "lifetime",
        "expires_at is after created_at.",
        'schema `Run.expires_at`: "When the run will expire unless it ends, in Unix seconds, after `created_at`."',
        _recorded(*ACTIVE_STATUSES),
        _expires_later,
    ),
    RunRule(
        "required-action",
        "required_action is set while the status is requires_action, and null or absent in other statuses.",
        'schema `Run.required_action`: "Set while the status is `requires_action`; otherwise null"',
        _recorded(*ACTIVE_STATUSES, "failed", "completed"),
        _depends_on_status(
            "required_action",
            set_in=("requires_action",),
            null_in=("queued", "in_progress", "cancelling", "failed", "completed"),
        ),
    ),
    RunRule(
        "tool-calls",
        "A required action has calls, no two have the same id, and each names a function of the run.",
        "schema `SubmitToolOutputs.tool_calls`: "
        '"There is at least one, no two have the same id, and each names a function among the tools of the run."',
        _recorded("requires_action"),
        _calls_are_answerable,
    ),
    RunRule(
        "incomplete-details",
        "incomplete_details is null or absent while a run is under way.",
        'schema `Run.incomplete_details`: "null or absent while it is under way"',
        _recorded(*ACTIVE_STATUSES),
        _depends_on_status("incomplete_details", null_in=ACTIVE_STATUSES),
    ),
    RunRule(
        "usage",
        "usage is null or absent while a run is under way.",
        'schema `Run.usage`: "Null or absent while the run is under way"',
        _recorded(*ACTIVE_STATUSES),
        _depends_on_status("usage", null_in=ACTIVE_STATUSES),
    ),
    RunRule(
        "usage-completed",
        "usage is set once a run has completed, if the server sends the key.",
        'schema `Run.usage`: "set in a completed run, if the server sends the key at all"',
        {"completed with usage": Count(4, 46)},
        _has_usage_once_completed,
    ),
    RunRule(
        "total-tokens",
        "total_tokens is the sum of prompt_tokens and completion_tokens.",
        'schema `Usage.total_tokens`: "The sum of prompt and completion tokens."',
        {"runs with usage": Count(5, 49)},
        _total_is_sum,
    ),
    RunRule(
        "truncation",
        "last_messages is null if truncation_strategy has the type auto.",
        'schema `TruncationStrategy.last_messages`: "Null if `type` is `auto`"',
        {"runs with truncation_strategy": Count(10, 14)},
        _auto_keeps_no_number,
    ),
    RunRule(
        "file-ids",
        "file_ids is present, possibly as an empty array.",
        'schema `Run.file_ids`: "Present in every v1 run, possibly as an empty array; removed in v2 of the API."',
        {"every captured v1 run": Count(75, 0)},
        _has_file_ids,
    ),
    RunRule(
        "truncation-last-messages",
        "last_messages is set if truncation_strategy has the type last_messages.",
        'schema `TruncationStrategy.last_messages`: "set if it is `last_messages`, which was never recorded"',
        _NOT_RECORDED,
        _last_messages_has_number,
    ),
    RunRule(
        "tool-choice",
        "tool_choice names a function of the run if its type is function, and no function otherwise.",
        'schema `NamedToolChoice.function`: "The function to call, one of the tools of the run. Set if `type` is '
        '`function`, and absent otherwise"',
        _NOT_RECORDED,
        _choice_names_function,
    ),
    RunRule(
        "cancelled",
        "A cancelled run has started_at, a cancelled_at not before it, and neither last_error nor required_action.",
        'schema `Run.cancelled_at`: "Set in a cancelled run, and not before `started_at`."',
        _recorded("cancelled"),
        _all(
            _depends_on_status("cancelled_at", set_in=("cancelled",)),
            _depends_on_status("started_at", set_in=("cancelled",)),
            _depends_on_status("last_error", null_in=("cancelled",)),
            _depends_on_status("required_action", null_in=("cancelled",)),
            _not_before("cancelled_at", "started_at", "created_at"),
        ),
    ),
    RunRule(
        "expired",
        "An expired run has started_at and no required_action.",
        'schema `Run.started_at`: "Set in every status but `queued`"',
        _recorded("expired"),
        _all(
            _depends_on_status("started_at", set_in=("expired",)),
            _depends_on_status("required_action", null_in=("expired",)),
        ),
        by_analogy="all of them had completed first, so that they do not show a run that ran out of time",
    ),
    RunRule(
        "expires-at-ended",
        "expires_at is null in a run that failed or was cancelled.",
        'schema `Run.expires_at`: "Null in the recorded runs that failed or were cancelled."',
        _recorded("cancelled", "failed"),
        _depends_on_status("expires_at", null_in=("cancelled", "failed")),
    ),
    RunRule(
        "one-end",
        "A run has at most one of completed_at, failed_at and cancelled_at.",
        'schema `Run.cancelled_at`: "A run has at most one of `completed_at`, `failed_at` and `cancelled_at`."',
        {"cancelled": Count(0, 1), "failed": Count(1, 1), "expired": Count(3, 1)},
        _at_most_one_end,
    ),
)
"""The rules, in the order in which a report lists them."""
