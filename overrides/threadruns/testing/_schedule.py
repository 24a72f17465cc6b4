"""The selection of the mutations that apply to each request.

The mutations are the first bases of a class that is created for the request, before the correct endpoint, so that each
mutation calls the next one with ``super()``.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Sequence
from typing import Any, Self

from attrs import frozen

from threadruns.server._endpoint import Endpoint
from threadruns.server._store import Store
from threadruns.testing.mutations import Catalogue, Mutation


class UnknownMutation(ValueError):
    """No fault or variation has this name, or its options are invalid; the message names valid ones."""


@frozen
class ScheduledMutation:
    """A mutation and the requests to which it applies: all of them by default."""

    mutation: type[Mutation]
    every: int = 1
    first: int | None = None
    p: float = 1.0

    @classmethod
    def parse(cls, text: str, catalogue: Catalogue) -> Self:
        """Parse ``NAME``, ``NAME:every=N``, ``NAME:first=N`` or ``NAME:p=P``; more colons join several options.

        Raises:
            UnknownMutation: The name or an option is unknown, or a value is not a number of its kind.
        """
        name, *options = text.split(":")
        if name not in catalogue:
            near = difflib.get_close_matches(name, catalogue, n=3)
            hint = (
                f"did you mean {' or '.join(near)}?" if near else "list them with --list-faults or --list-variations."
            )
            raise UnknownMutation(f"Unknown fault or variation {name!r} (of {len(catalogue)}); {hint}")
        values: dict[str, Any] = {}
        for option in options:
            key, _, value = option.partition("=")
            try:
                values[key] = {"every": int, "first": int, "p": float}[key](value)
            except (KeyError, ValueError):
                raise UnknownMutation(
                    f"Unknown option {option!r} in {text!r}; use every=N, first=N or p=P with a number."
                ) from None
        if values.get("every", 1) < 1 or values.get("first", 0) < 0 or not 0 <= values.get("p", 1) <= 1:
            raise UnknownMutation(
                f"Option out of range in {text!r}; every must be at least 1, first at least 0, p from 0 to 1."
            )
        return cls(catalogue[name], **values)

    def applies_to(self, number: int, rng: random.Random) -> bool:
        """Return whether the mutation applies to the request of this number, counted from one."""
        return (
            number % self.every == 0
            and (self.first is None or number <= self.first)
            and (self.p == 1 or rng.random() < self.p)
        )


class MutationSchedule:
    """The endpoint for each request, as a callable.

    Args:
        base: The class of the correct endpoint.
        mutations: The mutations and their requests.
        store: The runs.
        key: The API key.
        seed: The seed of the random choices.
    """

    def __init__(
        self, base: type[Endpoint], mutations: Sequence[ScheduledMutation], store: Store, key: str, seed: int = 0
    ) -> None:
        self._base = base
        self._mutations = mutations
        self._store = store
        self._key = key
        self._rng = random.Random(seed)
        self._number = 0
        self._state: dict[str, Any] = {}
        self._endpoints: dict[tuple[type[Mutation], ...], Endpoint] = {}

    def __call__(self) -> Endpoint:
        """Return the endpoint for the next request."""
        self._number += 1
        applied = tuple(one.mutation for one in self._mutations if one.applies_to(self._number, self._rng))
        if applied not in self._endpoints:
            made: Any = type("Mutated", (*applied, self._base), {"state": self._state})
            self._endpoints[applied] = made(self._store, self._key)
        return self._endpoints[applied]
