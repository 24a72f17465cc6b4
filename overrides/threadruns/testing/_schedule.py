"""The selection of the mutations that apply to each request.

The mutations are the first bases of a class that is created for the request, before the correct endpoint, so that each
mutation calls the next one with ``super()``.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterable, Sequence
from typing import Any, Self

from attrs import define, field, frozen

from threadruns.server._endpoint import Endpoint
from threadruns.server.store import Store
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
        faults: The faults and their options, in addition to the mutations; these can be replaced.
        catalogue: The faults by name.

    Raises:
        UnknownMutation: A fault does not exist.
    """

    def __init__(
        self,
        base: type[Endpoint],
        mutations: Sequence[ScheduledMutation],
        store: Store,
        key: str,
        seed: int = 0,
        *,
        faults: Iterable[str] = (),
        catalogue: Catalogue | None = None,
    ) -> None:
        self._base = base
        self._permanent = tuple(mutations)
        self._store = store
        self._key = key
        self._seed = seed
        self._catalogue = catalogue or {}
        self.set_faults(faults)

    def set_faults(self, faults: Iterable[str]) -> None:
        """Replace the faults; requests, and what the mutations keep, are counted anew.

        Raises:
            UnknownMutation: A fault does not exist; nothing changes.
        """
        names = tuple(faults)
        parsed = tuple(ScheduledMutation.parse(text, self._catalogue) for text in names)
        self.faults = names
        # One assignment, because a request may be handled in another thread.
        self._current = _Current((*self._permanent, *parsed), random.Random(self._seed))

    def __call__(self) -> Endpoint:
        """Return the endpoint for the next request."""
        current = self._current
        if not current.mutations:
            applied: tuple[type[Mutation], ...] = ()
        else:
            current.number += 1
            chosen = [one.mutation for one in current.mutations if one.applies_to(current.number, current.rng)]
            applied = tuple(dict.fromkeys(chosen))  # One that was given twice with different options applies once.
        if applied not in current.endpoints:
            made: Any = type("Mutated", (*applied, self._base), {"state": current.state})
            current.endpoints[applied] = made(self._store, self._key)
        return current.endpoints[applied]


@define
class _Current:
    """The mutations since the last change, and what they count and keep."""

    mutations: tuple[ScheduledMutation, ...]
    rng: random.Random
    number: int = 0
    state: dict[str, Any] = field(factory=dict[str, Any])
    endpoints: dict[tuple[type[Mutation], ...], Endpoint] = field(factory=dict[tuple[type[Mutation], ...], Endpoint])
