"""Which deviations strike which request.

For each request those that strike are put in front of the correct endpoint, as bases of one class made for the
occasion, so that each calls the next with ``super()``.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Mapping, Sequence
from typing import Any, Self

from attrs import frozen

from threadruns.server._deviations import Deviation
from threadruns.server._endpoint import Endpoint
from threadruns.server._store import Store


class UnknownDeviation(ValueError):
    """No fault or variation has this name, or its options cannot be read; the message says what can be given."""


@frozen
class Rule:
    """A deviation and the requests that it strikes: all, unless an option says otherwise."""

    deviation: type[Deviation]
    every: int = 1
    first: int | None = None
    p: float = 1.0

    @classmethod
    def read(cls, text: str, known: Mapping[str, type[Deviation]]) -> Self:
        """Read ``NAME``, ``NAME:every=N``, ``NAME:first=N`` or ``NAME:p=P``; options are joined with more colons.

        Raises:
            UnknownDeviation: The name or an option is unknown, or a value is no number of its kind.
        """
        name, *options = text.split(":")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            hint = (
                f"did you mean {' or '.join(near)}?" if near else "--list-faults and --list-variations show them all."
            )
            raise UnknownDeviation(f"{name!r} is not among these {len(known)} deviations; {hint}")
        values: dict[str, Any] = {}
        for option in options:
            key, _, value = option.partition("=")
            try:
                values[key] = {"every": int, "first": int, "p": float}[key](value)
            except (KeyError, ValueError):
                raise UnknownDeviation(f"{option!r} in {text!r} is not one of every=N, first=N and p=P.") from None
        if values.get("every", 1) < 1 or values.get("first", 0) < 0 or not 0 <= values.get("p", 1) <= 1:
            raise UnknownDeviation(f"{text!r} is out of range: every is at least 1, first at least 0, p from 0 to 1.")
        return cls(known[name], **values)

    def strikes(self, number: int, chance: random.Random) -> bool:
        """Return whether the request of this number, counted from one, is struck."""
        return (
            number % self.every == 0
            and (self.first is None or number <= self.first)
            and (self.p == 1 or chance.random() < self.p)
        )


class Engine:
    """Gives the endpoint for each request.

    Args:
        bases: The classes of the correct endpoint, the most particular first.
        rules: What deviates, and when.
        store: The runs.
        key: The API key.
        seed: Decides what chance decides.
    """

    def __init__(
        self, bases: tuple[type[Endpoint], ...], rules: Sequence[Rule], store: Store, key: str, seed: int = 0
    ) -> None:
        self._bases = bases
        self._rules = rules
        self._store = store
        self._key = key
        self._chance = random.Random(seed)
        self._number = 0
        self._memory: dict[str, Any] = {}
        self._made: dict[tuple[type[Deviation], ...], Endpoint] = {}

    def __call__(self) -> Endpoint:
        """Return the endpoint that decides on the next request."""
        self._number += 1
        struck = tuple(rule.deviation for rule in self._rules if rule.strikes(self._number, self._chance))
        if struck not in self._made:
            made: Any = type("Struck", (*struck, *self._bases), {"memory": self._memory})
            self._made[struck] = made(self._store, self._key)
        return self._made[struck]
