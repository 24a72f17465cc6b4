"""``threadruns convert``: copy all runs from one store, or a file of JSON lines, to another."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from typing import IO

import click
from attrs import define
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from threadruns._cli._output import Failure, count, standard_output
from threadruns._cli.load import load_file, notify
from threadruns._text import printable
from threadruns.server.store import Store, open_store, postgres_url
from threadruns.server.store.errors import StoreError
from threadruns.server.store.records import Conflict, RunRecord

LINES = (".jsonl", ".ndjson")
"""How the name of a file of JSON lines ends, if the file does not exist yet."""

SQLITE = b"SQLite format 3\0"
"""The first bytes of an SQLite file."""

MAX_REPORTED = 20
"""The largest number of conflicts that are reported."""


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def command(source: str, target: str) -> None:
    """Copy all runs and threads FROM one place TO another, byte for byte, all or none.

    A place is an SQLite file, the URL of a PostgreSQL database, or JSON lines: a file whose name ends in .jsonl or
    .ndjson, or - for standard input and output. Runs that TO has already are compared; a run with other content is
    a conflict, and nothing is copied. JSON lines hold runs only, and no threads without runs. Other users can read the
    command line: let libpq find the password of a database, in PGPASSWORD or a password file.

    \b
    threadruns convert runs.db postgresql://archive@localhost/runs
    threadruns convert postgresql://archive@localhost/runs runs.jsonl
    """
    if target.endswith(".gz"):
        raise click.UsageError("TO is not compressed; write to - and compress that: threadruns convert FROM - | gzip")
    if ":memory:" in (source, target):
        raise click.UsageError("A database in memory ends with the command; give the name of a file.")
    try:
        lines = [_has_lines(source, exists=True), _has_lines(target, exists=False)]
        if all(lines):
            raise click.UsageError("FROM and TO are both JSON lines; one of them must be a database.")
        if lines[0]:
            with closing(open_store(target, notify=notify)) as store:
                complete = load_file(store, source)
        elif lines[1]:
            with closing(open_store(source, create=False)) as store:
                _write_lines(store, target)
            complete = True
        else:
            with (
                closing(open_store(source, create=False)) as store,
                closing(open_store(target, notify=notify)) as other,
            ):
                complete = _copy(store, other)
    except StoreError as error:
        raise Failure(str(error)) from error
    if not complete:
        raise SystemExit(1)


def _has_lines(place: str, *, exists: bool) -> bool:
    """Return whether a place is JSON lines.

    Args:
        place: The name of a file, a URL, or ``-``.
        exists: The place is read, so that it must exist.

    Raises:
        Failure: It does not exist, or cannot be read.
        StoreError: It is the URL of something else than a PostgreSQL database.
    """
    if place == "-":
        return True
    if postgres_url(place) is not None:
        return False
    try:
        # What is read from a pipe is gone, and opening one may block.
        if not stat.S_ISREG(os.stat(place).st_mode):
            return exists or _is_named(place)
        with open(place, "rb") as file:
            return file.read(len(SQLITE)) != SQLITE if exists or os.fstat(file.fileno()).st_size else _is_named(place)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not exists:
            return _is_named(place)
        raise Failure(f"Cannot read {place!r}: {error.strerror or error}.") from error


def _is_named(place: str) -> bool:
    return place.endswith(LINES)


@define
class _Counter:
    """The runs that were read, the threads that have them, and the thread of the last run."""

    runs: int = 0
    threads: int = 0
    last: str | None = None

    def count(self, run: RunRecord) -> None:
        self.runs += 1
        if run.thread != self.last:
            self.threads += 1
            self.last = run.thread


@contextmanager
def _counted(store: Store) -> Generator[tuple[Iterator[RunRecord], _Counter]]:
    """Yield the runs of a store, which are counted, and show the progress."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    counter = _Counter()

    def runs() -> Iterator[RunRecord]:
        for run in store.runs():
            counter.count(run)
            if counter.runs % 100 == 0:
                bar.advance(task, 100)
            yield run

    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("runs", total=store.summary().runs if console.is_terminal else None)
        yield runs(), counter


def _copy(source: Store, target: Store) -> bool:
    """Copy from one store to another, and return whether everything was copied."""
    conflicts: list[Conflict] = []

    class Rejected(Exception):
        pass

    def report(conflict: Conflict) -> None:
        conflicts.append(conflict)
        if len(conflicts) == MAX_REPORTED:
            raise Rejected

    try:
        with (
            _counted(source) as (runs, counter),
            target.load(runs, threads=source.thread_ids(), report=report) as counts,
        ):
            if conflicts:
                raise Rejected
    except Rejected:
        for conflict in conflicts:
            click.echo(printable(str(conflict)), err=True)
        most = "at least " if len(conflicts) == MAX_REPORTED else ""
        click.echo(
            f"Error: {most}{count(len(conflicts), 'run')} cannot be stored in {target.location}; nothing was copied.",
            err=True,
        )
        return False
    click.echo(
        f"{source.location} -> {target.location}: {_size(counter.runs, source.summary().threads)}, "
        f"{counts.new} new, {counts.unchanged} unchanged"
    )
    return True


def _write_lines(store: Store, target: str) -> None:
    if target == "-":
        with standard_output(), _counted(store) as (runs, counter):
            _write_all(runs, sys.stdout.buffer)
        _tell_empty_threads(store, counter)
        return
    if os.path.exists(target):
        raise Failure(f"{target!r} exists; give the name of another file, or remove it.")
    with _replacing(target) as file, _counted(store) as (runs, counter):
        _write_all(runs, file)
    click.echo(f"{store.location} -> {target}: {_size(counter.runs, counter.threads)}")
    _tell_empty_threads(store, counter)


def _write_all(runs: Iterator[RunRecord], file: IO[bytes]) -> None:
    for run in runs:
        file.write(run.text + b"\n")


@contextmanager
def _replacing(path: str) -> Generator[IO[bytes]]:
    """Yield a file that gets its name when the block ends without an error.

    Raises:
        Failure: It cannot be written.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".threadruns-", dir=os.path.dirname(path) or ".")
        try:
            with open(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.remove(temporary)
            raise
    except OSError as error:
        raise Failure(f"Cannot write {path!r}: {error.strerror or error}.") from error


def _tell_empty_threads(store: Store, counter: _Counter) -> None:
    missing = store.summary().threads - counter.threads
    if missing > 0:
        click.echo(f"{count(missing, 'thread')} without runs left out, because JSON lines hold runs only.", err=True)


def _size(runs: int, threads: int) -> str:
    return f"{count(runs, 'run')} of {count(threads, 'thread')}"
