"""Decoding the body of a page: time, memory, and the cost of unknown fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import data
from benchmarks.bench import (
    MSGSPEC,
    OLD_SDK,
    OMITS,
    ORJSON,
    OURS,
    OURS_LEARNING,
    PYDANTIC,
    SDK,
    STOCK,
    Bench,
    Ranking,
    cpu,
)
from benchmarks.peers import Unavailable
from benchmarks.processes import Cost
from benchmarks.report import Row, Table, Target, at_least, at_most

NAMES = (ORJSON, OURS, MSGSPEC, PYDANTIC, STOCK, SDK, OLD_SDK)

BATCH = 8
"""The number of pages of a batch. It is the same for all: a longer batch has the caches of the processor to itself."""

TARGETS: dict[str, dict[str, Target]] = {
    "documented": {OURS: at_most(2.7), STOCK: at_least(7), SDK: at_least(22), OLD_SDK: at_least(22)},
    "rich": {OURS: at_most(1.8), STOCK: at_least(3.5), SDK: at_least(10), OLD_SDK: at_least(10)},
}


def measure(bench: Bench) -> Iterator[Table]:
    """Yield a table for each shape of run, one of memory and one of unknown fields."""
    for shape, targets in TARGETS.items():
        yield _speed(bench, shape, targets)
    yield _memory(bench, data.body("documented"))
    yield _unknown_fields(bench)


def _speed(bench: Bench, shape: str, targets: dict[str, Target]) -> Table:
    file = data.body(shape)
    entrants = {name: _decoding(bench, name, file) for name in NAMES}
    ranking = Ranking(bench.race(f"decode, {shape}", entrants, bench.choose(20, 4)), cpu, 1e6, "us")
    return Table(
        f"Decode a page of 100 runs, {shape}, {file.stat().st_size / 1000:.0f} KB",
        "CPU time a page, best batch. The ratio of threadruns is to orjson.loads, that of the others to threadruns.",
        [
            ranking.row(ORJSON),
            ranking.row(OURS, to=ORJSON, target=targets[OURS]),
            *(
                ranking.row(name, to=OURS, target=targets.get(name))
                for name in (PYDANTIC, STOCK, SDK, OLD_SDK, MSGSPEC)
            ),
        ],
    )


def _memory(bench: Bench, file: Path) -> Table:
    table = Table(
        "Memory of a decoded run, documented",
        "The memory that the objects of a page keep alive, including strings, by tracemalloc; divided by its 100 runs.",
    )
    for name in NAMES:
        bench.progress(f"memory of a decoded run: {name}")
        target = at_most(1.5) if name == OURS else None
        try:
            held = bench.worker(name).held("decode", file=str(file)) / data.PAGE / 1000
            table.rows.append(Row(name, held, "KB", target=target, omits=OMITS.get(name, "")))
        except Unavailable as reason:
            table.rows.append(Row(name, None, "KB", target=target, reason=str(reason)))
    return table


def _unknown_fields(bench: Bench) -> Table:
    known, unknown, after = (
        "every field is known",
        "two fields of each run are unknown",
        "known fields again, afterwards",
    )
    entrants = {
        known: _decoding(bench, OURS, data.body("documented")),
        unknown: _decoding(bench, OURS_LEARNING, data.body("unknown")),
        after: _decoding(bench, OURS_LEARNING, data.body("documented")),
    }
    ranking = Ranking(bench.race("unknown fields", entrants, bench.choose(20, 4)), cpu, 1e6, "us")
    return Table(
        "Decode a page with unknown fields",
        "CPU time a page, best batch. Unknown fields are kept.",
        [ranking.row(known), *(ranking.row(name, to=known, target=at_most(1.5)) for name in (unknown, after))],
    )


def _decoding(bench: Bench, name: str, file: Path) -> Callable[[], Cost]:
    # Rich pages take about four times as long.
    times = BATCH // (4 if file.stat().st_size > 200_000 else 1)
    return lambda: bench.worker(name).run("decode", times, file=str(file))
