"""Decoding the body of a page: time, memory, and the cost of what the document does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import data
from benchmarks.bench import MSGSPEC, OLD_SDK, OMITS, ORJSON, OURS, PYDANTIC, SDK, STOCK, Bench, Ranking, cpu
from benchmarks.peers import Unavailable
from benchmarks.processes import Cost
from benchmarks.report import Row, Table, Target, at_least, at_most

PEERS = (PYDANTIC, STOCK, SDK, OLD_SDK, MSGSPEC)
BATCH = 30
"""The number of pages of a batch, the same for all: a longer batch has the caches of the processor to itself."""

TARGETS: dict[str, dict[str, Target]] = {
    "documented": {OURS: at_most(0.8), PYDANTIC: at_least(5), SDK: at_least(40), OLD_SDK: at_least(40)},
    "rich": {OURS: at_most(0.9)},
}


def measure(bench: Bench) -> Iterator[Table]:
    """Yield a table for each form of run, one of memory, one of unknown fields and tools, and one of first pages."""
    for shape, targets in TARGETS.items():
        yield _speed(bench, shape, targets)
    yield _memory(bench, data.body("documented"))
    yield _unknown(bench)


def _speed(bench: Bench, shape: str, targets: dict[str, Target]) -> Table:
    file = data.body(shape)
    entrants = {name: _decoding(bench, name, file) for name in (ORJSON, OURS, *PEERS)}
    ranking = Ranking(bench.race(f"decode, {shape}", entrants, bench.choose(20, 4)), cpu, 1e6, "us")
    return Table(
        f"Decode a page of 100 runs, {shape}, {file.stat().st_size / 1000:.0f} KB",
        f"CPU time a page, best batch of {BATCH}. The ratio of threadruns is to orjson.loads, that of the others to"
        " threadruns.",
        [
            ranking.row(ORJSON),
            ranking.row(OURS, to=ORJSON, target=targets[OURS]),
            *(ranking.row(name, to=OURS, target=targets.get(name)) for name in PEERS),
        ],
    )


def _memory(bench: Bench, file: Path) -> Table:
    table = Table(
        "Memory of a decoded run, documented",
        "The memory that the objects of a page keep alive, including strings, by tracemalloc; divided by its 100 runs.",
    )
    for name in (ORJSON, OURS, *PEERS):
        bench.progress(f"memory of a decoded run: {name}")
        target = at_most(1.35) if name == OURS else None
        try:
            held = bench.worker(name).held("decode", file=str(file)) / data.PAGE / 1000
            table.rows.append(Row(name, held, "KB", target=target, omits=OMITS.get(name, "")))
        except Unavailable as reason:
            table.rows.append(Row(name, None, "KB", target=target, reason=str(reason)))
    return table


def _unknown(bench: Bench) -> Table:
    cases: dict[str, tuple[Path, Target | None]] = {
        "two unknown fields in each run": (data.body("unknown"), at_most(1.5)),
        "three, one of them in its usage": (data.body("nested"), None),
        "an unknown tool in each run": (data.body("tools"), None),
    }
    tools = data.file_search_run()["tools"]
    for place in data.PLACES:
        cases[f"one unknown tool, in the {place} run"] = (data.body_with_unknown("tools", tools, place), at_most(1.8))
    cases["one unknown status, in the last run"] = (data.body_with_unknown("status", "paused", "last"), None)
    table = Table(
        "Decode a page with what the document does not know",
        f"CPU time a page, best batch of {BATCH}. Everything is kept. The ratio is to orjson.loads of the same page.",
    )
    for case, (file, target) in cases.items():
        entrants = {name: _decoding(bench, name, file) for name in (ORJSON, OURS)}
        ranking = Ranking(bench.race(case, entrants, bench.choose(20, 4)), cpu, 1e6, "us")
        table.rows.append(replace(ranking.row(OURS, to=ORJSON, target=target), name=case))
    return table


def _decoding(bench: Bench, name: str, file: Path) -> Callable[[], Cost]:
    return lambda: bench.worker(name).run("decode", BATCH, file=str(file))
