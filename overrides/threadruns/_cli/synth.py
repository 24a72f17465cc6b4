"""``threadruns synth``: synthetic runs as JSON lines or straight into a database."""

from __future__ import annotations

import os
import sys

import click

from threadruns.server._store import Store, StoreError
from threadruns.server.synth import SynthesisError, synthesize, write


@click.command()
@click.option("--threads", default=10, show_default=True, type=click.IntRange(min=1), help="How many threads.")
@click.option("--runs", default=100, show_default=True, type=click.IntRange(min=1), help="How many runs in all.")
@click.option("--seed", default=0, show_default=True, help="The same seed makes the same runs.")
@click.option("--db", type=click.Path(dir_okay=False), help="Put them into this database instead of printing them.")
def command(threads: int, runs: int, seed: int, db: str | None) -> None:
    """Write synthetic runs: valid against the document, of every status and variant.

    They go to standard output as JSON lines, or into a database.

    \b
    threadruns synth --threads 100 --runs 1000 --seed 7 > runs.jsonl
    threadruns synth --runs 5000 --db runs.db && threadruns serve --db runs.db
    """
    if runs < threads:
        raise click.UsageError(f"{runs} runs cannot fill {threads} threads; ask for at least one run a thread.")
    try:
        made = synthesize(threads, runs, seed)
        if db is None:
            sys.stdout.buffer.writelines(line.encode() for line in write(made))
            sys.stdout.buffer.flush()
            return
        store = Store(db)
        try:
            store.add(made)
        finally:
            store.close()
    except (StoreError, SynthesisError) as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        raise  # Whoever reads has had enough; click ends quietly.
    except OSError as error:
        # What is left in the buffer goes nowhere; Python would try to write it once more at its end, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.ClickException(f"The runs cannot be written: {error.strerror or error}.") from error
    click.echo(f"{runs} runs of {threads} threads were added to {db}")
