"""``threadruns synth``: synthetic runs as JSON lines or in a database."""

from __future__ import annotations

import os
import sys

import click

from threadruns.server._store import Store, StoreError
from threadruns.server.synth import SynthesisError, json_lines, synthesize


@click.command()
@click.option("--threads", default=10, show_default=True, type=click.IntRange(min=1), help="Number of threads.")
@click.option("--runs", default=100, show_default=True, type=click.IntRange(min=1), help="Number of runs in all.")
@click.option("--seed", default=0, show_default=True, help="Seed; the same seed gives the same runs.")
@click.option("--db", type=click.Path(dir_okay=False), help="Add the runs to this database instead of printing them.")
def command(threads: int, runs: int, seed: int, db: str | None) -> None:
    """Generate synthetic runs: valid against the document, of every status and variant.

    The runs are written to standard output as JSON lines, or added to a database.

    \b
    threadruns synth --threads 100 --runs 1000 --seed 7 > runs.jsonl
    threadruns synth --runs 5000 --db runs.db && threadruns serve --db runs.db
    """
    if runs < threads:
        raise click.UsageError(f"{runs} runs are too few for {threads} threads; ask for at least one run per thread.")
    try:
        generated = synthesize(threads, runs, seed)
        if db is None:
            sys.stdout.buffer.writelines(line.encode() for line in json_lines(generated))
            sys.stdout.buffer.flush()
            return
        store = Store(db)
        try:
            store.add(generated)
        finally:
            store.close()
    except (StoreError, SynthesisError) as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        raise  # The reader has closed the pipe; click exits without a message.
    except OSError as error:
        # Discard the rest of the buffer; otherwise Python would try to write it again on exit, and fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.ClickException(f"Cannot write the runs: {error.strerror or error}.") from error
    click.echo(f"{runs} runs of {threads} threads were added to {db}")
