"""The command: ``python -m benchmarks`` measures all tables, prints them and, if asked to, writes them as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks.bench import Bench
from benchmarks.peers import ROOT, Unavailable
from benchmarks.report import Table
from benchmarks.tables import NAMES


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code, which does not depend on the targets."""
    options = _options(arguments)
    console = Console(width=None if sys.stdout.isatty() else 150, highlight=False)
    start = time.perf_counter()
    tables: list[Table] = []
    with _display() as (progress, show), Bench(quick=options.quick, peers=options.peers, progress=show) as bench:
        for name in progress.track(options.only):
            for table in _measure(name, bench):
                tables.append(table)
                progress.stop()
                table.print(console)
                progress.start()
        versions = bench.versions
    about = {**_machine(), "seconds": round(time.perf_counter() - start), "quick": options.quick, "versions": versions}
    for key, value in about.items():
        console.print(f"{key}: {value if isinstance(value, str) else json.dumps(value)}", markup=False)
    results = [row.met for table in tables for row in table.rows if row.met is not None]
    console.print(f"{sum(results)} of {len(results)} targets met")
    if options.json:
        report = {**about, "tables": [table.as_json() for table in tables]}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure threadruns against its targets and its peers.",
        epilog="Example: scripts/bench --quick --only decode,start",
    )
    parser.add_argument(
        "--only", type=_names, default=NAMES, metavar="NAMES", help=f"the tables to measure, from: {','.join(NAMES)}"
    )
    parser.add_argument("--quick", action="store_true", help="run fewer rounds")
    parser.add_argument(
        "--no-peers", dest="peers", action="store_false", help="leave out the peers that need an installation"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the tables to a JSON file")
    return parser.parse_args(arguments)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in NAMES]:
        raise argparse.ArgumentTypeError(f"the table {unknown[0]!r} is unknown; the tables are {', '.join(NAMES)}")
    return names


def _measure(name: str, bench: Bench) -> Iterator[Table]:
    try:
        yield from import_module(f"benchmarks.tables.{name.replace('-', '_')}").measure(bench)
    except Unavailable as reason:
        yield Table(name, f"This table could not be measured: {reason}.")


@contextmanager
def _display() -> Iterator[tuple[Progress, Callable[[str], None]]]:
    """Show the progress on standard error, so that the tables can be piped."""
    columns = (SpinnerColumn(), BarColumn(20), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def show(text: str) -> None:
            for task in progress.task_ids:
                progress.update(task, description=escape(text))

        yield progress, show


def _machine() -> dict[str, Any]:
    done = subprocess.run(
        ("git", "describe", "--always", "--dirty"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": done.stdout.strip() or "unknown",
        "python": platform.python_version(),
        "cpu": _cpu(),
        "cores": os.cpu_count() or 0,
        "load": round(os.getloadavg()[0], 1),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
