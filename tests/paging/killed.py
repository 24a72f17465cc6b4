"""A program that lists many threads into a database, and is killed and started again.

    python -m tests.paging.killed          3,000 threads, killed ten times, both ways to save the token

Each run comes exactly once if the token is saved in one transaction with the runs, and at least once if it is saved
after them.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tests.support.runs import runs
from threadruns import Client, ListEnd, ThreadrunsError
from threadruns.testing import RunningServer, serve

RUNS = 5
"""The number of runs of each thread; pages have two."""


def thread_names(count: int) -> list[str]:
    """Return the ids of the threads."""
    return [f"thread_t{number:04}" for number in range(count)]


def work(url: str, key: str, path: str, count: int, together: bool) -> None:
    """List all threads into a database, from where an earlier process stood.

    Args:
        url: The base URL.
        key: The API key.
        path: The database.
        count: The number of threads.
        together: Whether the token is saved in one transaction with the runs.
    """
    names = thread_names(count)
    with closing(sqlite3.connect(path, timeout=60)) as database, Client(api_key=key, base_url=url) as client:
        saved = database.execute("SELECT value FROM token").fetchone()
        walk = client.runs.list.resume_many(saved[0], names) if saved else client.runs.list.many(names, limit=2)
        for name, outcome in walk:
            match outcome:
                case ThreadrunsError():
                    raise outcome
                case ListEnd():
                    database.execute("INSERT INTO ended VALUES (?)", (name,))
                case _:
                    database.executemany("INSERT INTO run VALUES (?)", [(run.id,) for run in outcome])
            if not together:
                database.commit()
            database.execute("REPLACE INTO token VALUES (1, ?)", (walk.token,))
            database.commit()


class Outcome(NamedTuple):
    """The content of the database at the end."""

    runs: Counter[str]
    """How often each run was saved."""
    ended: Counter[str]
    """How often each thread was through."""
    kills: int
    largest_token: int


def kill_and_resume(server: RunningServer, folder: Path, count: int, kills: int, *, together: bool) -> Outcome:
    """List all threads in processes that are killed, and return what they saved.

    Args:
        server: The server.
        folder: Where the database is made.
        count: The number of threads.
        kills: How often the process is killed.
        together: Whether the token is saved in one transaction with the runs.
    """
    path = folder / f"runs-{together}.db"
    with closing(sqlite3.connect(path, timeout=60)) as database:
        database.executescript(
            "PRAGMA journal_mode = WAL; CREATE TABLE run (id TEXT); CREATE TABLE ended (name TEXT);"
            "CREATE TABLE token (id INTEGER PRIMARY KEY, value TEXT);"
        )
        done = largest = 0
        while True:
            command = [sys.executable, "-m", "tests.paging.killed", server.url, server.api_key, str(path), str(count)]
            process = subprocess.Popen([*command, str(together)])
            target = count * RUNS * (done + 1) // (kills + 1)
            while process.poll() is None and (
                done == kills or database.execute("SELECT count(*) FROM run").fetchone()[0] < target
            ):
                time.sleep(0.005)
            if process.poll() is not None:
                assert process.returncode == 0
                break
            process.kill()
            process.wait()
            done += 1
            largest = max(largest, database.execute("SELECT max(length(value)) FROM token").fetchone()[0])
        saved = Counter(name for (name,) in database.execute("SELECT id FROM run"))
        ended = Counter(name for (name,) in database.execute("SELECT name FROM ended"))
    return Outcome(saved, ended, done, largest)


def served_runs(count: int) -> list[dict[str, object]]:
    """Return the runs of all threads."""
    return [each for name in thread_names(count) for each in runs(RUNS, name)]


def main() -> None:
    """Show it with 3,000 threads."""
    count, kills = 3000, 10
    expected = {str(each["id"]) for each in served_runs(count)}
    with serve(runs=served_runs(count)) as server, tempfile.TemporaryDirectory() as folder:
        for together in (True, False):
            started = time.monotonic()
            found = kill_and_resume(server, Path(folder), count, kills, together=together)
            times = Counter(found.runs.values())
            print(
                f"token saved {'with' if together else 'after'} the runs: {count} threads, {found.kills} kills,"
                f" {len(found.runs)} of {len(expected)} runs; saved once: {times[1]}, more often:"
                f" {len(found.runs) - times[1]}; threads through: {len(found.ended)}; largest token"
                f" {found.largest_token} characters; {time.monotonic() - started:.0f} s",
                flush=True,
            )
            assert found.kills == kills
            assert found.runs.keys() == expected
            assert found.ended.keys() == {*thread_names(count)}
            assert not together or {*times} == {1}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        work(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5] == "True")
    else:
        main()
