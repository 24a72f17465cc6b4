"""The store on PostgreSQL: loading compared with psql's COPY, the cost of a page, and several processes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from benchmarks import data
from benchmarks.bench import Bench
from benchmarks.load import Load, load
from benchmarks.peers import CACHE, Unavailable
from benchmarks.processes import LoggingServer
from benchmarks.report import Row, Table, Target, at_most, ratio
from benchmarks.serve import KEY
from tests.support import cluster
from threadruns.server.store import open_store
from threadruns.server.store.loading import load as load_file

HEADERS = {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "assistants=v1"}
DEEP = "thread_deep"
DEPTH = 100_000
SMALL = 10_000
LARGE = 1_000_000


def measure(bench: Bench) -> Iterator[Table]:
    """Yield the tables.

    Raises:
        Unavailable: PostgreSQL is not installed.
    """
    reason = cluster.reason_against()
    if reason is not None:
        raise Unavailable(reason)
    # As on a server of its own: everything is written to the disk before a transaction ends.
    settings = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on"}
    with cluster.running(**settings, shared_buffers="256MB", max_wal_size="4GB") as server:
        yield _loading(bench, server)
        small, large = (_filled(bench, server, runs) for runs in _sizes(bench))
        yield _page_cost(bench, small, large)
        yield _processes(bench, large)


def _sizes(bench: Bench) -> tuple[int, int]:
    return bench.choose(SMALL, SMALL // 10), bench.choose(LARGE, 3 * SMALL // 10)


def _depth(bench: Bench) -> int:
    return bench.choose(DEPTH, SMALL // 10)


def _filled(bench: Bench, server: cluster.Postgres, runs: int) -> str:
    """Return the URL of a database with a deep thread and, if there are more runs, another one."""
    depth = min(runs, _depth(bench))
    url = server.url(server.new_database())
    bench.progress(f"loading {runs:,} runs into PostgreSQL")
    with closing(open_store(url)) as store, store.load(data.records({DEEP: depth, "thread_long": runs - depth})):
        pass
    server.execute("VACUUM ANALYZE", url.rpartition("/")[2])
    return url


def _loading(bench: Bench, server: cluster.Postgres) -> Table:
    runs = bench.choose(DEPTH, SMALL // 10)
    rows, lines = CACHE / "data" / f"{runs}.copy", CACHE / "data" / f"{runs}.jsonl"
    rows.parent.mkdir(parents=True, exist_ok=True)
    records = list(data.records({DEEP: runs}))
    lines.write_bytes(b"".join(run.text + b"\n" for run in records))
    with closing(open_store(server.url(server.new_database()))) as store, store.load(records):
        pass
    name = store.location.rpartition("/")[2] if store.location else ""
    _psql(server, name, f"\\copy threadruns.run TO '{rows}'")

    def by_psql(database: str) -> None:
        _psql(server, database, f"\\copy threadruns.run FROM '{rows}'")

    def by_store(database: str) -> None:
        with closing(open_store(server.url(database))) as store, store.load(records):
            pass

    def by_command(database: str) -> None:
        with closing(open_store(server.url(database))) as store:
            load_file(store, lines)

    def timed(run: Callable[[str], None]) -> Callable[[], float]:
        def measured() -> float:
            database = server.new_database()
            open_store(server.url(database)).close()
            started = time.perf_counter()
            run(database)
            seconds = time.perf_counter() - started
            server.execute(f"DROP DATABASE {database}")
            return seconds

        return measured

    copy, ours, validated = "psql, COPY", "store, with its checks", "threadruns load, with validation"
    entrants = {copy: timed(by_psql), ours: timed(by_store), validated: timed(by_command)}
    race = bench.race("PostgreSQL load", entrants, bench.choose(7, 1))
    best = {name: race.best(name, float) for name in entrants}
    table = Table(
        f"PostgreSQL: loading {runs:,} runs into an empty store",
        "Best round. psql copies the same rows into the same tables; the store also compares each id with what is "
        "stored, and threadruns load reads and validates a file as well.",
    )
    table.rows.append(Row(copy, best[copy], "s"))
    table.rows.append(Row(ours, best[ours], "s", ratio(best[ours], best[copy]), f"x {copy}", at_most(1.5)))
    table.rows.append(Row(validated, best[validated], "s", ratio(best[validated], best[copy]), f"x {copy}"))
    return table


def _psql(server: cluster.Postgres, database: str, command: str) -> None:
    programs = cluster.programs()
    assert programs is not None
    psql = programs / "psql" if (programs / "psql").exists() else Path("psql")
    subprocess.run(
        [psql, "-X", "-q", server.url(database), "-v", "ON_ERROR_STOP=1", "-c", command], check=True, env=os.environ
    )


def _page_cost(bench: Bench, small: str, large: str) -> Table:
    few, runs = _sizes(bench)
    depth = _depth(bench)
    requests = bench.choose(200, 20)
    first, last = f"page after {depth // 1000:,} runs", f"last page, after {depth - data.PAGE:,} runs"
    middle_few, middle = f"middle page, of {few:,} stored runs", f"middle page, of {runs:,} stored runs"
    urls = {url: bench.server(url).url for url in (small, large)}

    def page(database: str, thread: str, after: int | None) -> Callable[[], Load]:
        cursor = "" if after is None else f"&after={data.run_id(after)}"
        target = f"{urls[database]}/threads/{thread}/runs?limit=100&order=asc{cursor}"
        return lambda: load([target], HEADERS, connections=1, requests=requests)

    race = bench.race(
        "PostgreSQL page cost",
        {
            first: page(large, DEEP, depth // 1000),
            last: page(large, DEEP, depth - data.PAGE - 1),
            middle_few: page(small, DEEP, min(few, depth) // 2),
            middle: page(large, "thread_long", depth + (runs - depth) // 2),
        },
        bench.choose(15, 1),
    )
    best = {name: race.best(name, _seconds) for name in race.measured}

    def row(name: str, to: str = "", target: Target | None = None) -> Row:
        against = ratio(best[name], best[to]) if to else None
        return Row(name, (best[name] or 0) * 1e6, "us", against, f"x {to}" if to else "", target)

    return Table(
        f"PostgreSQL: the cost of a page, in a thread of {depth:,} runs and by the size of the store",
        "Time of a request on one connection, best batch; each has a cursor.",
        [row(first), row(last, first, at_most(1.1)), row(middle_few), row(middle, middle_few, at_most(1.1))],
    )


def _processes(bench: Bench, large: str) -> Table:
    _, runs = _sizes(bench)
    depth = _depth(bench)
    requests = bench.choose(600, 40)
    target = f"/threads/thread_long/runs?limit=100&order=asc&after={data.run_id(depth + (runs - depth) // 2)}"

    def flood(workers: int) -> Callable[[], Load]:
        url = bench.enter(LoggingServer(large, KEY, workers)).url + target
        return lambda: load([url], HEADERS, connections=8, requests=requests)

    one, two = "one process", "two processes"
    race = bench.race("PostgreSQL processes", {one: flood(1), two: flood(2)}, bench.choose(7, 1))
    rates = {name: ratio(1, race.best(name, _seconds)) for name in (one, two)}
    return Table(
        f"PostgreSQL: pages of {runs:,} stored runs, limit=100, 8 connections",
        f"Requests a second with the access log, best batch of {requests}. The database, the servers and the load "
        "share the cores.",
        [
            Row(one, rates[one], "requests/s"),
            Row(two, rates[two], "requests/s", ratio(rates[two], rates[one]), f"x {one}"),
        ],
    )


def _seconds(load: Load) -> float:
    return load.seconds_per_request
