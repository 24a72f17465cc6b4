"""Synthetic runs: valid, of every variant, and the same for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threadruns._document import schema, validator
from threadruns.contract.rules.run_rules import RUN_RULES
from threadruns.server.synth import synthesize, thread


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**9), st.integers(1, 40))
def test_every_run_is_valid(seed: int, count: int) -> None:
    """Runs of any seed are valid and keep the rules between their fields."""
    for run in thread("thread_x", count, seed=seed):
        validator("Run").validate(run)
        assert [rule.id for rule in RUN_RULES if rule.judge(run) is not None] == []


def test_every_status_and_variant_turns_up() -> None:
    """A few hundred runs have every status, tool, choice, format, error and strategy of the document."""
    runs = list(synthesize(20, 400, seed=1))
    assert {run["status"] for run in runs} == set(schema("RunStatus")["enum"])
    assert {tool["type"] for run in runs for tool in run["tools"]} == {"code_interpreter", "retrieval", "function"}
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
