"""The form of a rule of the contract."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class Severity(StrEnum):
    """The meaning of a failure."""

    DEPARTURE = "departure"
    """The server departs from the contract."""

    VARIATION = "variation"
    """The server differs in a way that the contract permits."""

    ADVICE = "advice"
    """The server could serve its callers better."""


@frozen
class Rule:
    """A rule of the contract.

    Attributes:
        id: The name of the rule, ``group.name``.
        description: The rule as a sentence.
        source: The part of the document, the recording or the standard that states it.
        requires: The thread or server that decides the rule, as the object of "Give ... to decide it".
        severity: The meaning of a failure.
    """

    id: str
    description: str
    source: str
    requires: str = "a thread that the key can read"
    severity: Severity = Severity.DEPARTURE

    @property
    def group(self) -> str:
        """The group of the rule: its id up to the dot."""
        return self.id.partition(".")[0]
