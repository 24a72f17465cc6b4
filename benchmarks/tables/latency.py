"""Prefetching, with 50 ms of latency and a caller that works for 50 ms on each page."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import data
from benchmarks.bench import OURS, Bench, Ranking, wall
from benchmarks.processes import Cost
from benchmarks.report import Table, at_most
from benchmarks.serve import KEY

THREAD = "thread_far"
PAGES = 20
SECONDS = 0.05

CALLERS = {
    "sync, the caller waits": ("work", {"busy": False}),
    "sync, the caller computes": ("work", {"busy": True}),
    "async, the caller waits": ("async_work", {}),
}


def measure(bench: Bench) -> Iterator[Table]:
    """Yield the table."""
    runs = PAGES * data.PAGE
    url = bench.server(data.store("far", {THREAD: runs}), SECONDS).url

    def walk(call: str, arguments: dict[str, bool], prefetch: bool) -> Cost:
        options = {"url": url, "key": KEY, "thread": THREAD, "seconds": SECONDS, "prefetch": prefetch, **arguments}
        return bench.worker(OURS).count(runs, call, **options)

    entrants = {
        f"{caller}{', prefetch' if prefetch else ''}": lambda call=call, prefetch=prefetch: walk(*call, prefetch)
        for caller, call in CALLERS.items()
        for prefetch in (False, True)
    }
    ranking = Ranking(bench.race("latency", entrants, bench.choose(2, 1)), wall, 1000 / PAGES, "ms")
    table = Table(
        f"Prefetching: {PAGES} pages, {SECONDS * 1000:.0f} ms of latency, {SECONDS * 1000:.0f} ms of work a page",
        "Wall time a page, best walk.",
    )
    for caller in CALLERS:
        table.rows.append(ranking.row(caller))
        table.rows.append(ranking.row(f"{caller}, prefetch", to=caller, target=at_most(0.65)))
    yield table
