"""The first pages of threads, which a store keeps until its database changes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.store import sqlite_only
from threadruns.server.store import Store, open_store
from threadruns.server.store.errors import RunDamaged
from threadruns.server.store.records import RunRecord
from threadruns.server.store.sqlite import CACHED_BYTES, SQLiteStore
from threadruns.testing import new_run

pytestmark = sqlite_only

THREADS = ("thread_a", "thread_b")


def named(number: int, thread: str = "thread_a", **fields: Any) -> dict[str, Any]:
    """Return a run with an id and a time by its number."""
    return new_run(f"run_{number}", thread, created_at=1_700_000_000 + number, **fields)


def backdate(path: Path) -> None:
    """Make a file old: the clock of some systems does not tell two writes within some milliseconds apart."""
    os.utime(path, (0, 0))


def page_of(store: Store, thread: str, order: str = "desc") -> list[tuple[str, str]]:
    """Return the ids and the models of the first page."""
    return [(run.id, run.value()["model"]) for run in store.page(thread, 100, order).runs]


CHANGES: dict[str, Callable[[Store, dict[str, Any]], object]] = {
    "add": lambda store, run: store.add([run]) if store.find(run["id"]) is None else None,
    "replace": lambda store, run: store.replace(run),
    "remove": lambda store, run: store.remove(run["id"]),
    "remove_thread": lambda store, run: store.remove_thread(run["thread_id"]),
}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 5), st.sampled_from(THREADS), st.booleans()),
        max_size=12,
    )
)
def test_first_pages_follow_every_change(changes: list[tuple[str, int, str, bool]]) -> None:
    """A first page is as the database is now, whether this store or another one of the same file changed it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "runs.db"
        with closing(open_store(path)) as one, closing(open_store(path)) as other:
            for step, (change, number, thread, by_other) in enumerate(changes):
                run = named(number, thread, model=f"model-{step}")
                CHANGES[change](other if by_other else one, run)
                with closing(open_store(path)) as fresh:
                    for name in THREADS:
                        for order in ("asc", "desc"):
                            assert page_of(one, name, order) == page_of(fresh, name, order)


def test_first_page_is_read_from_the_database_once(tmp_path: Path) -> None:
    """A first page is not read again while nothing is written, and is read again after that."""
    statements: list[str] = []
    with closing(SQLiteStore(tmp_path / "runs.db")) as store:
        store.add([named(1), named(2)])
        store._database._connection.set_trace_callback(statements.append)

        def reads() -> int:
            statements.clear()
            assert len(page_of(store, "thread_a")) >= 2
            return sum("body" in statement for statement in statements)

        assert [reads(), reads(), reads()] == [1, 0, 0]
        store.add([named(3)])
        assert [reads(), reads()] == [1, 0]


def test_first_page_in_a_transaction_is_not_kept(tmp_path: Path) -> None:
    """A page that was read during a load is forgotten if the load is rolled back."""
    with closing(open_store(tmp_path / "runs.db")) as store:
        store.add([named(1)])
        with suppress(ZeroDivisionError), store.load([RunRecord.of(named(2))]):
            assert len(page_of(store, "thread_a")) == 2
            raise ZeroDivisionError
        assert page_of(store, "thread_a") == [("run_1", "gpt-4-turbo")]


def test_caller_may_change_a_page(tmp_path: Path) -> None:
    """A caller that changes the list of runs of a page changes no page of the next caller."""
    with closing(open_store(tmp_path / "runs.db")) as store:
        store.add([named(1), named(2)])
        store.page("thread_a", 20, "desc").runs.clear()
        assert [run.id for run in store.page("thread_a", 20, "desc").runs] == ["run_2", "run_1"]


@pytest.mark.parametrize("seen", [False, True])
def test_damage_of_a_page_that_was_read_is_noticed(tmp_path: Path, seen: bool) -> None:
    """A run that is damaged in the file is not served from memory, even if its page was read before."""
    path = tmp_path / "runs.db"
    with closing(open_store(path)) as store:
        store.add([named(1, instructions="a mark to find")])
    backdate(path)
    with closing(open_store(path)) as store:
        if seen:
            assert page_of(store, "thread_a")
        data = path.read_bytes()
        assert data.count(b"a mark to find") == 1
        path.write_bytes(data.replace(b"a mark to find", b"A mark to find"))
        with pytest.raises(RunDamaged):
            page_of(store, "thread_a")


def test_restored_file_is_read_anew(tmp_path: Path) -> None:
    """After a copy of the file was restored in its place, first pages are those of the copy."""
    path, copy = tmp_path / "runs.db", tmp_path / "copy.db"
    with closing(open_store(path)) as store:
        store.add([named(1)])
    shutil.copy(path, copy)
    with closing(open_store(path)) as store:
        store.add([named(2)])
    backdate(path)
    with closing(open_store(path)) as store:
        assert len(page_of(store, "thread_a")) == 2
        with open(path, "r+b") as file:
            file.write(copy.read_bytes())
        assert page_of(store, "thread_a") == [("run_1", "gpt-4-turbo")]


def test_reset_of_a_store_is_noticed() -> None:
    """A store whose contents are replaced by those of another has the first pages of the other."""
    with closing(SQLiteStore()) as store, closing(SQLiteStore()) as other:
        store.add([named(1), named(2)])
        other.add([named(3)])
        assert len(page_of(store, "thread_a")) == 2
        store.copy_from(other)
        assert page_of(store, "thread_a") == [("run_3", "gpt-4-turbo")]


def test_kept_pages_have_a_limit(tmp_path: Path) -> None:
    """Pages are kept up to a size, however many or large they are, and a page beyond it is served all the same."""
    with closing(SQLiteStore(tmp_path / "runs.db")) as store:
        text = "x" * 100_000
        store.add([named(number, f"thread_{number}", instructions=text) for number in range(60)])
        store.add([named(100 + number, instructions=text) for number in range(50)])
        for number in range(60):
            assert len(page_of(store, f"thread_{number}")) == 1
            assert page_of(store, f"thread_unknown_{number}") == []
        assert len(page_of(store, "thread_a")) == 50
        assert 0 < store._pages.currsize <= CACHED_BYTES
        assert all(page.runs for page in store._pages.values())
