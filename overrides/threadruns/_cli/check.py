"""``threadruns check``: check a server against the contract."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from threadruns._cli._options import hidden
from threadruns._cli._output import Departure, Failure, Interrupted, Unreadable, standard_output
from threadruns._cli._report import print_report, print_rules
from threadruns._document import beta as beta_of_document
from threadruns._errors import ArgumentError
from threadruns._http.secrets import KEY_VARIABLE, Secret
from threadruns.contract.check import CheckInterrupted, check
from threadruns.contract.reports import as_json, as_junit, json_schema, rule_as_json
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.verdict import Verdict

EXIT_CODES = {Verdict.CONFORMS: 0, Verdict.DEPARTS: Departure.exit_code, Verdict.UNDECIDED: Unreadable.exit_code}

INTERRUPTED = Interrupted.exit_code


@click.command()
@click.argument("url", required=False)
@click.option(
    "--api-key",
    callback=hidden,
    envvar=KEY_VARIABLE,
    metavar="KEY",
    help=f"API key that the server accepts; or set {KEY_VARIABLE}.",
)
@click.option(
    "--thread", "threads", multiple=True, metavar="ID", help="A thread to read; repeat it for several threads."
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Format of the report.",
)
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Also write JUnit XML to this file.")
@click.option("--list", "list_rules", is_flag=True, help="Print the rules with their sources, and exit.")
@click.option("--schema", "print_schema", is_flag=True, help="Print the JSON Schema of the JSON report, and exit.")
@click.option("--beta", default=beta_of_document(), show_default=True, help="Value of the OpenAI-Beta header.")
@click.option("--seed", default=0, show_default=True, help="Seed of the random requests.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Maximum requests per second.")
@click.option(
    "--timeout",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Timeout per response, in seconds.",
)
@click.option(
    "--max-requests", default=600, show_default=True, type=click.IntRange(1), help="Maximum number of requests."
)
@click.option(
    "--max-time",
    default=300.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Maximum duration of the check, in seconds.",
)
@click.option(
    "--ca-bundle", type=click.Path(exists=True, dir_okay=False), help="File of trusted certificate authorities."
)
@click.option("--fail-fast", is_flag=True, help="Stop at the first departure.")
@click.option("--all", "show_all", is_flag=True, help="Show every rule, including those that passed.")
def command(
    url: str | None,
    api_key: Secret,
    threads: tuple[str, ...],
    output_format: str,
    report: Path | None,
    list_rules: bool,
    print_schema: bool,
    beta: str,
    seed: int,
    rate: float | None,
    timeout: float,
    max_requests: int,
    max_time: float,
    ca_bundle: str | None,
    fail_fast: bool,
    show_all: bool,
) -> None:
    """Check the server at URL against the contract, by reading threads that exist there.

    The check changes nothing on the server. To decide more rules, pass threads of several sizes: empty, one run, a few,
    as many as the default limit, as many as the largest limit, more than that, and many runs created in the same
    second. The key is sent to URL only, and no report contains it.

    \b
    threadruns check http://127.0.0.1:8000/v1 --thread thread_abc123 --thread thread_abc456

    Exit codes: 0 the server conforms, 1 it departs, 2 usage error, 3 it could not be judged, 4 the command failed, for
    example because a report cannot be written, 130 interrupted, with a report of what was found until then.
    """
    if print_schema:
        _print_json(json_schema())
        return
    if list_rules:
        if output_format == "json":
            _print_json([rule_as_json(rule) for rule in RULES.values()])
        else:
            print_rules()
        return
    if url is None:
        raise click.UsageError("No URL was given; for example: threadruns check http://127.0.0.1:8000/v1 --thread ID")
    if not api_key.reveal():
        raise click.UsageError(f"No API key was given; use --api-key or set {KEY_VARIABLE}.")
    if not threads:
        raise click.UsageError("No thread was given; name one that the key can read with --thread.")
    try:
        api_key.check()
    except ArgumentError as error:
        raise click.UsageError(str(error)) from None
    if report is not None and not report.parent.is_dir():
        raise Failure(f"The report cannot be written: {str(report.parent)!r} is not a folder.")
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} of at most {task.total} requests"),
    )
    interrupted = False
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("preflight", total=max_requests)
        try:
            found = check(
                url,
                str(api_key.reveal()),
                threads,
                beta=beta,
                seed=seed,
                rate=rate,
                timeout=timeout,
                max_requests=max_requests,
                max_seconds=max_time,
                verify=ca_bundle or True,
                fail_fast=fail_fast,
                progress=lambda stage, sent: bar.update(task, description=stage, completed=sent),
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        except CheckInterrupted as error:
            found, interrupted = error.report, True
    unwritten = _write(report, as_junit(found)) if report is not None else None
    with standard_output():
        if output_format == "json":
            _print_json(as_json(found))
        else:
            print_report(found, show_all=show_all)
    if unwritten is not None:
        raise Failure(unwritten)
    raise SystemExit(INTERRUPTED if interrupted else EXIT_CODES[found.verdict])


def _write(file: Path, text: str) -> str | None:
    """Write a report, and return why it cannot be written; None if it was."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        return f"The report {str(file)!r} cannot be written: {error.strerror}."
    return None


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=sys.stdout.isatty()))
