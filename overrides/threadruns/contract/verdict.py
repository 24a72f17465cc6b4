"""The outcome of each rule, and the verdict on the server."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

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
        reproduce: The curl command that shows it again; empty wherever ``observed`` is.
    """

    rule: Rule
    outcome: Outcome
    observed: str = ""
    reproduce: str = ""


@frozen
class Report:
    """The result of a check.

    Attributes:
        url: The base URL of the server.
        verdict: The verdict on the server.
        reason: Why the check ended early; empty if it did not.
        results: Every rule with its outcome.
        threads: The number of runs that each thread was found to have; a thread that was not read is left out.
        requests: The number of requests sent.
        seconds: The duration of the check.
        seed: The seed that repeats the check.
    """

    url: str
    verdict: Verdict
    reason: str
    results: tuple[Result, ...]
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
