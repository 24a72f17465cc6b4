"""The outcome of each rule, and the verdict on the server."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from threadruns.contract.rules.rule import Rule, Severity


class Outcome(StrEnum):
    """What became of a rule."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"
    ERROR = "error"


class Verdict(StrEnum):
    """What became of the whole."""

    CONFORMS = "conforms"
    DEPARTS = "departs"
    UNDECIDED = "undecided"


@frozen
class Result:
    """One rule and its outcome.

    Attributes:
        rule: The rule.
        outcome: What became of it.
        detail: What was expected and what came, or what would decide the rule; empty if it passed.
        request: The curl command that shows it; empty if there is none, as for a rule that was not reached.
    """

    rule: Rule
    outcome: Outcome
    detail: str = ""
    request: str = ""


@frozen
class Report:
    """What a check found.

    Attributes:
        url: The base URL of the server.
        verdict: Whether it conforms.
        reason: Why it could not be judged, or not to the end; empty if it was.
        results: Every rule with its outcome.
        threads: How many runs each thread was found to have; a thread that was not read is left out.
        requests: How many requests were sent.
        seconds: How long it took.
        seed: What repeats the check.
    """

    url: str
    verdict: Verdict
    reason: str
    results: tuple[Result, ...]
    threads: dict[str, int]
    requests: int
    seconds: float
    seed: int

    def of(self, outcome: Outcome, *, severity: Severity | None = None) -> list[Result]:
        """Return the results with this outcome, of one severity if it is given."""
        return [
            result for result in self.results if result.outcome is outcome and severity in (None, result.rule.severity)
        ]
