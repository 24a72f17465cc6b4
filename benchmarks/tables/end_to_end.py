"""Listing a thread of 10,000 runs over loopback: the CPU time of the client."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import data
from benchmarks.bench import (
    AIOHTTP,
    HTTP_CLIENT,
    HTTPX,
    HTTPX2,
    OLD_SDK,
    OURS,
    OURS_AIOHTTP,
    OURS_PYREQWEST,
    PYCURL,
    PYDANTIC,
    PYREQWEST,
    SDK,
    STOCK,
    Bench,
    Ranking,
    cpu,
)
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

    peers = (PYCURL, PYREQWEST, HTTP_CLIENT, HTTPX2, PYDANTIC, OURS_PYREQWEST, STOCK, SDK, OLD_SDK)
    race = bench.race("listing", {name: lambda name=name: walk(name, "walk") for name in (HTTPX, OURS, *peers)}, rounds)
    ranking = Ranking(race, cpu, 1e6 / PAGES, "us")
    yield Table(
        f"List {RUNS:,} runs in {PAGES} pages",
        NOTE + "The ratio of threadruns is to httpx, that of the others to threadruns.",
        [
            ranking.row(HTTPX),
            ranking.row(OURS, to=HTTPX, target=at_most(1)),
            *(ranking.row(name, to=OURS, target=at_least(10) if name in (SDK, OLD_SDK) else None) for name in peers),
        ],
    )
    peers = (AIOHTTP, PYREQWEST, HTTPX2, PYDANTIC, OURS_PYREQWEST, OURS_AIOHTTP, STOCK, SDK, OLD_SDK)
    entrants = {name: lambda name=name: walk(name, "async_walk") for name in (HTTPX, OURS, *peers)}
    ranking = Ranking(bench.race("listing, async", entrants, rounds), cpu, 1e6 / PAGES, "us")
    yield Table(
        f"List {RUNS:,} runs in {PAGES} pages, async",
        NOTE + "The ratio of threadruns is to httpx, that of the others to threadruns.",
        [
            ranking.row(HTTPX),
            ranking.row(OURS, to=HTTPX, target=at_most(1)),
            *(ranking.row(name, to=OURS) for name in peers),
        ],
    )
