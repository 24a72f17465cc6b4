"""The report of a check as text: the causes with their rules, the outcomes by group, and the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from threadruns._cli._output import count
from threadruns._text import printable
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.rules.rule import Rule, Severity
from threadruns.contract.verdict import Outcome, Report, ReportedCause, Result, Verdict

INDENT = 15
"""The column at which the parts of a rule start."""

STYLES = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.UNDECIDED: "yellow", Outcome.ERROR: "magenta"}


def print_report(report: Report, *, show_all: bool) -> None:
    """Print a report.

    Args:
        report: The report.
        show_all: Whether to list every rule, also those that passed or were not reached.
    """
    console = _console()
    for cause in report.causes:
        _print_cause(console, cause)
    for result in report.of(Outcome.ERROR):
        if result.observed:
            _print_result(console, result, "the check stopped here" if report.threads == {} else "could not be judged")
            console.print()
    if any(result.outcome is not Outcome.ERROR for result in report.results):
        _print_outcomes(console, report, show_all)
        console.print()
    read = ", ".join(f"{thread} ({count(runs, 'run')})" for thread, runs in report.threads.items())
    sent = f"{count(report.requests, 'request')} in {report.seconds:.1f} s, seed {report.seed}"
    _print_wrapped(console, _safe(f"{read or 'no thread could be read'}; {sent}"))
    _print_wrapped(console, _verdict(report))


def print_rules() -> None:
    """Print every rule with its source and what decides it."""
    console = _console()
    for rule in RULES.values():
        _print_heading(console, rule.id, rule.severity, rule.description, indent=2)
        _print_part(console, "source:", rule.source)
        _print_part(console, "requires:", rule.requires)
    console.print(count(len(RULES), "rule"))


def _print_cause(console: Console, cause: ReportedCause) -> None:
    alone = len(cause.results) == 1 and cause.id == cause.results[0].rule.id
    if not alone:
        rules = count(len(cause.results), "rule")
        _print_heading(console, cause.id, f"{cause.severity}, {rules}", cause.description)
    for result in cause.results:
        _print_result(console, result, result.rule.severity)
    console.print()


def _print_result(console: Console, result: Result, status: str) -> None:
    rule: Rule = result.rule
    _print_heading(console, rule.id, status, rule.description, indent=2)
    _print_part(console, "observed:", result.observed)
    _print_part(console, "source:", rule.source)
    lines = result.reproduce.replace("\n", "\n" + " " * INDENT)
    # A command is not wrapped: it has to be copied.
    console.print(_safe(f"    {'reproduce:':<{INDENT - 4}}{lines}"), soft_wrap=True)


def _print_heading(console: Console, name: str, status: str, description: str, indent: int = 0) -> None:
    first, *rest = _wrap(console, f"{name} ({status}): {description}", indent + 4)
    style = "bold" if indent else "bold red"
    head = f"{' ' * indent}[{style}]{_safe(first[: len(name)])}[/]{_safe(first[len(name) :])}"
    _print_lines(console, [head, *(_safe(" " * (indent + 4) + line) for line in rest)])


def _print_part(console: Console, name: str, text: str) -> None:
    first, *rest = _wrap(console, text, INDENT)
    head = f"    {name:<{INDENT - 4}}{first}"
    _print_lines(console, [_safe(line) for line in (head, *(" " * INDENT + line for line in rest))])


def _print_wrapped(console: Console, text: str) -> None:
    console.print(text, soft_wrap=not console.is_terminal)


def _print_lines(console: Console, lines: Iterable[str]) -> None:
    console.print("\n".join(lines), soft_wrap=True)


def _wrap(console: Console, text: str, used: int) -> list[str]:
    width = max(console.width - used, 20)
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _print_outcomes(console: Console, report: Report, show_all: bool) -> None:
    groups: dict[str, list[Result]] = {}
    for result in report.results:
        groups.setdefault(result.rule.group, []).append(result)
    table = Table("rule", "outcome", "description", box=None, pad_edge=False)
    for group, results in groups.items():
        for outcome, status in ((Outcome.PASS, "passed"), (Outcome.ERROR, "not reached")):
            number = sum(result.outcome is outcome and not result.observed for result in results)
            if number and not show_all:
                table.add_row(f"{group}.*", _outcome(outcome), f"{number} of {count(len(results), 'rule')} {status}")
        for result in results:
            if show_all or result.observed or result.outcome is Outcome.UNDECIDED:
                undecided = result.outcome is Outcome.UNDECIDED
                text = f"needs {result.requires}" if undecided else result.rule.description
                table.add_row(result.rule.id, _outcome(result.outcome, result.rule.severity), _safe(text))
    with console.capture() as captured:
        console.print(table)
    # rich pads every cell; a saved report should not have trailing spaces.
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _verdict(report: Report) -> str:
    judged = f"({report.judged} of {count(len(report.results), 'rule')} judged)"
    reason = _safe(report.reason) + ("" if report.reason.endswith("?") else ".")
    if report.verdict is Verdict.DEPARTS:
        rules = count(len(report.departures), "rule")
        causes = count(sum(cause.severity is Severity.DEPARTURE for cause in report.causes), "cause")
        verdict = f"[bold red]departs[/] {judged}: {_safe(report.url)} breaks {rules} of the contract, by {causes}."
        return f"{verdict}\nThe check is incomplete: {reason}" if report.reason else verdict
    if report.verdict is Verdict.CONFORMS:
        return f"[bold green]conforms[/] {judged}: {_safe(report.url)} passes every rule that could be judged."
    return f"[bold yellow]could not be judged[/] {judged}: {reason}"


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
