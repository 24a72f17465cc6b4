"""The rules about the fields of one run that depend on each other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadruns.contract.rules.run_rules import ACTIVE_STATUSES, FINAL_STATUSES, RUN_RULES

from . import bodies

RULES = {rule.id: rule for rule in RUN_RULES}
STATUSES = (*ACTIVE_STATUSES, *FINAL_STATUSES)
SET: dict[str, Any] = {
    "expires_at": 1700000600,
    "required_action": bodies.ACTION,
    "completed_at": 1700000100,
    "cancelled_at": 1700000100,
    "failed_at": 1700000100,
    "last_error": {"code": "server_error", "message": "It broke."},
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}
# One column for each status: queued, in_progress, requires_action, cancelling, cancelled, failed, completed, expired.
# "+": the key must be set; "-": it must not be set; ".": the recordings leave it open.
EXPECTED = {
    "expires_at": "++++..--",
    "required_action": "--+-----",
    "completed_at": "----..++",
    "cancelled_at": "----+.-.",
    "failed_at": "----.+-.",
    "last_error": "----.+-.",
    "usage": "----....",
}


def broken(run: bodies.Json) -> list[str]:
    """Return the ids of the rules that a run breaks."""
    return [rule.id for rule in RUN_RULES if rule.judge(run)]


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


def test_a_documented_example_breaks_the_rules() -> None:
    """A queued run that has completed, as in an example of the vendor, breaks the rules of both keys."""
    run = bodies.FIFTH | {"status": "queued", "expires_at": None, "completed_at": 1713000002}
    assert broken(run) == ["expires-at", "completed-at"]


@given(
    st.dictionaries(
        st.sampled_from([*SET, "status", "file_ids"]),
        st.recursive(
            st.none() | st.sampled_from(STATUSES) | st.integers() | st.text(max_size=4),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["total_tokens"]), inner),
            max_leaves=4,
        ),
    )
)
def test_no_value_makes_a_rule_raise(run: dict[str, Any]) -> None:
    """A rule returns a problem or None for any values of the keys."""
    for rule in RUN_RULES:
        problem = rule.judge(run)
        assert problem is None or isinstance(problem, str)


def test_rules_have_unique_ids_a_description_and_a_source() -> None:
    """No two rules have the same id; the description is a sentence, and the source names the recordings."""
    assert len(RULES) == len(RUN_RULES)
    for rule in RUN_RULES:
        assert rule.description.endswith(".")
        assert "captured" in rule.source
