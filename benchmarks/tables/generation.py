"""Generating the package, and comparing it with the document."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import Bench, wall
from benchmarks.peers import ROOT
from benchmarks.processes import command
from benchmarks.report import Row, Table, at_most

SCRIPT = ROOT / "scripts" / "generate.py"


def measure(bench: Bench) -> Iterator[Table]:
    """Yield the table."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        target = Path(folder) / "threadruns_api"
        entrants = {
            "generate": lambda: command(sys.executable, SCRIPT, "--target", target),
            "generate --check": lambda: command(sys.executable, SCRIPT, "--check"),
        }
        race = bench.race("generation", entrants, bench.choose(3, 1))
    table = Table("Generation and drift check", "Wall time of the whole command, best of all.")
    for name in entrants:
        table.rows.append(Row(name, race.best(name, wall), "s", target=at_most(3), reason=race.missing.get(name, "")))
    yield table
