"""The store in an SQLite file: loading compared with bare inserts, and the cost of a page by depth and by size."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import orjson

from benchmarks import data
from benchmarks.bench import Bench, Race
from benchmarks.load import Load, load
from benchmarks.peers import CACHE
from benchmarks.report import Row, Table, at_most, ratio
from benchmarks.tables.server import DEEP, DEPTH, HEADERS, SMALL, long_store, long_thread
from threadruns.server.store import open_store
from threadruns.server.store.loading import load as load_file
from threadruns.server.synth import json_lines, synthesize

THREADS = 1000


def measure(bench: Bench) -> Iterator[Table]:
    """Yield a table of loading and one of the cost of a page."""
    yield _loading(bench)
    yield _page_cost(bench)


def _loading(bench: Bench) -> Table:
    runs = bench.choose(DEPTH, SMALL)
    path = CACHE / "data" / f"synthetic-{runs}.jsonl"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json_lines(synthesize(min(THREADS, runs), runs, 7))), encoding="utf-8")
    database = CACHE / "data" / "loaded.db"

    def timed(run: Callable[[Path, Path], None]) -> Callable[[], float]:
        def measured() -> float:
            for name in database.parent.glob(f"{database.name}*"):
                name.unlink()
            started = time.process_time()
            run(database, path)
            return time.process_time() - started

        return measured

    bare, ours = "executemany, with keys from orjson", "threadruns load, with validation and checksums"
    race = bench.race("load", {bare: timed(_insert_bare), ours: timed(_load)}, bench.choose(7, 1))
    best = {name: race.best(name, float) for name in (bare, ours)}
    scaled = {name: None if seconds is None else seconds / runs * 1e6 for name, seconds in best.items()}
    return Table(
        f"Store: loading {runs:,} runs of {path.stat().st_size / runs / 1000:.1f} KB in JSON lines into a new file",
        'CPU time, best round. The row "executemany" inserts the lines, without validation, into a table with an index '
        "of ids in one transaction.",
        [
            Row(bare, scaled[bare], "us per run"),
            Row(ours, scaled[ours], "us per run", ratio(best[ours], best[bare]), f"x {bare}", at_most(1.8)),
        ],
    )


def _insert_bare(database: Path, path: Path) -> None:
    def rows() -> Iterator[tuple[str, int, str, str]]:
        with path.open("rb") as file:
            for line in file:
                run = orjson.loads(line)
                yield run["thread_id"], run["created_at"], run["id"], line.decode()

    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
            "CREATE TABLE run (thread TEXT, created_at INTEGER, id TEXT, body TEXT, "
            "PRIMARY KEY (thread, created_at, id)) WITHOUT ROWID; CREATE UNIQUE INDEX run_id ON run (id);"
        )
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO run VALUES (?, ?, ?, ?)", rows())
        connection.execute("COMMIT")


def _load(database: Path, path: Path) -> None:
    with closing(open_store(database)) as store:
        load_file(store, path)


def _page_cost(bench: Bench) -> Table:
    runs = bench.choose(1_000_000, DEPTH)
    small = bench.server(data.store("small", {DEEP: SMALL})).url
    large = bench.server(long_store(runs)).url
    requests = bench.choose(300, 60)
    first, last = "page at the start of the thread", f"page after {DEPTH - data.PAGE - requests:,} runs of the thread"
    middle, few = f"middle page, of {runs:,} runs in a thread", f"middle page, of {SMALL:,} stored runs"

    def page(url: str, thread: str, after: int) -> Callable[[], Load]:
        cursors = (data.run_id(number) for number in range(after, after + requests))
        urls = [f"{url}/threads/{thread}/runs?limit=100&order=asc&after={cursor}" for cursor in cursors]
        return lambda: load(urls, HEADERS, connections=1, requests=requests)

    offset = DEPTH if runs != DEPTH else 0
    entrants = {
        first: page(large, DEEP, data.PAGE - 1),
        last: page(large, DEEP, DEPTH - data.PAGE - requests),
        few: page(small, DEEP, SMALL // 2),
        middle: page(large, long_thread(runs), offset + runs // 2),
    }
    race = bench.race("page cost", entrants, bench.choose(25, 3))
    return Table(
        f"Store: the cost of a page, in a thread of {DEPTH:,} runs and by the size of the store",
        "Time of a request with a cursor on one connection, best batch; each request has another cursor.",
        [_cost(race, first), _cost(race, last, first), _cost(race, few), _cost(race, middle, few)],
    )


def _cost(race: Race[Load], name: str, to: str = "") -> Row:
    best, base = race.best(name, _seconds_per_request), race.best(to, _seconds_per_request) if to else None
    value = None if best is None else best * 1e6
    target = at_most(1.1) if to else None
    return Row(name, value, "us", ratio(best, base), f"x {to}" if to else "", target, race.missing.get(name, ""))


def _seconds_per_request(load: Load) -> float:
    return load.seconds_per_request
