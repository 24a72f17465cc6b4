"""Databases that are killed, shared and opened while they are written."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.server.kills import LOAD, kill_loads
from tests.support.postgres import needs_postgres
from tests.support.store import sqlite_only
from threadruns.server.store import open_store
from threadruns.server.store.records import RunRecord
from threadruns.server.synth import thread

pytestmark = sqlite_only  # They name each store that they use.

ROUNDS = 8


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=needs_postgres)])
def test_killed_load_keeps_whole_files(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    """A load that is killed at random leaves each file complete or absent, and each acknowledged one complete."""
    if kind == "postgres":
        url = request.getfixturevalue("postgres_url")
        found = kill_loads(tmp_path, lambda number: f"{url}?schema=round_{number}", ROUNDS // 2)
    else:
        found = kill_loads(tmp_path, lambda number: str(tmp_path / f"{number}.db"), ROUNDS)
    assert found.torn == 0
    assert found.acknowledged <= found.whole < found.files


def test_two_processes_load_into_one_file(tmp_path: Path) -> None:
    """Two writers wait for each other, and a reader sees complete files only."""
    paths = []
    for number in range(2):
        path = tmp_path / f"{number}.jsonl"
        runs = thread(f"thread_{number}", 300, seed=number)
        path.write_text("".join(json.dumps(run) + "\n" for run in runs))
        paths.append(str(path))
    database = str(tmp_path / "runs.db")
    commands = [[sys.executable, "-c", LOAD, database, path] for path in paths]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    reader = open_store(database)
    seen = set()
    while any(process.poll() is None for process in processes):
        seen |= {len(reader.page(f"thread_{number}", 1000, "asc").runs) for number in range(2)}
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert seen <= {0, 300}
    assert reader.summary()[:2] == (600, 2)
    reader.close()


def test_many_may_make_one_file(tmp_path: Path) -> None:
    """Several processes that open a new file at the same moment get the same database."""
    ready = threading.Barrier(8)

    def open_new(path: Path) -> None:
        ready.wait(30)
        store = open_store(path)
        store.add_thread("thread_x")
        store.close()

    with ThreadPoolExecutor(8) as pool:
        for round_ in range(10):
            list(pool.map(open_new, [tmp_path / f"{round_}.db"] * 8))


def test_database_opens_while_another_process_writes(tmp_path: Path) -> None:
    """A database opens and is readable during a transaction of another process."""
    database = tmp_path / "runs.db"
    writer = open_store(database)
    writer.add(thread("thread_k", 3))
    with writer.load([RunRecord("thread_k", 1_700_000_000, "run_new", b"{}")]):
        reader = open_store(database)
        assert len(reader.page("thread_k", 10, "asc").runs) == 3
    assert len(reader.page("thread_k", 10, "asc").runs) == 4
    reader.close()
    writer.close()
