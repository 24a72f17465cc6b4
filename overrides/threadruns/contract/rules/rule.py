"""The type of a rule of the contract."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class Severity(StrEnum):
    """What a breach of a rule means."""

    DEPARTURE = "departure"
    """The server departs from the contract."""

    VARIATION = "variation"
    """The server differs in a way that the contract permits."""

    ADVICE = "advice"
    """The server could serve its callers better."""


@frozen
class Rule:
    """One rule.

    Attributes:
        id: The name of the rule, ``group.name``.
        says: The rule, as a sentence.
        source: The part of the document or the recording that the rule rests on.
        needs: What a server must offer for the rule to be decidable, as the end of "give ...".
        severity: What a breach means.
    """

    id: str
    says: str
    source: str
    needs: str = "a thread that the key can read"
    severity: Severity = Severity.DEPARTURE

    @property
    def group(self) -> str:
        """The group of the rule."""
        return self.id.partition(".")[0]
