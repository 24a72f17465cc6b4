"""``threadruns load``: load runs from files into a database."""

from __future__ import annotations

import os

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from threadruns._cli._options import database_option
from threadruns._cli._output import Failure
from threadruns._text import printable
from threadruns.server.store import Store, open_store
from threadruns.server.store.errors import StoreError
from threadruns.server.store.loading import FileRejected, LoadResult, load


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE...")
@database_option("SQLite file, created if it is missing, or URL of a PostgreSQL database.", required=True)
@click.option("--skip-bad", is_flag=True, help="If a file has bad runs, load the valid ones, and exit with 1.")
def command(files: tuple[str, ...], db: str, skip_bad: bool) -> None:
    """Load runs from FILEs into a database that `threadruns serve --db` serves.

    A file has JSON lines, an array or list responses, with or without gzip; - is standard input. Each run is validated
    against the document. A file is loaded completely or not at all; loading it again changes nothing. The exit code is
    1 if a file has bad runs or cannot be read.

    \b
    threadruns load archive.jsonl.gz --db runs.db
    threadruns serve --db runs.db
    """
    try:
        store = open_store(db)
    except StoreError as error:
        raise Failure(str(error)) from error
    try:
        complete = [load_file(store, path, skip_bad=skip_bad) for path in files]
    finally:
        store.close()
    if not all(complete):
        raise SystemExit(1)


def load_file(store: Store, path: str, *, skip_bad: bool = False) -> bool:
    """Load one file, and show the progress and the result.

    Returns:
        Whether all runs of the file are in the database.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(os.path.basename(path), total=os.stat(0 if path == "-" else path).st_size or None)
            loaded = load(store, path, skip_bad=skip_bad, progress=lambda size: bar.advance(task, size))
    except OSError as error:
        click.echo(f"Error: Cannot read {path!r}: {error.strerror or error}.", err=True)
        return False
    except StoreError as error:
        click.echo(f"Error: {error}", err=True)
        return False
    except FileRejected as rejected:
        _report_bad(rejected.loaded)
        click.echo(
            f"Error: {printable(str(rejected))} Correct the file, or load the valid runs with --skip-bad.", err=True
        )
        return False
    _report_bad(loaded)
    click.echo(f"{path}: {loaded.new} new, {loaded.unchanged} unchanged, {loaded.bad} skipped")
    return not loaded.bad


def _report_bad(loaded: LoadResult) -> None:
    for bad in loaded.first_bad:
        click.echo(f"{loaded.path}:{bad.line}: {printable(bad.reason)}", err=True)
    if loaded.bad > len(loaded.first_bad):
        click.echo(f"... and {loaded.bad - len(loaded.first_bad)} more", err=True)
