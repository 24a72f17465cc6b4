"""Time and memory of listing threads of very different lengths."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import OURS, PARTICIPANTS, Bench
from benchmarks.peers import Unavailable
from benchmarks.processes import Cost, Worker
from benchmarks.report import Row, Table, at_most, ratio
from benchmarks.serve import KEY
from benchmarks.tables.server import long_store, long_thread


def measure(bench: Bench) -> Iterator[Table]:
    """Yield a table of time and memory by the number of runs."""
    longest = bench.choose(1_000_000, 100_000)
    url = bench.server(long_store(longest)).url
    table = Table(
        "Growth of a streaming walk",
        "CPU time a run, and the peak of the resident memory of a fresh process that counts the runs; "
        "ratios are to the shortest list.",
    )
    found: dict[int, Cost | str] = {}
    for runs in (count for count in (10_000, 100_000, 1_000_000) if count <= longest):
        bench.progress(f"growth: {runs:,} runs")
        try:
            found[runs] = _walk(url, long_thread(longest), runs)
        except Unavailable as reason:
            found[runs] = str(reason)
    first = found[10_000]
    for runs, cost in found.items():
        for kind, unit, bound in (("CPU", "us per run", 1.2), ("peak memory", "MB", 1.25)):
            name = f"{runs:,} runs, {kind}"
            if isinstance(cost, str):
                table.rows.append(Row(name, None, unit, reason=cost))
                continue
            value = cost.cpu / runs * 1e6 if kind == "CPU" else cost.peak / 1e6
            if runs == 10_000 or isinstance(first, str):
                table.rows.append(Row(name, value, unit))
                continue
            base = first.cpu / 10_000 * 1e6 if kind == "CPU" else first.peak / 1e6
            table.rows.append(Row(name, value, unit, ratio(value, base), "x 10,000 runs", at_most(bound)))
    yield table


def _walk(url: str, thread: str, runs: int) -> Cost:
    script, environment = PARTICIPANTS[OURS]
    with Worker(script, environment) as worker:
        return worker.count(runs, "walk", url=url, key=KEY, thread=thread, max_items=runs)
