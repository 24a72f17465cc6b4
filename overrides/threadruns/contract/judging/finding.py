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
        compared: The exchange that it was compared with; None if it shows the problem by itself.
    """

    rule: str
    problem: str | None
    exchange: Exchange
    compared: Exchange | None = None
