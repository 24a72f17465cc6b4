"""``threadruns synth``: synthetic runs as JSON lines or in a database."""

from __future__ import annotations

import sys

import click

from threadruns._cli._options import persistent
from threadruns._cli._output import Failure, standard_output
from threadruns._cli.load import notify
from threadruns.server.store import open_store
from threadruns.server.store.errors import RunConflict, StoreError
from threadruns.server.synth import SynthesisError, json_lines, synthesize


@click.command()
@click.option("--threads", default=10, show_default=True, type=click.IntRange(min=1), help="Number of threads.")
@click.option("--runs", default=100, show_default=True, type=click.IntRange(min=1), help="Number of runs in all.")
@click.option("--seed", default=0, show_default=True, help="Seed; the same seed gives the same runs.")
@click.option(
    "--status",
    "shares",
    multiple=True,
    metavar="NAME=SHARE",
    help="Share of a status, such as completed=90; repeatable. Statuses without a share do not occur.  "
    "[default: equal shares]",
)
@click.option(
    "--db",
    type=click.Path(dir_okay=False),
    callback=persistent,
    metavar="FILE|URL",
    help="Add the runs to this database instead of printing them.",
)
def command(threads: int, runs: int, seed: int, shares: tuple[str, ...], db: str | None) -> None:
    """Generate synthetic runs of every status and variant, valid against the document and its rules.

    The runs are written to standard output as JSON lines, or added to a database.

    \b
    threadruns synth --threads 100 --runs 1000 --seed 7 > runs.jsonl
    threadruns synth --status completed=90 --status failed=10
    threadruns synth --runs 5000 --db runs.db && threadruns serve --db runs.db
    """
    try:
        generated = synthesize(threads, runs, seed, statuses=_read_shares(shares))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        if db is None:
            with standard_output():
                sys.stdout.buffer.writelines(line.encode() for line in json_lines(generated))
            return
        store = open_store(db, notify=notify)
        try:
            store.add(generated)
        finally:
            store.close()
    except SynthesisError as error:
        raise click.ClickException(str(error)) from error
    except StoreError as error:
        raise Failure(str(error)) from error
    except RunConflict as error:
        raise Failure(f"{error}; give another --seed.") from error
    click.echo(f"{runs} runs of {threads} threads were added to {store.location}")


def _read_shares(texts: tuple[str, ...]) -> dict[str, float] | None:
    shares: dict[str, float] = {}
    for text in texts:
        status, _, share = text.partition("=")
        if status in shares:
            raise click.UsageError(f"--status {status} is given twice; give each status once.")
        try:
            shares[status] = float(share)
        except ValueError:
            raise click.UsageError(f"--status {text} has no number; write it like completed=90.") from None
    return shares or None
