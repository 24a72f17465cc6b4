"""``threadruns verify``: find damaged runs in a database."""

from __future__ import annotations

import json
import sys
from contextlib import closing

import click
from attrs import asdict
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from threadruns._cli._options import database_option
from threadruns._cli._output import Failure, count, standard_output
from threadruns._text import printable
from threadruns.server.store import open_store
from threadruns.server.store.errors import StoreDamaged, StoreError
from threadruns.server.store.records import Damage


@click.command()
@database_option("SQLite file, or URL of a PostgreSQL database.", required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per problem, instead of a table.")
def command(db: str, as_json: bool) -> None:
    """Read all of a database, and list the runs that are damaged.

    Every run is compared with its checksum, and the structure of the file is verified. The database is not changed; a
    damaged run can be loaded again with `threadruns load --replace`.

    \b
    threadruns verify --db runs.db

    Exit codes: 0 nothing is damaged, 1 something is, 2 usage error, 4 the database cannot be read.
    """
    try:
        place, runs, found = _find_damage(db)
    except StoreError as error:
        raise Failure(str(error)) from error
    with standard_output():
        if as_json:
            for damage in found:
                click.echo(json.dumps(asdict(damage)))
        elif found:
            _print_table(found)
    problems = "no damage" if not found else count(len(found), "problem")
    click.echo(f"{place}: {count(runs, 'run')}, {problems}", err=as_json)
    if found:
        raise SystemExit(1)


def _find_damage(db: str) -> tuple[str, int, list[Damage]]:
    """Return the place of the database as it may be shown, the number of runs that were read, and all damage."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    found: list[Damage] = []
    place, runs = "The database", 0
    try:
        with (
            closing(open_store(db, create=False, notify=lambda sentence: click.echo(sentence, err=True))) as store,
            Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar,
        ):
            place = store.location or place
            task = bar.add_task("runs", total=store.summary().runs if console.is_terminal else None)

            def progress(number: int) -> None:
                nonlocal runs
                runs += number
                bar.advance(task, number)

            found += store.verify(progress)
    except StoreDamaged as error:
        found.append(Damage(str(error)))
    return place, runs, found


def _print_table(found: list[Damage]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    table = Table("thread", "run", "problem", box=box.SIMPLE, pad_edge=False)
    for damage in found:
        table.add_row(*(Text(printable(cell or "")) for cell in (damage.thread, damage.run_id, damage.problem)))
    console.print(table)
