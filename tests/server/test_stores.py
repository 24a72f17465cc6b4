"""The interface of a store, on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.postgres import needs_postgres
from tests.support.store import sqlite_only
from threadruns.server._messages import Position
from threadruns.server.store import Store, open_store
from threadruns.server.store.errors import RunConflict
from threadruns.server.store.records import Conflict, LoadCounts, RunRecord

KINDS = ["memory", "sqlite", pytest.param("postgres", marks=needs_postgres)]


@pytest.fixture(scope="module", params=KINDS)
def new_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Store]]:
    """Return a function that opens an empty store."""
    numbers = itertools.count()
    opened: list[Store] = []
    locations: dict[str, Callable[[], str | None]] = {
        "memory": lambda: None,
        "sqlite": lambda: str(tmp_path_factory.mktemp("stores") / "runs.db"),
        "postgres": lambda: f"{url}?schema=test_{next(numbers)}",
    }
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        url = server.url(server.new_database())

    def make() -> Store:
        store = open_store(locations[request.param]())
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(new_store: Callable[[], Store]) -> Store:
    """Return an empty store."""
    return new_store()


@pytest.fixture(scope="module")
def shared_store(new_store: Callable[[], Store]) -> Store:
    """Return the store of all examples of a property."""
    return new_store()


def record(run_id: str, thread: str = "thread_a", created_at: int = 1, **fields: Any) -> RunRecord:
    """Return the record of a small run."""
    run = {"id": run_id, "thread_id": thread, "created_at": created_at, **fields}
    return RunRecord(thread, created_at, run_id, json.dumps(run, ensure_ascii=False).encode())


def fill(store: Store, *runs: RunRecord, threads: tuple[str, ...] = (), replace: bool = False) -> LoadCounts:
    """Store runs, and return the counts."""
    with store.load(runs, threads=threads, replace=replace) as counts:
        pass
    return counts


def everything(store: Store) -> tuple[list[str], list[RunRecord]]:
    """Return all threads and runs."""
    return list(store.thread_ids()), list(store.runs())


def test_new_store_is_empty(store: Store) -> None:
    """A new store has no runs and no threads, and is in order."""
    assert store.summary() == (0, 0, None)
    assert everything(store) == ([], [])
    assert list(store.verify()) == []
    store.check()


def test_pages_are_slices_in_every_direction(store: Store) -> None:
    """A page by any cursor, order and limit is the slice of the sorted runs, by time and then by code points."""
    names = ["run_B", "run_a", "run_Z9", "run_é", "run_🙂", "run_\ufffd", "run_\x01", "run_\x00", "run_", "run_ "]
    runs = [record(name, created_at=number // 4) for number, name in enumerate(names)]
    fill(store, *random.Random(1).sample(runs, len(runs)), record("run_other", "thread_b"))
    ordered = sorted(runs, key=lambda run: (run.created_at, run.id))
    positions = [None, *(Position(run.created_at, run.id) for run in ordered)]
    for order, after, before, limit in itertools.product(("asc", "desc"), positions, positions, (1, 3, 100)):
        expected = ordered if order == "asc" else ordered[::-1]
        ids = [run.id for run in expected]
        start = ids.index(after.id) + 1 if after else 0
        end = ids.index(before.id) if before else len(ids)
        part = expected[start:end] if start <= end else []
        backward = before is not None and after is None
        page = store.page("thread_a", limit, order, after, before)
        chosen = part[-limit:] if backward else part[:limit]
        assert [(run.id, run.text) for run in page.runs] == [(run.id, run.text) for run in chosen]
        assert page.has_more == (len(part) > limit)


def test_runs_and_threads_are_found(store: Store) -> None:
    """A run is found in its thread and by its id, and a thread exists with a run or without one."""
    fill(store, record("run_1"), record("run_2", "thread_b", 7), threads=("thread_empty",))
    assert [store.has_thread(name) for name in ("thread_a", "thread_b", "thread_empty", "thread_")] == [
        True,
        True,
        True,
        False,
    ]
    assert store.position("thread_b", "run_2") == Position(7, "run_2")
    assert store.position("thread_a", "run_2") is None
    assert store.run("thread_a", "run_2") is None
    for found in (store.run("thread_b", "run_2"), store.find("run_2")):
        assert found
        assert found.value()["created_at"] == 7
    assert store.find("run_3") is None
    assert store.summary() == (2, 3, "thread_a")
    assert list(store.thread_ids()) == ["thread_a", "thread_b", "thread_empty"]


def test_load_counts(store: Store) -> None:
    """A load tells new, unchanged, replaced and conflicting runs apart, also within one load."""
    first, later = record("run_1", status="queued"), record("run_1", status="completed")
    moved = record("run_1", "thread_b", status="queued")
    assert fill(store, first, first, record("run_2")) == LoadCounts(new=2, unchanged=1)
    spaced = first._replace(text=first.text.replace(b'{"id"', b'{ "id"'))
    assert fill(store, spaced) == LoadCounts(unchanged=1)
    conflicts: list[Conflict] = []
    with store.load([later, moved, record("run_3"), record("run_3", n=1)], report=conflicts.append) as counts:
        pass
    assert counts == LoadCounts(new=1, conflicts=3)
    assert {conflict.new for conflict in conflicts} == {later, moved, record("run_3", n=1)}
    assert fill(store, later, moved, record("run_4"), record("run_4", n=1), replace=True) == LoadCounts(
        new=1, replaced=2, conflicts=1
    )
    assert everything(store)[1] == [later, record("run_2"), record("run_3"), record("run_4", n=1)]
    assert list(store.verify()) == []


@pytest.mark.parametrize("where", ["iterable", "block", "callback"])
def test_failed_load_changes_nothing(store: Store, where: str) -> None:
    """An error in the runs, in the block or in the callback rolls the whole load back."""
    fill(store, record("run_1"))
    before = everything(store)

    def fail(_: object = None) -> None:
        raise ZeroDivisionError

    def runs() -> Iterator[RunRecord]:
        yield from (record(f"run_{number}", "thread_n") for number in range(10, 5000))
        if where == "iterable":
            fail()
        if where == "callback":
            yield record("run_1", status="other")

    with pytest.raises(ZeroDivisionError), store.load(runs(), threads=["thread_e"], report=fail):
        fail()
    assert everything(store) == before


def test_waiting_for_the_input_does_not_lock(new_store: Callable[[], Store]) -> None:
    """A load that waits for its first run lets others write, and then stores its runs."""
    store = new_store()
    if store.location is None:
        pytest.skip("A store in memory has one connection.")
    location = store.location

    def runs() -> Iterator[RunRecord]:
        with closing(open_store(location)) as other:
            fill(other, record("run_first"))
        yield record("run_second")

    with store.load(runs()) as counts:
        assert counts.new == 1
    assert [run.id for run in store.runs()] == ["run_first", "run_second"]


def test_dicts_conflict(store: Store) -> None:
    """Runs given as dicts are stored all or not at all, and another run with the id is an error."""
    run = json.loads(record("run_1").text)
    store.add([run, run])
    with pytest.raises(RunConflict, match="run_1"):
        store.add([run | {"id": "run_0"}, run | {"status": "other"}])
    assert [found.id for found in store.runs()] == ["run_1"]


def test_single_changes(store: Store) -> None:
    """A run is replaced, also in another thread, and removed; a thread is removed with its runs."""
    fill(store, record("run_1"), record("run_2", "thread_b"))
    store.replace(json.loads(record("run_1", "thread_c", 5).text))
    assert store.position("thread_c", "run_1") == Position(5, "run_1")
    assert store.position("thread_a", "run_1") is None
    assert [store.remove("run_1"), store.remove("run_1")] == [True, False]
    assert store.has_thread("thread_c")
    store.add_thread("thread_d")
    store.add_thread("thread_d")
    assert [store.remove_thread(name) for name in ("thread_b", "thread_b", "thread_d")] == [True, False, True]
    assert everything(store) == (["thread_a", "thread_c"], [])


TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\x00\x01\x02\t\n\\'\"%_"), max_size=12)


@settings(max_examples=40)
@given(st.lists(st.tuples(TEXTS, st.integers(-(2**62), 2**62), TEXTS, TEXTS), unique_by=lambda run: run[2]), TEXTS)
def test_every_run_comes_back(shared_store: Store, given_runs: list[tuple[str, int, str, str]], empty: str) -> None:
    """Whatever the ids, the time and the text are, a run comes back byte for byte, and in the order of code points."""
    store = shared_store
    runs = [record(run_id, thread, created_at, text=text) for thread, created_at, run_id, text in given_runs]
    fill(store, *runs, threads=(empty,))
    threads = {run.thread for run in runs} | {empty}
    assert everything(store) == (sorted(threads), sorted(runs))
    for run in runs:
        assert store.has_thread(run.thread)
        assert store.position(run.thread, run.id) == Position(run.created_at, run.id)
        assert store.page(run.thread, 1, "asc", before=None).runs
    for thread in threads:
        assert store.remove_thread(thread)


@sqlite_only
def test_location_is_shown(store: Store) -> None:
    """The location has no parameters but the schema."""
    if store.location is not None:
        assert Path(store.location).name
        assert "?schema=test_" in store.location or store.location.endswith(".db")
