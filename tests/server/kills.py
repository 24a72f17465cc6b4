"""Loads that are killed at random, on SQLite and on PostgreSQL: ``python -m tests.server.kills`` kills 100 on each."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path
from typing import NamedTuple

from tests.support.cluster import reason_against, running
from threadruns.server.store import open_store
from threadruns.server.synth import thread

ROUNDS = 100
RUNS = 400
FILES = 6
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
"""The code of a process that loads files into a store, and acknowledges each of them."""


class Killed(NamedTuple):
    """What was found after the kills.

    Attributes:
        files: The number of files in all rounds.
        acknowledged: The files that the process had acknowledged.
        whole: The files that were stored completely.
        torn: The files that were stored in part, or acknowledged and not stored; there must be none.
    """

    files: int
    acknowledged: int
    whole: int
    torn: int


def kill_loads(folder: Path, locate: Callable[[int], str], rounds: int, *, seconds: float = 0.25) -> Killed:
    """Kill a process that loads files, once in each round and at a random moment.

    Args:
        folder: The folder for the files.
        locate: Returns the location of an empty store for each round.
        rounds: The number of rounds.
        seconds: The longest time from the start of the first file to the kill.
    """
    runs = thread("thread_k", 40)
    files: dict[str, str] = {}
    for number in range(FILES):
        path = folder / f"{number}.jsonl"
        part = [run | {"id": f"run_{number}x{copy}x{n}"} for copy in range(RUNS // 40) for n, run in enumerate(runs)]
        path.write_text("".join(json.dumps(run | {"thread_id": f"thread_{number}"}) + "\n" for run in part))
        files[str(path)] = f"thread_{number}"
    chance = random.Random(4)
    acknowledged = whole = torn = 0
    for round_ in range(rounds):
        command = [sys.executable, "-c", LOAD, locate(round_), *files]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "start\n"
            time.sleep(chance.random() * seconds)
            process.send_signal(signal.SIGKILL)
            confirmed = {line.strip() for line in process.stdout if line.endswith("jsonl\n")}
        with closing(open_store(locate(round_))) as store:
            sizes = {path: len(store.page(name, 10 * RUNS, "asc").runs) for path, name in files.items()}
            torn += sum(size != RUNS and (size != 0 or path in confirmed) for path, size in sizes.items())
            torn += len(list(store.verify()))
        acknowledged += len(confirmed)
        whole += sum(size == RUNS for size in sizes.values())
    return Killed(rounds * FILES, acknowledged, whole, torn)


def main() -> None:
    """Kill loads on each store, and exit with 1 if a file is neither whole nor absent."""
    reason = reason_against()
    torn = 0
    with tempfile.TemporaryDirectory() as name, nullcontext() if reason else running(synchronous_commit="on") as server:
        folder = Path(name)
        stores: dict[str, Callable[[int], str]] = {"SQLite": lambda number: str(folder / f"{number}.db")}
        if server is not None:
            url = server.url(server.new_database())
            stores["PostgreSQL"] = lambda number: f"{url}?schema=round_{number}"
        for kind, locate in stores.items():
            found = kill_loads(folder, locate, ROUNDS, seconds=0.5)
            torn += found.torn
            print(f"{kind}: {ROUNDS} kills, {found._asdict()}", flush=True)
    if reason:
        print(reason)
    sys.exit(1 if torn else 0)


if __name__ == "__main__":
    main()
