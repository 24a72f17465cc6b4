"""Listing many threads concurrently with 50 ms of latency: pages per second."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import data
from benchmarks.bench import AIOHTTP, HTTPX, OURS, SDK, STOCK, Bench, wall
from benchmarks.processes import Cost
from benchmarks.report import Row, Table, at_least, ratio
from benchmarks.serve import KEY

SECONDS = 0.05
THREADS = {f"thread_many_{number:02}": 4 * data.PAGE for number in range(64)}
RUNS = sum(THREADS.values())
PAGES = RUNS // data.PAGE
FEW, MANY = 16, 64

CALLS = {
    f"{OURS}, async": (OURS, "async_many"),
    f"{OURS}, sync": (OURS, "many"),
    **{name: (name, "async_many") for name in (STOCK, SDK, HTTPX, AIOHTTP)},
}
"""The participant and the function of each row; peers use the asynchronous client that they recommend."""


def measure(bench: Bench) -> Iterator[Table]:
    """Yield the table."""
    url = bench.server(data.store("many", THREADS), SECONDS).url

    def walk(name: str, concurrency: int) -> Cost:
        participant, call = CALLS[name]
        options = {"url": url, "key": KEY, "threads": [*THREADS], "concurrency": concurrency}
        return bench.worker(participant).count(RUNS, call, **options)

    entrants = {
        f"{name}, {concurrency} at a time": lambda name=name, concurrency=concurrency: walk(name, concurrency)
        for name in CALLS
        for concurrency in (FEW, MANY)
    }
    race = bench.race("many threads", entrants, bench.choose(3, 1))
    rates = {name: ratio(PAGES, race.best(name, wall)) for name in entrants}
    stock = rates[f"{STOCK}, {MANY} at a time"]
    table = Table(
        f"Many threads at once: {len(THREADS)} threads of 4 pages, {SECONDS * 1000:.0f} ms of latency",
        f"Pages a second, best walk; the latency alone allows {FEW / SECONDS:,.0f} and {MANY / SECONDS:,.0f}.",
    )
    for name in CALLS:
        few, many = f"{name}, {FEW} at a time", f"{name}, {MANY} at a time"
        ours = name.startswith(OURS)
        growth, lead = ratio(rates[many], rates[few]), ratio(rates[many], stock)
        reason = race.missing.get(many, "")
        table.rows.append(Row(few, rates[few], "pages/s", reason=race.missing.get(few, "")))
        target = at_least(1) if ours else None
        table.rows.append(Row(many, rates[many], "pages/s", growth, f"x {FEW} at a time", target, reason))
        if ours:
            table.rows.append(Row(many, rates[many], "pages/s", lead, f"x {STOCK}", at_least(3), reason))
    yield table
