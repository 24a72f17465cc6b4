"""The form of a finding."""

from __future__ import annotations

from attrs import frozen

from threadruns.contract.http.exchange import Exchange


@frozen
class Finding:
    """The result of judging one exchange by one rule.

    Attributes:
        rule: The id of the rule.
        problem: The problem, as a clause with the expected and the received value; None if the rule passed.
        exchange: The exchange that shows it.
    """

    rule: str
    problem: str | None
    exchange: Exchange
