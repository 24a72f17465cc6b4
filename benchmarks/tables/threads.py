"""Listing many threads concurrently with 50 ms of latency: pages per second, and CPU time a page."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import data
from benchmarks.bench import AIOHTTP, HTTPX, OMITS, OURS, OURS_PYREQWEST, PYREQWEST, SDK, STOCK, Bench, cpu, wall
from benchmarks.processes import Cost
from benchmarks.report import Row, Table, at_least, at_most, ratio
from benchmarks.serve import KEY

SECONDS = 0.05
THREADS = {f"thread_many_{number:02}": 4 * data.PAGE for number in range(64)}
RUNS = sum(THREADS.values())
PAGES = RUNS // data.PAGE
FEW, MANY = 16, 64

CALLS = {
    f"{OURS}, async": (OURS, "async_many"),
    f"{OURS}, sync": (OURS, "many"),
    **{name: (name, "async_many") for name in (OURS_PYREQWEST, STOCK, SDK, HTTPX, AIOHTTP, PYREQWEST)},
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
        f"Pages a second, best walk. With this latency, {FEW} at a time reach at most {FEW / SECONDS:,.0f}, and "
        f"{MANY} at most {MANY / SECONDS:,.0f}.",
    )
    for name in CALLS:
        few, many = f"{name}, {FEW} at a time", f"{name}, {MANY} at a time"
        ours = name.startswith(f"{OURS},")
        growth, lead = ratio(rates[many], rates[few]), ratio(rates[many], stock)
        reason, omits = race.missing.get(many, ""), OMITS.get(name, "")
        table.rows.append(Row(few, rates[few], "pages/s", reason=race.missing.get(few, ""), omits=omits))
        target = at_least(1) if ours else None
        table.rows.append(Row(many, rates[many], "pages/s", growth, f"x {FEW} at a time", target, reason, omits))
        if ours:
            table.rows.append(Row(many, rates[many], "pages/s", lead, f"x {STOCK}", at_least(3), reason))
    yield table
    costs = {name: race.best(f"{name}, {MANY} at a time", cpu) for name in CALLS}
    base = costs[AIOHTTP]
    yield Table(
        f"Many threads at once: CPU time, {MANY} at a time",
        "CPU time of the client a page, best walk.",
        [
            Row(
                name,
                None if cost is None else cost * 1e6 / PAGES,
                "us",
                ratio(cost, base),
                f"x {AIOHTTP}",
                at_most(2) if name == f"{OURS}, async" else None,
                race.missing.get(f"{name}, {MANY} at a time", ""),
                OMITS.get(name, ""),
            )
            for name, cost in costs.items()
        ],
    )
