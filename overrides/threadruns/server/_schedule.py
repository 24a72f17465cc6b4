"""Which mutations strike which request.

For each request those that strike are put in front of the correct endpoint, as bases of one class made for the
occasion, so that each calls the next with ``super()``.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Mapping, Sequence
from typing import Any, Self

from attrs import frozen

from threadruns.server._endpoint import Endpoint
from threadruns.server._store import Store
from threadruns.server.mutations import Mutation


class UnknownMutation(ValueError):
    """No fault or variation has this name, or its options cannot be read; the message says what can be given."""


@frozen
class ScheduledMutation:
    """A mutation and the requests that it strikes: all, unless an option says otherwise."""

    mutation: type[Mutation]
    every: int = 1
    first: int | None = None
    p: float = 1.0

    @classmethod
    def parse(cls, text: str, known: Mapping[str, type[Mutation]]) -> Self:
        """Read ``NAME``, ``NAME:every=N``, ``NAME:first=N`` or ``NAME:p=P``; options are joined with more colons.

        Raises:
            UnknownMutation: The name or an option is unknown, or a value is no number of its kind.
        """
        name, *options = text.split(":")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            hint = (
                f"did you mean {' or '.join(near)}?" if near else "--list-faults and --list-variations show them all."
            )
            raise UnknownMutation(f"{name!r} is not among these {len(known)} mutations; {hint}")
        values: dict[str, Any] = {}
        for option in options:
            key, _, value = option.partition("=")
            try:
                values[key] = {"every": int, "first": int, "p": float}[key](value)
            except (KeyError, ValueError):
                raise UnknownMutation(f"{option!r} in {text!r} is not one of every=N, first=N and p=P.") from None
        if values.get("every", 1) < 1 or values.get("first", 0) < 0 or not 0 <= values.get("p", 1) <= 1:
            raise UnknownMutation(f"{text!r} is out of range: every is at least 1, first at least 0, p from 0 to 1.")
        return cls(known[name], **values)

    def applies_to(self, number: int, chance: random.Random) -> bool:
        """Return whether the request of this number, counted from one, is applied."""
        return (
            number % self.every == 0
            and (self.first is None or number <= self.first)
            and (self.p == 1 or chance.random() < self.p)
        )


class MutationSchedule:
    """Gives the endpoint for each request.

    Args:
        bases: The classes of the correct endpoint, the most particular first.
        rules: What deviates, and when.
        store: The runs.
        key: The API key.
        seed: Decides what chance decides.
    """

    def __init__(
        self,
        bases: tuple[type[Endpoint], ...],
        rules: Sequence[ScheduledMutation],
        store: Store,
        key: str,
        seed: int = 0,
    ) -> None:
        self._bases = bases
        self._rules = rules
        self._store = store
        self._key = key
        self._chance = random.Random(seed)
        self._number = 0
        self._memory: dict[str, Any] = {}
        self._made: dict[tuple[type[Mutation], ...], Endpoint] = {}

    def __call__(self) -> Endpoint:
        """Return the endpoint that decides on the next request."""
        self._number += 1
        applied = tuple(rule.mutation for rule in self._rules if rule.applies_to(self._number, self._chance))
        if applied not in self._made:
            made: Any = type("Mutated", (*applied, *self._bases), {"state": self._memory})
            self._made[applied] = made(self._store, self._key)
        return self._made[applied]
