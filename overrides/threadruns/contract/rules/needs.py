"""The kinds of runs that decide the rules over one run: only a failed run can decide a rule about failed runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from attrs import frozen

from threadruns._document import schema
from threadruns._run_rules import ACTIVE_STATUSES, FINAL_STATUSES, RUN_RULES

STATUSES: tuple[str, ...] = tuple(schema("RunStatus")["enum"])
"""The documented statuses."""


@frozen
class Need:
    """A kind of run.

    Attributes:
        description: The kind, as in "a run ...".
        is_met: Tells whether a run is of this kind.
    """

    description: str
    is_met: Callable[[Mapping[str, Any]], bool]


def _status(*statuses: str) -> Need:
    names = f"in status {statuses[0]}" if len(statuses) == 1 else "that is under way"
    return Need(names, lambda run: run.get("status") in statuses)


def _type(key: str, value: str) -> Need:
    def is_met(run: Mapping[str, Any]) -> bool:
        found = run.get(key)
        return isinstance(found, dict) and cast("dict[str, Any]", found).get("type") == value

    return Need(f"with {key} of type {value}", is_met)


_USAGE = Need("with usage", lambda run: isinstance(run.get("usage"), Mapping))
_SPECIAL = {
    "required-action": (
        _status("requires_action"),
        _status("queued", "in_progress", "cancelling", *FINAL_STATUSES[1:3]),
    ),
    "usage-completed": (
        Need("in status completed with the key usage", lambda run: run.get("status") == "completed" and "usage" in run),
    ),
    "total-tokens": (_USAGE,),
    "truncation": (_type("truncation_strategy", "auto"),),
    "truncation-last-messages": (_type("truncation_strategy", "last_messages"),),
    "tool-choice": (Need("with an object as tool_choice", lambda run: isinstance(run.get("tool_choice"), Mapping)),),
}


def _needs(name: str, recorded: Mapping[str, Any]) -> tuple[Need, ...]:
    if name in _SPECIAL:
        return _SPECIAL[name]
    active = tuple(status for status in ACTIVE_STATUSES if status in recorded)
    return (*((_status(*active),) if active else ()), *(_status(one) for one in FINAL_STATUSES if one in recorded))


NEEDS: dict[str, tuple[Need, ...]] = {f"run.{rule.id}": _needs(rule.id, rule.recordings) for rule in RUN_RULES} | {
    f"schema.run-{status.replace('_', '-')}": (_status(status),) for status in STATUSES
}
"""The kinds of runs that decide a rule, by its id; a rule is decided if a run of each kind was judged."""


ALL_NEEDS = frozenset(need for needs in NEEDS.values() for need in needs)
"""Every kind of run that a rule needs."""


def describe_needs(needs: tuple[Need, ...]) -> str:
    """Return what decides a rule, as the object of "Give ... to decide it"."""
    if not needs:
        return "a thread with a run that is valid against the schema"
    *others, last = (f"a run {need.description}" for need in needs)
    return f"threads with {', '.join(others)} and {last}" if others else f"a thread with {last}"
