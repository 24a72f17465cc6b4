"""Databases that are killed, shared and opened while they are written."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from threadruns.server.store import open_store
from threadruns.server.store.records import RunRecord
from threadruns.server.synth import thread

ROUNDS = 12
LOAD = (
    "import sys\n"
    "from threadruns.server.store.loading import load\n"
    "from threadruns.server.store import open_store\n"
    "store = open_store(sys.argv[1])\n"
    "for path in sys.argv[2:]:\n"
    "    print('start', flush=True)\n"
    "    load(store, path)\n"
    "    print(path, flush=True)\n"
)


def test_killed_load_keeps_whole_files(tmp_path: Path) -> None:
    """A load that is killed at random leaves each file complete or absent, and each acknowledged one complete."""
    runs = thread("thread_k", 40)
    files = {}
    for number in range(6):
        path = tmp_path / f"{number}.jsonl"
        part = [run | {"id": f"run_{number}x{copy}x{n}"} for copy in range(10) for n, run in enumerate(runs)]
        path.write_text("".join(json.dumps(run | {"thread_id": f"thread_{number}"}) + "\n" for run in part))
        files[str(path)] = f"thread_{number}"
    chance = random.Random(4)
    acknowledged_in_all = 0
    for round_ in range(ROUNDS):
        database = tmp_path / f"{round_}.db"
        command = [sys.executable, "-c", LOAD, str(database), *files]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "start\n"
            time.sleep(chance.random() * 0.25)
            process.send_signal(signal.SIGKILL)
            acknowledged = [line.strip() for line in process.stdout if line.endswith("jsonl\n")]
        store = open_store(database)
        sizes = [len(store.page(thread_id, 10_000, "asc").runs) for thread_id in files.values()]
        assert set(sizes) <= {0, 400}
        assert all(len(store.page(files[path], 10_000, "asc").runs) == 400 for path in acknowledged)
        store.close()
        acknowledged_in_all += len(acknowledged)
    assert 0 < acknowledged_in_all < ROUNDS * len(files)


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
