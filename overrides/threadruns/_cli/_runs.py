"""Runs on standard output: as a table, as JSON lines or as CSV."""

from __future__ import annotations

import io
import json
import sys
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from threadruns import UNSET, Run, write_csv, write_json_lines
from threadruns._text import printable


def write_runs(runs: Iterable[Run], output_format: str) -> None:
    """Write runs to standard output: JSON and CSV as the runs arrive, a table after the last run.

    Args:
        runs: The runs.
        output_format: The format: "table", "json" or "csv".
    """
    output: Any = sys.stdout
    if isinstance(output, io.TextIOWrapper):
        # The encoding of the locale, such as ASCII or cp1252, may lack characters of the runs.
        output.reconfigure(errors="backslashreplace")
    match output_format:
        case "json" if sys.stdout.isatty():
            lines: Any = _Terminal(_escaped)
            write_json_lines(runs, lines)
        case "json":
            write_json_lines(runs, sys.stdout.buffer)
        case "csv" if sys.stdout.isatty():
            table: Any = _Terminal(_replaced)
            write_csv(runs, table)
        case "csv":
            with _utf8() as file:
                write_csv(runs, file)
        case _:
            _show_table(runs)


class _Terminal:
    """A file that writes to the terminal, without characters that would control it."""

    def __init__(self, show: Any) -> None:
        self._show = show

    def write(self, data: str | bytes) -> int:
        """Write text, or bytes of it."""
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
        return sys.stdout.write(self._show(text))


def _escaped(text: str) -> str:
    # In JSON, any character may be written as an escape, so nothing is lost.
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def _replaced(text: str) -> str:
    return printable(text.replace("\r\n", "\n"), keep="\n")


@contextmanager
def _utf8() -> Generator[IO[str]]:
    """Yield standard output as a text file in UTF-8, whatever the locale, because programs read it."""
    file = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="backslashreplace", newline="")
    try:
        yield file
        file.flush()
    finally:
        file.detach()


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise the error of a closed pipe again, for the command to handle; rich would exit with 1."""
        raise


def _show_table(runs: Iterable[Run]) -> None:
    table = Table("run", "status", "created (UTC)", "model", "tokens", box=None, pad_edge=False, header_style="bold")
    for column in table.columns[:3]:
        column.no_wrap = True
    table.columns[4].justify = "right"
    statuses: Counter[str] = Counter()
    complete = False
    try:
        for run in runs:
            table.add_row(*(Text(printable(cell)) for cell in _cells(run)))
            statuses[str(run.status)] += 1
        complete = True
    finally:
        console = _Console(width=None if sys.stdout.isatty() else 160, highlight=False)
        if statuses:
            console.print(table)
        console.print(Text(_summary(statuses, complete=complete)))


def _summary(statuses: Counter[str], *, complete: bool) -> str:
    total = statuses.total()
    counts = ", ".join(f"{count} {printable(status)}" for status, count in statuses.most_common())
    summary = f"{total} {'run' if total == 1 else 'runs'}" + (f": {counts}" if counts else "")
    return summary if complete else f"NOT COMPLETE, only {summary}"


def _cells(run: Run) -> tuple[str, ...]:
    # Any value may be of another type, as invalid ones are kept.
    created: Any = run.created_at
    with suppress(TypeError, ValueError, OverflowError, OSError):
        created = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%d %H:%M:%S")
    tokens = getattr(run.usage, "total_tokens", UNSET) if run.usage else UNSET
    return tuple("" if value is UNSET else str(value) for value in (run.id, run.status, created, run.model, tokens))
