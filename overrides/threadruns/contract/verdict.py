"""The outcome of each rule, and the verdict on the server."""

from __future__ import annotations

from enum import StrEnum

from attrs import Factory, field, frozen

from threadruns.contract.rules.rule import Rule, Severity


class Outcome(StrEnum):
    """The outcome of one rule."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"
    ERROR = "error"


class Verdict(StrEnum):
    """The verdict on the whole server."""

    CONFORMS = "conforms"
    DEPARTS = "departs"
    UNDECIDED = "undecided"


@frozen
class Result:
    """A rule with its outcome.

    Attributes:
        rule: The rule.
        outcome: Its outcome.
        observed: The expected and the received value; empty unless the rule failed or stopped the check.
        reproduce: The curl commands that show it again, one after the other; empty if ``observed`` is empty.
        cause: The name of the cause of a failure; empty unless the rule failed.
        requires: The thread or server that decides the rule, as the object of "Give ... to decide it".
    """

    rule: Rule
    outcome: Outcome
    observed: str = ""
    reproduce: str = ""
    cause: str = ""
    requires: str = field(default=Factory(lambda self: self.rule.requires, takes_self=True))


@frozen
class ReportedCause:
    """A fault of the server, with the rules that show it.

    Attributes:
        id: The name of the cause; that of the rule, if one rule stands alone.
        description: The cause as a sentence.
        results: The failed rules that it explains; the first one shows it.
    """

    id: str
    description: str
    results: tuple[Result, ...]

    @property
    def severity(self) -> Severity:
        """The worst severity of its rules."""
        return min((result.rule.severity for result in self.results), key=list(Severity).index)


@frozen
class Report:
    """The result of a check.

    Attributes:
        url: The base URL of the server.
        verdict: The verdict on the server.
        reason: Why the check ended early; empty if it did not.
        results: Every rule with its outcome.
        causes: The causes of the failures, worst first.
        threads: The number of runs that each thread was found to have; a thread that was not read is left out.
        requests: The number of requests sent.
        seconds: The duration of the check.
        seed: The seed that repeats the check.
    """

    url: str
    verdict: Verdict
    reason: str
    results: tuple[Result, ...]
    causes: tuple[ReportedCause, ...]
    threads: dict[str, int]
    requests: int
    seconds: float
    seed: int

    def of(self, outcome: Outcome) -> list[Result]:
        """Return the results with this outcome."""
        return [result for result in self.results if result.outcome is outcome]

    @property
    def departures(self) -> list[Result]:
        """The failed rules whose failure is a departure from the contract."""
        return [result for result in self.of(Outcome.FAIL) if result.rule.severity is Severity.DEPARTURE]

    @property
    def judged(self) -> int:
        """The number of rules that were decided."""
        return len(self.of(Outcome.PASS)) + len(self.of(Outcome.FAIL))
