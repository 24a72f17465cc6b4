"""The outcome of every rule, and the causes of the failures, from the findings of a session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.probe import CheckAborted
from threadruns.contract.judging.causes import CAUSES, Cause, cause_of
from threadruns.contract.judging.finding import Finding
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.rules.needs import describe_needs
from threadruns.contract.rules.rule import Severity
from threadruns.contract.session import CheckSession
from threadruns.contract.verdict import Outcome, ReportedCause, Result


def results_of(session: CheckSession, *, complete: bool, aborted: CheckAborted | None = None) -> Iterator[Result]:
    """Yield the outcome of every rule.

    Args:
        session: The session with the findings.
        complete: Whether the check ran to its end.
        aborted: The error that ended it, or that left a thread unread, if there was one.
    """

    def shown(observed: str, *exchanges: Exchange | None) -> tuple[str, str]:
        commands = dict.fromkeys(session.probe.curl(one.request) for one in exchanges if one is not None)
        return session.probe.mask(observed), "\n".join(commands)

    for rule in RULES.values():
        finding = session.failures.get(rule.id)
        if finding is not None:
            observed, reproduce = shown(finding.problem or "", finding.compared, finding.exchange)
            cause = cause_of(finding, session.failures.values())
            yield Result(rule, Outcome.FAIL, observed, reproduce, cause=_name(cause, finding))
        elif aborted is not None and aborted.rule == rule.id and aborted.exchange is not None:
            yield Result(rule, Outcome.ERROR, *shown(aborted.observed, aborted.exchange))
        elif session.passed(rule.id):
            yield Result(rule, Outcome.PASS)
        elif complete:
            unmet = session.unmet_needs(rule.id)
            yield Result(rule, Outcome.UNDECIDED, requires=describe_needs(unmet) if unmet else rule.requires)
        else:
            yield Result(rule, Outcome.ERROR)


def causes_of(session: CheckSession, results: Iterable[Result]) -> tuple[ReportedCause, ...]:
    """Return the causes of the failures among the results, worst first."""
    grouped: dict[str, list[Result]] = {}
    for result in results:
        if result.cause:
            grouped.setdefault(result.cause, []).append(result)
    known = {cause.id: (place, cause) for place, cause in enumerate(CAUSES)}
    causes: list[tuple[int, int, ReportedCause]] = []
    for name, explained in grouped.items():
        place, cause = known.get(name, (len(known), None))
        description = explained[0].rule.description
        if cause is not None:
            shows = {result.rule.id: cause.shown_by.fits(session.failures[result.rule.id]) for result in explained}
            description = cause.describe(session.failures[rule] for rule, fits in shows.items() if fits)
            # The rules whose failures establish the cause come first.
            explained.sort(key=lambda result: not shows[result.rule.id])
        severity = min(list(Severity).index(result.rule.severity) for result in explained)
        causes.append((severity, place, ReportedCause(name, description, tuple(explained))))
    return tuple(cause for _, _, cause in sorted(causes, key=lambda one: one[:2]))


def _name(cause: Cause | None, finding: Finding) -> str:
    """Return the name of a cause; for a failure that no cause explains, the id of its rule."""
    return finding.rule if cause is None else cause.id
