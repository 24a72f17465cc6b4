"""``threadruns check``: where a server departs from the contract."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from threadruns._cli._key import hidden
from threadruns._errors import ArgumentError
from threadruns._http.secrets import KEY_VARIABLE, Secret
from threadruns.contract.check import check
from threadruns.contract.reports import as_json, as_junit, rule_as_json
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.rules.rule import Rule, Severity
from threadruns.contract.verdict import Outcome, Report, Result, Verdict

EXIT = {Verdict.CONFORMS: 0, Verdict.DEPARTS: 1, Verdict.UNDECIDED: 3}

STYLES = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.UNDECIDED: "yellow", Outcome.ERROR: "magenta"}


@click.command()
@click.argument("url", required=False)
@click.option(
    "--api-key",
    callback=hidden,
    envvar=KEY_VARIABLE,
    metavar="KEY",
    help=f"A key of the server; or set {KEY_VARIABLE}.",
)
@click.option("--thread", "threads", multiple=True, metavar="ID", help="A thread to read; give several of all sizes.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML to this file as well.")
@click.option("--list", "list_rules", is_flag=True, help="Print the rules and what each rests on, and exit.")
@click.option(
    "--beta", default="assistants=v1", show_default=True, help="The OpenAI-Beta header that the server takes."
)
@click.option("--seed", default=0, show_default=True, help="Repeats a check exactly.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="The most requests a second.")
@click.option(
    "--timeout",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Seconds an answer.",
)
@click.option(
    "--max-requests", default=600, show_default=True, type=click.IntRange(1), help="The most requests in all."
)
@click.option(
    "--max-time", default=300.0, show_default=True, type=click.FloatRange(0, min_open=True), help="Seconds for all."
)
@click.option("--ca-bundle", type=click.Path(exists=True, dir_okay=False), help="Certificate authorities to trust.")
@click.option("--fail-fast", is_flag=True, help="End at the first departure.")
@click.option("--all", "show_all", is_flag=True, help="Show every rule, one by one.")
def command(
    url: str | None,
    api_key: Secret,
    threads: tuple[str, ...],
    form: str,
    report: Path | None,
    list_rules: bool,
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

    Only reads: nothing on the server changes. Threads of different sizes decide more rules: none, one, a few, exactly
    20 and 100, more than 100, and many runs of one second. The key goes to URL alone and stands in no report.

    \b
    threadruns check http://127.0.0.1:8000/v1 --thread thread_abc123 --thread thread_abc456

    Exit codes: 0 the server conforms, 1 it departs, 2 the command was wrong, 3 it could not be judged.
    """
    if list_rules:
        _print_rules(form)
        return
    if url is None:
        raise click.UsageError("No URL was given; for example: threadruns check http://127.0.0.1:8000/v1 --thread ID")
    if not api_key.reveal():
        raise click.UsageError(f"No API key was given; use --api-key or set {KEY_VARIABLE}.")
    if not threads:
        raise click.UsageError("No thread was given; name one that the key can read with --thread.")
    try:
        api_key.check()
    except ArgumentError:
        message = "The API key has characters that a header cannot carry, or white space around it."
        raise click.UsageError(message) from None
    if report is not None and not report.parent.is_dir():
        raise click.UsageError(f"The report cannot be written: {str(report.parent)!r} is no folder.")
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
    if form == "json":
        click.echo(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    else:
        _print_report(found, show_all)
    if report is not None:
        try:
            report.write_text(as_junit(found), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"The report {str(report)!r} cannot be written: {error.strerror}.") from error
    raise SystemExit(EXIT[found.verdict])


def _print_rules(form: str) -> None:
    if form == "json":
        click.echo(json.dumps([rule_as_json(rule) for rule in RULES.values()], indent=2, ensure_ascii=False))
        return
    console = _console()
    for rule in RULES.values():
        _print_rule(console, rule, rule.severity)
        _print_part(console, "why:", rule.source)
        _print_part(console, "needs:", rule.needs)
    console.print(f"{len(RULES)} rules")


def _print_rule(console: Console, rule: Rule, kind: str) -> None:
    console.print(f"[bold]{rule.id}[/] ({kind}): {escape(rule.says)}")


def _print_part(console: Console, name: str, text: str) -> None:
    """Print a named part of what is said of a rule, its further lines below its beginning."""
    room = max(console.width - 9, 20)
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    console.print(escape(f"  {name:<7}" + "\n         ".join(lines)), soft_wrap=True)


def _print_report(report: Report, show_all: bool) -> None:
    console = _console()
    groups: dict[str, list[Result]] = {}
    for result in report.results:
        groups.setdefault(result.rule.group, []).append(result)
    table = Table("rule", "outcome", "what it says", box=None, pad_edge=False)
    for group, results in groups.items():
        for outcome, what in ((Outcome.PASS, "kept"), (Outcome.ERROR, "not reached")):
            alike = sum(result.outcome is outcome and not result.request for result in results)
            if alike and not show_all:
                table.add_row(f"{group}.*", _outcome(outcome), f"{alike} of {len(results)} rules {what}")
        for result in results:
            if show_all or result.request or result.outcome is Outcome.UNDECIDED:
                table.add_row(result.rule.id, _outcome(result.outcome, result.rule.severity), escape(result.rule.says))
    if any(result.outcome is not Outcome.ERROR for result in report.results):
        _print_table(console, table)
    for result in filter(lambda result: result.request, report.results):
        kind = result.rule.severity if result.outcome is Outcome.FAIL else "the check had to stop here"
        console.print()
        _print_rule(console, result.rule, kind)
        _print_part(console, "came:", result.detail)
        _print_part(console, "why:", result.rule.source)
        console.print("  again: " + escape(result.request).replace("\n", "\n         "), soft_wrap=True)
    missing = report.of(Outcome.UNDECIDED)
    if missing:
        console.print(f"\nNot decided: {', '.join(result.rule.id for result in missing)}.")
        for need in dict.fromkeys(result.rule.needs for result in missing):
            console.print(f"  Give {need} to decide {sum(result.rule.needs == need for result in missing)} of them.")
    runs = {thread: f"{count} run{'' if count == 1 else 's'}" for thread, count in report.threads.items()}
    read = ", ".join(f"{escape(thread)} ({count})" for thread, count in runs.items()) or "no thread was read"
    sent = "1 request" if report.requests == 1 else f"{report.requests} requests"
    console.print(f"\n{read}; {sent} in {report.seconds:.1f} s, seed {report.seed}")
    _print_verdict(console, report)


def _print_table(console: Console, table: Table) -> None:
    with console.capture() as captured:
        console.print(table)
    # Cells are filled up with blanks, and whoever keeps a report does not want them.
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _print_verdict(console: Console, report: Report) -> None:
    departures = len(report.of(Outcome.FAIL, severity=Severity.DEPARTURE))
    if report.verdict is Verdict.DEPARTS:
        rules = "1 rule" if departures == 1 else f"{departures} rules"
        console.print(f"[bold red]departs[/]: {escape(report.url)} breaks {rules} of the contract.")
        if report.reason:
            console.print(f"Not all of it was judged: {escape(report.reason)}.")
    elif report.verdict is Verdict.CONFORMS:
        passed = len(report.of(Outcome.PASS))
        console.print(f"[bold green]conforms[/]: {escape(report.url)} keeps the {passed} rules that could be decided.")
    else:
        end = "" if report.reason.endswith("?") else "."
        console.print(f"[bold yellow]could not be judged[/]: {escape(report.reason)}{end}")


def _outcome(outcome: Outcome, severity: Severity = Severity.DEPARTURE) -> str:
    if outcome is Outcome.FAIL and severity is not Severity.DEPARTURE:
        return f"[cyan]{severity}[/]"
    return f"[{STYLES[outcome]}]{outcome}[/]"


def _console() -> Console:
    console = Console(highlight=False)
    if not console.is_terminal:
        # Whoever reads a file wants whole lines.
        console.width = 10_000
    return console
