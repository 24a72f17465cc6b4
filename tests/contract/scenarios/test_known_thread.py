"""The known runs of a thread."""

from __future__ import annotations

from threadruns.contract.scenarios.known_thread import KnownThread


def test_new_runs_may_have_been_created_one_by_one() -> None:
    """Between two readings, a thread may have had any number of the new runs."""
    thread = KnownThread("thread_x", newest_first=("c", "b", "a"))
    assert set(thread.possible_states(("a",))) == {("a",), ("b", "a"), ("c", "b", "a")}
