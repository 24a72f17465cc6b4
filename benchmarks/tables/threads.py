"""Many threads at once over a server 50 ms away: pages a second."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import data
from benchmarks.bench import AIOHTTP, HTTPX, OURS, SDK, STOCK, Bench, wall
from benchmarks.peers import Unavailable
from benchmarks.processes import Reply
from benchmarks.report import Row, Table, at_least, ratio
from benchmarks.serve import KEY

SECONDS = 0.05
THREADS = {f"thread_many_{number:02}": 4 * data.PAGE for number in range(64)}
RUNS = sum(THREADS.values())
PAGES = RUNS // data.PAGE
FEW, MANY = 16, 64

ORDERS = {
    f"{OURS}, async": (OURS, "async_many"),
    f"{OURS}, sync": (OURS, "many"),
    **{name: (name, "async_many") for name in (STOCK, SDK, HTTPX, AIOHTTP)},
}
"""Who takes part, and how; the peers each with the one asynchronous client that they recommend."""


def measure(bench: Bench) -> Iterator[Table]:
    """Yield the table."""
    url = bench.server(data.store("many", THREADS), SECONDS).url

    def walk(name: str, concurrency: int) -> Reply:
        participant, call = ORDERS[name]
        reply = bench.worker(participant).run(call, url=url, key=KEY, threads=[*THREADS], concurrency=concurrency)
        if reply.result != RUNS:
            raise Unavailable(f"it counted {reply.result} of {RUNS} runs")
        return reply

    entrants = {
        f"{name}, {concurrency} at a time": lambda name=name, concurrency=concurrency: walk(name, concurrency)
        for name in ORDERS
        for concurrency in (FEW, MANY)
    }
    race = bench.race("many threads", entrants, bench.choose(3, 1))
    rates = {name: ratio(PAGES, race.best(name, wall)) for name in entrants}
    stock = rates[f"{STOCK}, {MANY} at a time"]
    table = Table(
        f"Many threads at once: {len(THREADS)} threads of 4 pages, {SECONDS * 1000:.0f} ms of latency",
        f"Pages a second, best walk; the latency alone allows {FEW / SECONDS:,.0f} and {MANY / SECONDS:,.0f}.",
    )
    for name in ORDERS:
        few, many = f"{name}, {FEW} at a time", f"{name}, {MANY} at a time"
        ours = name.startswith(OURS)
        growth, lead = ratio(rates[many], rates[few]), ratio(rates[many], stock)
        why = race.missing.get(many, "")
        table.rows.append(Row(few, rates[few], "pages/s", why=race.missing.get(few, "")))
        target = at_least(1) if ours else None
        table.rows.append(Row(many, rates[many], "pages/s", growth, f"x {FEW} at a time", target, why))
        if ours:
            table.rows.append(Row(many, rates[many], "pages/s", lead, f"x {STOCK}", at_least(3), why))
    yield table
