"""Synthetic runs: valid, of every variant, and the same for the same seed."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threadruns._document import schema, validator
from threadruns._run_rules import RUN_RULES
from threadruns.server.synth import SynthesisError, synthesize, thread


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**9), st.integers(1, 40))
def test_every_run_is_valid(seed: int, count: int) -> None:
    """Runs of any seed are valid and keep the rules between their fields."""
    for run in thread("thread_x", count, seed=seed):
        validator("Run").validate(run)
        assert [rule.id for rule in RUN_RULES if rule.judge(run) is not None] == []


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 10**9),
    st.dictionaries(st.sampled_from(schema("RunStatus")["enum"]), st.floats(0.01, 100), min_size=1),
    st.integers(1, 12),
    st.integers(12, 60),
)
def test_statuses_come_in_the_shares_that_are_asked_for(
    seed: int, shares: dict[str, float], threads: int, count: int
) -> None:
    """The number of runs of each status differs from its share by less than one, over all threads together."""
    found = Counter(run["status"] for run in synthesize(threads, count, seed, statuses=shares))
    assert found.keys() <= shares.keys()
    for status, share in shares.items():
        assert abs(found[status] - count * share / sum(shares.values())) < 1 + 1e-6 * count


@pytest.mark.parametrize(
    ("shares", "problem"),
    [
        ({"done": 1}, "'done' is not a status"),
        ({"failed": -1}, "share of failed is -1"),
        ({"failed": float("nan")}, "share of failed is nan"),
        ({"failed": float("inf")}, "share of failed is inf"),
        ({"failed": 0}, "at least one"),
        ({}, "at least one"),
    ],
)
def test_invalid_shares_are_refused(shares: dict[str, float], problem: str) -> None:
    """A share of no status, a share that is not a number from 0 upwards, and no share at all are errors."""
    with pytest.raises(ValueError, match=problem):
        thread("thread_x", 1, statuses=shares)
    with pytest.raises(ValueError, match=problem):
        synthesize(1, 1, statuses=shares)


def test_runs_are_like_recorded_ones() -> None:
    """Synthetic runs have what recorded runs show over time: a life of 600 s, second starts, limits, plain names."""
    runs = list(synthesize(10, 800, seed=4))
    by_status = {status: [run for run in runs if run["status"] == status] for status in schema("RunStatus")["enum"]}
    assert {run["expires_at"] - run["created_at"] for run in runs if run["expires_at"]} == {600}
    again = [run for run in by_status["queued"] if run["started_at"]]
    assert 0 < len(again) < len(by_status["queued"])
    assert all(any(tool["type"] == "function" for tool in run["tools"]) for run in again)
    short = [run for run in runs if run.get("incomplete_details")]
    assert {run["status"] for run in short} == {"completed"}
    assert {run["incomplete_details"]["reason"] for run in short} == set(schema("IncompleteReason")["enum"])
    assert all(run[run["incomplete_details"]["reason"]] for run in short)
    assert all(run["completed_at"] - run["started_at"] < 30 for run in by_status["expired"])
    names = [
        [tool["function"]["name"] for tool in run["tools"] if tool["type"] == "function"]
        for run in runs
        if run["tools"]
    ]
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", name) for some in names for name in some)
    assert all(len(set(some)) == len(some) for some in names)


def test_a_run_that_breaks_a_rule_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that the schema or a rule refuses is an error with the problem, before it is written."""
    rule = RUN_RULES[0]
    refusing = type(rule)(rule.id, rule.description, rule.stated, rule.recordings, lambda _: "it is wrong")
    monkeypatch.setattr("threadruns.server.synth.RUN_RULES", [refusing])
    with pytest.raises(SynthesisError, match="it is wrong"):
        thread("thread_x", 1)


def test_every_status_and_variant_turns_up() -> None:
    """A few hundred runs have every status, tool, choice, format, error and strategy of the document."""
    runs = list(synthesize(20, 400, seed=1))
    assert {run["status"] for run in runs} == set(schema("RunStatus")["enum"])
    assert {tool["type"] for run in runs for tool in run["tools"]} == set(schema("Tool")["discriminator"]["mapping"])
    for field, modes in (("tool_choice", "ToolChoiceMode"), ("response_format", "ResponseFormatMode")):
        values = [run[field] for run in runs if field in run]
        assert {value for value in values if isinstance(value, str)} == set(schema(modes)["enum"])
        assert any(isinstance(value, dict) for value in values)
    assert {run["last_error"]["code"] for run in runs if run["last_error"]} == set(schema("LastErrorCode")["enum"])
    strategies = {run["truncation_strategy"]["type"] for run in runs if "truncation_strategy" in run}
    assert strategies == set(schema("TruncationType")["enum"])
    assert {type(run["top_p"]) for run in runs if "top_p" in run} == {int, float}
    assert any("usage" not in run for run in runs)


def test_same_seed_makes_the_same_runs() -> None:
    """Equal seeds give equal runs, other seeds other ones, and a longer thread starts with the same runs."""
    assert list(synthesize(5, 30, seed=7)) == list(synthesize(5, 30, seed=7))
    assert list(synthesize(5, 30, seed=7)) != list(synthesize(5, 30, seed=8))
    assert thread("thread_x", 10, seed=1) == thread("thread_x", 20, seed=1)[:10]


def test_threads_and_runs_are_as_many_as_asked() -> None:
    """Every thread has a run, ids are unique, and runs of a thread are in order of time."""
    runs = list(synthesize(12, 100, seed=2))
    sizes = Counter(run["thread_id"] for run in runs)
    assert (len(runs), len(sizes), len({run["id"] for run in runs})) == (100, 12, 100)
    times = [run["created_at"] for run in runs if run["thread_id"] == runs[-1]["thread_id"]]
    assert times == sorted(times)
    assert len({run["created_at"] for run in thread("thread_x", 9, one_second=True)}) == 1


@pytest.mark.parametrize(("threads", "runs"), [(0, 5), (5, 4), (-1, 3)])
def test_too_few_runs_are_refused(threads: int, runs: int) -> None:
    """Fewer runs than threads are refused."""
    with pytest.raises(ValueError, match="ask for at least one run per thread"):
        list(synthesize(threads, runs))
