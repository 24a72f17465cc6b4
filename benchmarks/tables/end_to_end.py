"""Listing a thread of 10,000 runs over loopback: the CPU time of the client."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import data
from benchmarks.bench import AIOHTTP, HTTPX, OLD_SDK, OURS, SDK, STOCK, Bench, Ranking, cpu
from benchmarks.processes import Cost
from benchmarks.report import Table, at_least, at_most
from benchmarks.serve import KEY

THREAD = "thread_listed"
RUNS = 10_000
PAGES = RUNS // data.PAGE
NOTE = "CPU time of the client a page, best walk; each client keeps its connection open. "


def measure(bench: Bench) -> Iterator[Table]:
    """Yield a table of the synchronous clients and one of the asynchronous ones."""
    url = bench.server(data.store("listed", {THREAD: RUNS})).url
    rounds = bench.choose(5, 1)

    def walk(name: str, call: str) -> Cost:
        return bench.worker(name).count(RUNS, call, url=url, key=KEY, thread=THREAD)

    names = (HTTPX, OURS, STOCK, SDK, OLD_SDK)
    race = bench.race("listing", {name: lambda name=name: walk(name, "walk") for name in names}, rounds)
    ranking = Ranking(race, cpu, 1e6 / PAGES, "us")
    yield Table(
        f"List {RUNS:,} runs in {PAGES} pages",
        NOTE + "The ratio of threadruns is to httpx, that of the others to threadruns.",
        [
            ranking.row(HTTPX),
            ranking.row(OURS, to=HTTPX, target=at_most(1.45)),
            ranking.row(STOCK, to=OURS),
            ranking.row(SDK, to=OURS, target=at_least(10)),
            ranking.row(OLD_SDK, to=OURS, target=at_least(10)),
        ],
    )
    names = (AIOHTTP, HTTPX, OURS, STOCK, SDK, OLD_SDK)
    entrants = {name: lambda name=name: walk(name, "async_walk") for name in names}
    sync = f"{OURS}, sync"
    race = bench.race("listing, async", {sync: lambda: walk(OURS, "walk")} | entrants, rounds)
    ranking = Ranking(race, cpu, 1e6 / PAGES, "us")
    yield Table(
        f"List {RUNS:,} runs in {PAGES} pages, async",
        NOTE + "The ratio of threadruns is to its own synchronous client, that of the others to threadruns.",
        [
            ranking.row(sync),
            ranking.row(OURS, to=sync, target=at_most(1.5)),
            *(ranking.row(name, to=OURS) for name in (AIOHTTP, HTTPX, STOCK, SDK, OLD_SDK)),
        ],
    )
