"""The comparison of two readings of one run."""

from __future__ import annotations

from typing import Any

import pytest

from threadruns.contract import example
from threadruns.contract.judging.readings import compare_readings, metadata_returned

RUN: dict[str, Any] = example.threads((5,))["thread_Of5Runs"][0]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"metadata": {"new": "note"}}, None),
        ({"model": "other"}, "model"),
        ({"created_at": 1}, "created_at"),
        ({"status": "queued"}, "which is final"),
        ({"status": "failed"}, "which is final"),
        ({"status": "expired"}, None),
        ({"usage": None}, "though the run has ended"),
        ({"temperature": 0.5}, "though the run has ended"),
    ],
)
def test_a_run_that_has_ended_does_not_change(change: dict[str, Any], problem: str | None) -> None:
    """After a run has ended, only its metadata may change; a completed run may become `expired`."""
    ended = RUN | {"status": "completed"}
    found = compare_readings(ended, ended | change)
    assert found is None if problem is None else problem in str(found)


def test_an_active_run_may_change() -> None:
    """A run in progress may complete, and its other fields change with the status."""
    before = RUN | {"status": "in_progress", "usage": None, "completed_at": None}
    assert compare_readings(before, RUN | {"status": "completed"}) is None


def test_an_expired_run_does_not_complete() -> None:
    """A run that reads `expired` does not read `completed` again."""
    found = compare_readings(RUN | {"status": "expired"}, RUN | {"status": "completed"})
    assert "which is final" in str(found)


@pytest.mark.parametrize(
    ("now", "problem"),
    [
        ({"a": "3"}, None),
        ({"a": "2"}, None),
        ({"a": "1"}, 'metadata of \'run_1\' was {"a": "2"} and is {"a": "1"} again'),
    ],
)
def test_metadata_that_changes_back_is_a_fault(now: object, problem: str | None) -> None:
    """A caller may change metadata at any time; a server that has two versions of it shows the former one again."""
    assert metadata_returned("run_1", [{"a": "0"}, {"a": "1"}], {"a": "2"}, now) == problem
