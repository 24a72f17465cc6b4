"""Iterations over many threads that stop and continue: events, and the token for what is left."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.paging.killed import kill_and_resume, served_runs, thread_names
from tests.support.clients import WALKS, open_client, run_ids
from tests.support.runs import ids, runs
from threadruns import ArgumentError, ClientClosedError, ListEnd, NotFoundError, ThreadrunsError
from threadruns.testing import serve

THREADS = ["thread_a", "thread_b", "thread_c"]


def saved(events: Any) -> Counter[str]:
    """Return how often each run was yielded."""
    return Counter(name for _, outcome in events if isinstance(outcome, list) for name in run_ids(outcome))


@pytest.mark.parametrize("kind", WALKS)
def test_events(kind: str) -> None:
    """Each thread yields its pages and then one end, with the numbers of runs and pages, or one error."""
    with (
        serve(runs=[*runs(5), *runs(4, "thread_b")], threads=["thread_e"]) as server,
        open_client(server, kind) as client,
    ):
        names = ["thread_a", "thread_none", "thread_b", "thread_e"]
        events = list(client.runs.list.many(names, limit=2, concurrency=2))
    last = dict(events)
    assert {name: outcome for name, outcome in last.items() if isinstance(outcome, ListEnd)} == {
        "thread_a": ListEnd(5, 3),
        "thread_b": ListEnd(4, 2),
        "thread_e": ListEnd(0, 1),
    }
    assert isinstance(last["thread_none"], NotFoundError)
    assert sum(not isinstance(outcome, list) for _, outcome in events) == 4


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_resume_after_each_event(order: Any, kind: str) -> None:
    """Wherever an iteration stops, the token leads to exactly the runs that were not yielded."""
    served = [each for thread in THREADS for each in runs(5, thread)]
    with serve(runs=served) as server, open_client(server, kind) as client:
        total = len(list(client.runs.list.many(THREADS, limit=2, order=order, concurrency=2)))
        assert total == 3 * (3 + 1)
        for stop in range(total + 1):
            walk = client.runs.list.many(THREADS, limit=2, order=order, concurrency=2)
            events = [next(walk) for _ in range(stop)]
            token = walk.token
            walk.close()
            rest = list(client.runs.list.resume_many(token, THREADS))
            assert saved([*events, *rest]) == dict.fromkeys((each["id"] for each in served), 1)
            ended = [name for name, outcome in [*events, *rest] if isinstance(outcome, ListEnd)]
            assert sorted(ended) == THREADS


@pytest.mark.parametrize("kind", WALKS)
def test_backward(kind: str) -> None:
    """An iteration towards the beginning continues in its direction."""
    with serve(runs=runs(9)) as server, open_client(server, kind) as client:
        whole = saved(client.runs.list.many(["thread_a"], before="run_a0001", limit=2))
        walk = client.runs.list.many(["thread_a"], before="run_a0001", limit=2)
        first = next(walk)
        assert saved([first, *client.runs.list.resume_many(walk.token, ["thread_a"])]) == whole
        assert len(whole) == 7


@pytest.mark.parametrize("kind", WALKS)
def test_items_that_are_left(kind: str) -> None:
    """The rest of max_items is kept for each thread, unless another number is given."""
    served = [each for thread in THREADS for each in runs(9, thread)]
    with serve(runs=served) as server, open_client(server, kind) as client:
        for stop in range(9):
            walk = client.runs.list.many(THREADS, limit=2, max_items=4, concurrency=2)
            events = [next(walk) for _ in range(stop)]
            found = saved([*events, *client.runs.list.resume_many(walk.token, THREADS)])
            assert found == dict.fromkeys((name for thread in THREADS for name in ids(9, thread)[:4]), 1)
            walk.close()
        walk = client.runs.list.many(["thread_a"], limit=2, max_items=4)
        next(walk)
        assert len(saved(client.runs.list.resume_many(walk.token, ["thread_a"], max_items=None))) == 7


@pytest.mark.parametrize("kind", WALKS)
def test_failed_threads_are_left(kind: str) -> None:
    """A thread that failed is requested again, at the page that failed; one with an invalid id is not."""
    names = ["thread_a", "..", "thread_none"]
    with serve(runs=runs(5), faults=["status-403:every=3"]) as server, open_client(server, kind) as client:
        walk = client.runs.list.many(names, limit=2, concurrency=1)
        events = list(walk)
        failed = [name for name, outcome in events if isinstance(outcome, ThreadrunsError)]
        assert failed == ["thread_a", "..", "thread_none"]
        token = walk.token
    with serve(runs=runs(5), api_key=server.api_key) as server, open_client(server, kind) as client:
        rest = list(client.runs.list.resume_many(token, names))
        assert saved([*events, *rest]) == dict.fromkeys(ids(5), 1)
        assert {name for name, _ in rest} == {"thread_a", "thread_none"}


@pytest.mark.parametrize("kind", WALKS)
def test_nothing_is_left(kind: str) -> None:
    """The token of an iteration that is through leads to nothing, without a request."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        walk = client.runs.list.many(["thread_a"])
        list(walk)
        server.requests.clear()
        assert list(client.runs.list.resume_many(walk.token, ["thread_a"])) == []
        assert not server.requests
        more = dict(client.runs.list.resume_many(walk.token, ["thread_a", "thread_none"]))
        assert [*more] == ["thread_none"]


@pytest.mark.parametrize("kind", WALKS)
def test_closed_client(kind: str) -> None:
    """Threads that a closing client cuts off are left."""
    with serve(runs=[*runs(9), *runs(9, "thread_b")]) as server:
        with open_client(server, kind) as client:
            walk = client.runs.list.many(["thread_a", "thread_b"], limit=2, concurrency=1)
            events = [next(walk)]
            client.close()
            rest = list(walk)
            assert any(isinstance(outcome, ClientClosedError) for _, outcome in rest)
        with open_client(server, kind) as client:
            resumed = list(client.runs.list.resume_many(walk.token, ["thread_a", "thread_b"]))
            assert saved([*events, *rest, *resumed]) == dict.fromkeys([*ids(9), *ids(9, "thread_b")], 1)


@pytest.mark.parametrize("kind", WALKS)
def test_tokens_that_do_not_fit(kind: str) -> None:
    """A token of one list, of other names or of something else is refused in a sentence before anything is sent."""
    with serve(runs=[*runs(5), *runs(5, "thread_b")]) as server, open_client(server, kind) as client:
        walk = client.runs.list.many(["thread_a", "thread_b"], limit=2, concurrency=2)
        next(walk)
        token, single = walk.token, iter(client.runs.list("thread_a")).token
        walk.close()
        server.requests.clear()
        for names in (["thread_b", "thread_a"], ["thread_a"], []):
            with pytest.raises(ArgumentError, match="the same names in the same order"):
                client.runs.list.resume_many(token, names)
        with pytest.raises(ArgumentError, match="got the string 'thread_a'"):
            client.runs.list.resume_many(token, "thread_a")
        with pytest.raises(ArgumentError, match="belongs to one list; pass it to resume"):
            client.runs.list.resume_many(single, ["thread_a", "thread_b"])
        with pytest.raises(ArgumentError, match="belongs to many; pass it to resume_many"):
            client.runs.list.resume(token)
        for broken in ("", "{}", "[]", "null", json.dumps({**json.loads(token), "lists": 5})):
            with pytest.raises(ArgumentError, match="cannot be read"):
                client.runs.list.resume_many(broken, ["thread_a", "thread_b"])
        other = json.dumps({**json.loads(token), "operation": "list_files"})
        with pytest.raises(ArgumentError, match="belongs to 'list_files'"):
            client.runs.list.resume_many(other, ["thread_a", "thread_b"])
        assert not server.requests


@pytest.mark.parametrize("kind", WALKS)
def test_arguments_are_checked_at_once(kind: str) -> None:
    """Arguments that all threads share are refused before the first of them is requested."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        for wrong in ({"limit": 1000}, {"order": "up"}, {"timeout": -1}):
            with pytest.raises(ArgumentError):
                client.runs.list.many(["thread_a"], **wrong)
        assert not server.requests


@given(st.data())
def test_any_stops(data: st.DataObject) -> None:
    """Any number of stops, with repeated names and any concurrency, yields each run once for each time it is named."""
    sizes = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    threads = [f"thread_{number}" for number in range(len(sizes))]
    served = [each for thread, size in zip(threads, sizes, strict=True) for each in runs(size, thread)]
    names = data.draw(st.lists(st.sampled_from(threads), max_size=6))
    expected = Counter(each["id"] for name in names for each in served if each["thread_id"] == name)
    with serve(runs=served, threads=threads) as server, open_client(server) as client:
        walk = client.runs.list.many(
            names, limit=data.draw(st.integers(1, 3)), concurrency=data.draw(st.integers(1, 3))
        )
        events = []
        for _ in range(data.draw(st.integers(0, 3))):
            for _ in range(data.draw(st.integers(0, 6))):
                events += [event] if (event := next(walk, None)) else []
            token = walk.token
            walk.close()
            walk = client.runs.list.resume_many(token, names, concurrency=data.draw(st.integers(1, 3)))
        assert saved([*events, *walk]) == expected


@pytest.mark.parametrize("together", [True, False])
def test_killed_processes(together: bool, tmp_path: Path) -> None:
    """Killed at any moment, each run is saved once if the token is saved with the runs, and at least once if after."""
    count = 30
    with serve(runs=served_runs(count)) as server:
        found = kill_and_resume(server, tmp_path, count, 2, together=together)
    assert found.kills == 2
    assert found.runs.keys() == {each["id"] for each in served_runs(count)}
    assert found.ended.keys() == {*thread_names(count)}
    if together:
        assert {*found.runs.values(), *found.ended.values()} == {1}
