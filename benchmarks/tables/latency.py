"""A server 50 ms away and a caller that works 50 ms on each page: what asking ahead saves."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import data
from benchmarks.bench import OURS, Bench, Ranking, wall
from benchmarks.peers import Unavailable
from benchmarks.processes import Reply
from benchmarks.report import Table, at_most
from benchmarks.serve import KEY

THREAD = "thread_far"
PAGES = 20
SECONDS = 0.05

WAYS = {
    "sync, the caller waits": ("work", {"busy": False}),
    "sync, the caller computes": ("work", {"busy": True}),
    "async, the caller waits": ("async_work", {}),
}


def measure(bench: Bench) -> Iterator[Table]:
    """Yield the table."""
    runs = PAGES * data.PAGE
    url = bench.server(data.store("far", {THREAD: runs}), SECONDS).url

    def walk(call: str, arguments: dict[str, bool], prefetch: bool) -> Reply:
        reply = bench.worker(OURS).run(
            call, url=url, key=KEY, thread=THREAD, seconds=SECONDS, prefetch=prefetch, **arguments
        )
        if reply.result != runs:
            raise Unavailable(f"it counted {reply.result} of {runs} runs")
        return reply

    entrants = {
        f"{way}{', prefetch' if prefetch else ''}": lambda order=order, prefetch=prefetch: walk(*order, prefetch)
        for way, order in WAYS.items()
        for prefetch in (False, True)
    }
    ranking = Ranking(bench.race("latency", entrants, bench.choose(2, 1)), wall, 1000 / PAGES, "ms")
    table = Table(
        f"Asking ahead: {PAGES} pages, {SECONDS * 1000:.0f} ms of latency, {SECONDS * 1000:.0f} ms of work a page",
        "Wall time a page, best walk.",
    )
    for way in WAYS:
        table.rows.append(ranking.row(way))
        table.rows.append(ranking.row(f"{way}, prefetch", to=way, target=at_most(0.65)))
    yield table
