"""The result of judging one exchange by one rule."""

from __future__ import annotations

from attrs import frozen

from threadruns.contract.http.exchange import Exchange


@frozen
class Finding:
    """What one exchange says about one rule.

    Attributes:
        rule: The id of the rule.
        problem: What is wrong, as a sentence with what was expected and what came; None if the rule was kept.
        exchange: The exchange that shows it.
    """

    rule: str
    problem: str | None
    exchange: Exchange
