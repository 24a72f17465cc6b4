"""The rules about the fields of one run that depend on each other."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadruns._run_rules import ACTIVE_STATUSES, FINAL_STATUSES, RUN_RULES

from . import bodies

RULES = {rule.id: rule for rule in RUN_RULES}
STATUSES = (*ACTIVE_STATUSES, *FINAL_STATUSES)
SET: dict[str, Any] = {
    "started_at": 1700000001,
    "expires_at": 1700000600,
    "required_action": bodies.ACTION,
    "completed_at": 1700000100,
    "cancelled_at": 1700000100,
    "failed_at": 1700000100,
    "last_error": {"code": "server_error", "message": "It broke."},
    "incomplete_details": {"reason": "max_prompt_tokens"},
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}
# One column for each status: queued, in_progress, requires_action, cancelling, cancelled, failed, completed, expired.
# "+": the key must be set; "-": it must not be set; ".": the recordings leave it open.
EXPECTED = {
    "started_at": ".+++.++.",
    "expires_at": "++++..-.",
    "required_action": "--+-.--.",
    "completed_at": "----.-+.",
    "cancelled_at": "----..-.",
    "failed_at": "----.+-.",
    "last_error": "----.+-.",
    "incomplete_details": "----....",
    "usage": "----....",
}
# The same for rules that are advice.
ADVISED = {
    "started_at": "....+..+",
    "expires_at": "....--..",
    "required_action": "....-..-",
    "cancelled_at": "....+...",
    "last_error": "....-...",
}
KEYS = ["total_tokens", "prompt_tokens", "type", "function", "name", "id", "submit_tool_outputs", "tool_calls"]


def broken(run: bodies.Json, *, advice: bool | None = None) -> list[str]:
    """Return the ids of the rules that a run breaks; of one severity if it is given."""
    return [rule.id for rule in RUN_RULES if rule.judge(run) and advice in (None, rule.is_advice)]


@pytest.mark.parametrize("run", bodies.RUNS.values(), ids=bodies.RUNS)
def test_a_run_of_each_period_passes_every_rule(run: bodies.Json) -> None:
    """A run as the server sent it in each period breaks no rule."""
    assert broken(run) == []


@pytest.mark.parametrize("key", EXPECTED)
@pytest.mark.parametrize("status", STATUSES)
def test_a_status_requires_and_forbids_keys_as_recorded(status: str, key: str) -> None:
    """For each status, a key that is set, null or absent is judged as the table of recordings says."""
    expected = EXPECTED[key][STATUSES.index(status)]
    judge = RULES[key.replace("_", "-")].judge
    absent = {name: value for name, value in bodies.FIRST.items() if name != key} | {"status": status}
    assert judge(absent | {key: SET[key]}) == (f"{key} is set in a run that is {status}" if expected == "-" else None)
    assert judge(absent | {key: None}) == (f"{key} is null in a run that is {status}" if expected == "+" else None)
    assert judge(absent) == (f"{key} is missing in a run that is {status}" if expected == "+" else None)


@pytest.mark.parametrize("key", ADVISED)
@pytest.mark.parametrize("status", STATUSES)
def test_what_few_recordings_show_is_advice(status: str, key: str) -> None:
    """A rule that few recordings of a status support, or only an analogy, is advice."""
    expected = ADVISED[key][STATUSES.index(status)]
    plain = {**bodies.FIRST, "status": status, **dict.fromkeys(("completed_at", "failed_at", "cancelled_at"))}
    plain |= {
        "started_at": 1700000001,
        "expires_at": None,
        "cancelled_at": 1700000100 if status == "cancelled" else None,
    }
    assert bool(set(broken(plain | {key: SET[key]}, advice=True))) == (expected == "-")
    assert bool(set(broken(plain | {key: None}, advice=True))) == (expected == "+")


def test_an_expired_run_may_have_run_out_of_time() -> None:
    """Neither `completed_at` nor `expires_at` of an expired run is judged, set or null."""
    for completed, expires in itertools.product((None, 1705000009), (None, 1705000600)):
        assert broken(bodies.EXPIRED | {"completed_at": completed, "expires_at": expires}) == []


def test_too_few_recordings_make_a_rule_advice() -> None:
    """A rule is a departure from three recordings of each status, v1 among them; otherwise it is advice."""
    for rule in RUN_RULES:
        few = any(count.v1 + count.later < 3 or count.v1 == 0 for count in rule.recordings.values())
        assert rule.is_advice == (few or bool(rule.by_analogy)), rule.id
    assert {rule.id for rule in RUN_RULES if rule.is_advice} == {
        *("truncation-last-messages", "tool-choice", "cancelled", "expired", "expires-at-ended", "one-end"),
    }


def test_a_source_counts_the_recordings_by_status_and_era() -> None:
    """The source of a rule gives its recordings, and says "every" only of runs that were captured."""
    for rule in RUN_RULES:
        assert rule.recordings
        for name, count in rule.recordings.items():
            assert f"{name} {count.v1} v1 and {count.later} later" in rule.source
        assert "every" not in rule.source.replace("every captured", "").replace("every status", "").replace(
            "every v1", ""
        )


COMPLETED = bodies.SECOND
WRONG: dict[str, tuple[bodies.Json, list[str]]] = {
    "started before it was created": (COMPLETED | {"started_at": 1704999999}, ["times"]),
    "completed before it started": (COMPLETED | {"completed_at": 1705000001}, ["times"]),
    "failed before it started": (bodies.THIRD | {"failed_at": 1710000000}, ["times"]),
    "failed before it was created": (
        bodies.THIRD | {"started_at": None, "failed_at": 1709999999},
        ["started-at", "times"],
    ),
    "cancelled before it started": (bodies.FOURTH | {"cancelled_at": 1712000000}, ["cancelled"]),
    "expires when it is created": (bodies.FIRST | {"expires_at": 1700000000}, ["lifetime"]),
    "expired before it was created": (bodies.FIRST | {"expires_at": 1699999400}, ["lifetime"]),
    "failed and completed": (bodies.THIRD | {"completed_at": 1710000004}, ["completed-at", "one-end"]),
    "failed and cancelled": (bodies.THIRD | {"cancelled_at": 1710000004}, ["one-end"]),
    "completed without usage": (COMPLETED | {"usage": None}, ["usage-completed"]),
    "cut short under way": (
        bodies.FIFTH | {"incomplete_details": {"reason": "max_prompt_tokens"}},
        ["incomplete-details"],
    ),
    "auto keeps a number": (
        bodies.FIFTH | {"truncation_strategy": {"type": "auto", "last_messages": 4}},
        ["truncation"],
    ),
    "last messages without number": (
        bodies.FIFTH | {"truncation_strategy": {"type": "last_messages", "last_messages": None}},
        ["truncation-last-messages"],
    ),
    "choice of no function": (bodies.FIFTH | {"tool_choice": {"type": "function"}}, ["tool-choice"]),
    "choice of a function that is not there": (
        bodies.FIFTH | {"tool_choice": {"type": "function", "function": {"name": "news"}}},
        ["tool-choice"],
    ),
    "function beside another type": (
        bodies.FIFTH | {"tool_choice": {"type": "retrieval", "function": {"name": "weather"}}},
        ["tool-choice"],
    ),
}


@pytest.mark.parametrize(("run", "rules"), WRONG.values(), ids=WRONG)
def test_a_contradiction_breaks_its_rule(run: bodies.Json, rules: list[str]) -> None:
    """A run whose fields contradict each other breaks the rule for it and no other."""
    assert broken(run) == rules


CALL = bodies.ACTION["submit_tool_outputs"]["tool_calls"][0]


@pytest.mark.parametrize(
    ("calls", "problem"),
    [
        ([], "required_action has no calls"),
        ([CALL, CALL], "two calls have the id 'call_u3Kd'"),
        (
            [CALL, CALL | {"id": "call_2", "function": {"name": "news", "arguments": "{}"}}],
            "a call names 'news', which",
        ),
        ([CALL, CALL | {"id": "call_2"}], None),
    ],
)
def test_calls_can_be_answered(calls: list[bodies.Json], problem: str | None) -> None:
    """A required action has calls with different ids, each of a function of the run."""
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
    found = RULES["tool-calls"].judge(bodies.WAITING | {"required_action": action})
    assert found is None if problem is None else problem in str(found)
    assert broken(bodies.WAITING | {"required_action": action}) == ([] if problem is None else ["tool-calls"])


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1), st.integers(0, 2**32))
def test_total_tokens_is_the_sum(prompt: int, completion: int, total: int) -> None:
    """Any other total breaks the rule, and the problem contains the numbers."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    judge = RULES["total-tokens"].judge
    assert judge({"usage": usage | {"total_tokens": prompt + completion}}) is None
    assert judge({"usage": None}) is None
    problem = judge({"usage": usage | {"total_tokens": total}})
    assert (problem is None) == (total == prompt + completion)
    assert problem is None or f"{total} and not {prompt} + {completion}" in problem


def test_a_v1_run_has_file_ids() -> None:
    """The key that v2 removed is required; an empty array is enough."""
    run = {key: value for key, value in bodies.FIRST.items() if key != "file_ids"}
    assert broken(run) == ["file-ids"]
    assert broken(run | {"file_ids": []}) == []


CONTRADICTING: dict[str, tuple[bodies.Json, list[str]]] = {
    "the vendor's example of createRun, April 2024: queued, and has completed": (
        bodies.FIFTH | {"status": "queued", "expires_at": None, "completed_at": 1713000002},
        ["expires-at", "completed-at"],
    ),
    "a test resource, edited by hand: completed, with the time in cancelled_at": (
        COMPLETED | {"completed_at": None, "cancelled_at": 1705000009},
        ["completed-at", "cancelled-at"],
    ),
    "the text of a course: completed, with expires_at and without completed_at": (
        COMPLETED | {"completed_at": None, "expires_at": 1705000600},
        ["expires-at", "completed-at"],
    ),
    "hal9100, December 2023: failed, without start, time and error": (
        bodies.THIRD | {"started_at": None, "failed_at": None, "last_error": None},
        ["started-at", "failed-at", "last-error"],
    ),
}
"""The bodies that are known to break a rule, each by its origin and remade from a run of our own.

None of them was captured, so they do not count as recordings.
"""


@pytest.mark.parametrize(("run", "rules"), CONTRADICTING.values(), ids=CONTRADICTING)
def test_documented_bodies_that_break_a_rule(run: bodies.Json, rules: list[str]) -> None:
    """The documented and edited bodies that contradict the recordings break these rules and no others."""
    assert broken(run, advice=False) == rules


@given(
    st.dictionaries(
        st.sampled_from([*SET, "status", "file_ids", "created_at", "tools", "tool_choice", "truncation_strategy"]),
        st.recursive(
            st.none() | st.sampled_from(STATUSES) | st.integers() | st.text(max_size=4),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner),
            max_leaves=4,
        ),
    )
)
def test_no_value_makes_a_rule_raise(run: dict[str, Any]) -> None:
    """A rule returns a problem or None for any values of the keys."""
    for rule in RUN_RULES:
        problem = rule.judge(run)
        assert problem is None or isinstance(problem, str)


def test_rules_are_named_once_and_say_a_sentence() -> None:
    """No two rules share an id, and each says what it demands."""
    assert len(RULES) == len(RUN_RULES)
    for rule in RUN_RULES:
        assert rule.description.endswith(".")
