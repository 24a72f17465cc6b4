"""``threadruns check``: check a server against the contract."""

from __future__ import annotations

import json
import sys
import textwrap
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from threadruns._cli._key import hidden
from threadruns._errors import ArgumentError
from threadruns._http.secrets import KEY_VARIABLE, Secret
from threadruns._text import printable
from threadruns.contract.check import check
from threadruns.contract.reports import as_json, as_junit, json_schema, rule_as_json
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.rules.rule import Rule, Severity
from threadruns.contract.verdict import Outcome, Report, Result, Verdict

EXIT_CODES = {Verdict.CONFORMS: 0, Verdict.DEPARTS: 1, Verdict.UNDECIDED: 3}

INDENT = 13
"""The column at which the parts of a rule start."""

STYLES = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.UNDECIDED: "yellow", Outcome.ERROR: "magenta"}


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
@click.option("--beta", default="assistants=v1", show_default=True, help="Value of the OpenAI-Beta header.")
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
@click.option("--fail-fast", is_flag=True, help="End at the first departure.")
@click.option("--all", "show_all", is_flag=True, help="Show every rule, one by one.")
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
    """Check the server at URL against the contract, on threads that exist there.

    The check changes nothing on the server. Threads of several sizes decide more rules: threads without runs, with one
    run, with a few, with exactly 20, exactly 100 and more than 100 runs, and with many runs created in the same second.
    The key is sent to URL only, and no report contains it.

    \b
    threadruns check http://127.0.0.1:8000/v1 --thread thread_abc123 --thread thread_abc456

    Exit codes: 0 the server conforms, 1 it departs, 2 usage error, 3 it could not be judged.
    """
    if print_schema:
        _print_json(json_schema())
        return
    if list_rules:
        _print_rules(output_format)
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
        raise click.UsageError(f"The report cannot be written: {str(report.parent)!r} is not a folder.")
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"checking {url}")
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
                progress=lambda stage, sent: bar.update(task, description=f"{stage}: {sent} requests"),
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    if output_format == "json":
        _print_json(as_json(found))
    else:
        _print_report(found, show_all)
    if report is not None:
        try:
            report.write_text(as_junit(found), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"The report {str(report)!r} cannot be written: {error.strerror}.") from error
    raise SystemExit(EXIT_CODES[found.verdict])


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=sys.stdout.isatty()))


def _print_rules(output_format: str) -> None:
    if output_format == "json":
        _print_json([rule_as_json(rule) for rule in RULES.values()])
        return
    console = _console()
    for rule in RULES.values():
        _print_rule(console, rule, rule.severity)
        _print_part(console, "source:", rule.source)
        _print_part(console, "requires:", rule.requires)
    console.print(f"{len(RULES)} rules")


def _print_rule(console: Console, rule: Rule, status: str) -> None:
    console.print(f"[bold]{rule.id}[/] ({status}): {_safe(rule.description)}")


def _print_part(console: Console, name: str, text: str) -> None:
    """Print a part of a rule with its name, wrapped and indented."""
    width = max(console.width - INDENT, 20)
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
    console.print(_safe(f"  {name:<{INDENT - 2}}" + ("\n" + " " * INDENT).join(lines)), soft_wrap=True)


def _print_report(report: Report, show_all: bool) -> None:
    console = _console()
    groups: dict[str, list[Result]] = {}
    for result in report.results:
        groups.setdefault(result.rule.group, []).append(result)
    table = Table("rule", "outcome", "description", box=None, pad_edge=False)
    for group, results in groups.items():
        for outcome, status in ((Outcome.PASS, "passed"), (Outcome.ERROR, "not reached")):
            count = sum(result.outcome is outcome and not result.observed for result in results)
            if count and not show_all:
                table.add_row(f"{group}.*", _outcome(outcome), f"{count} of {len(results)} rules {status}")
        for result in results:
            if show_all or result.observed or result.outcome is Outcome.UNDECIDED:
                rule = result.rule
                table.add_row(rule.id, _outcome(result.outcome, rule.severity), _safe(rule.description))
    if any(result.outcome is not Outcome.ERROR for result in report.results):
        _print_table(console, table)
    for result in (result for result in report.results if result.observed):
        status = result.rule.severity if result.outcome is Outcome.FAIL else "the check stopped here"
        console.print()
        _print_rule(console, result.rule, status)
        _print_part(console, "observed:", result.observed)
        _print_part(console, "source:", result.rule.source)
        lines = _safe(result.reproduce).replace("\n", "\n" + " " * INDENT)
        console.print(f"  {'reproduce:':<{INDENT - 2}}{lines}", soft_wrap=True)
    undecided = Counter(result.rule.requires for result in report.of(Outcome.UNDECIDED))
    if undecided:
        console.print(f"\nUndecided: {', '.join(result.rule.id for result in report.of(Outcome.UNDECIDED))}.")
        for requires, count in undecided.items():
            console.print(f"  Give {requires} to decide {count} of them.")
    runs = {thread: f"{count} run{'' if count == 1 else 's'}" for thread, count in report.threads.items()}
    read = ", ".join(f"{_safe(thread)} ({count})" for thread, count in runs.items()) or "no thread could be read"
    sent = "1 request" if report.requests == 1 else f"{report.requests} requests"
    console.print(f"\n{read}; {sent} in {report.seconds:.1f} s, seed {report.seed}")
    _print_verdict(console, report)


def _print_table(console: Console, table: Table) -> None:
    with console.capture() as captured:
        console.print(table)
    # rich pads every cell; a saved report should not have trailing spaces.
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _print_verdict(console: Console, report: Report) -> None:
    if report.verdict is Verdict.DEPARTS:
        departures = len(report.departures)
        rules = "1 rule" if departures == 1 else f"{departures} rules"
        console.print(f"[bold red]departs[/]: {_safe(report.url)} breaks {rules} of the contract.")
        if report.reason:
            console.print(f"The check is incomplete: {_safe(report.reason)}.")
    elif report.verdict is Verdict.CONFORMS:
        passed = len(report.of(Outcome.PASS))
        console.print(f"[bold green]conforms[/]: {_safe(report.url)} passes all {passed} rules that could be decided.")
    else:
        end = "" if report.reason.endswith("?") else "."
        console.print(f"[bold yellow]could not be judged[/]: {_safe(report.reason)}{end}")


def _outcome(outcome: Outcome, severity: Severity = Severity.DEPARTURE) -> str:
    if outcome is Outcome.FAIL and severity is not Severity.DEPARTURE:
        return f"[cyan]{severity}[/]"
    return f"[{STYLES[outcome]}]{outcome}[/]"


def _safe(text: str) -> str:
    """Return a text of the server without markup and control characters."""
    return escape(printable(text, keep="\n"))


def _console() -> Console:
    console = Console(highlight=False)
    if not console.is_terminal:
        # A file or a pipe gets unwrapped lines.
        console.width = 10_000
    return console
