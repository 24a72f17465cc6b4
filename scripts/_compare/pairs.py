"""Two schemas that are compared, and the change that a difference between them is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from _compare.changes import Change, Direction
from _compare.schemas import Schema


class Pair(NamedTuple):
    """Two schemas to compare.

    Attributes:
        old: The schema of the old document.
        new: The schema of the new document.
        direction: The direction in which the values are sent.
        strict: Whether an undeclared property counts as permitted, as in a condition, and not as unknown.
        omissible: Whether the value may be omitted, so that its default matters.
    """

    old: Schema
    new: Schema
    direction: Direction
    strict: bool = False
    omissible: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """Identify the comparison."""
        return (self.old.key, self.new.key, self.direction, self.strict, self.omissible)

    def change(
        self,
        keywords: tuple[str, ...],
        text: str,
        place: str | None = None,
        *,
        narrower: bool = False,
        wider: bool = False,
    ) -> Change:
        """Describe a change.

        Args:
            keywords: The keywords that the change may be found under.
            text: The description.
            place: The pointer, if the keywords do not give it.
            narrower: True if values that were valid are no longer valid.
            wider: Whether values are valid that were not.
        """
        found = (self._place(keyword) for keyword in keywords)
        place = place or next(filter(None, found), self.new.site)
        document = (self.new if self.new.document.target(place)[1] is not None else self.old).document
        writer, reader = narrower, wider
        if self.direction is Direction.REQUEST:
            return Change(place, document.name(place), text, callers=writer, servers=reader)
        return Change(place, document.name(place), text, callers=reader, servers=writer)

    def _place(self, keyword: str) -> str | None:
        """Return the place of a keyword, if it is the place of the change.

        It is not if both documents have it, but only one of the schemas refers to it: then the reference has changed.
        """
        for one, other in ((self.new, self.old), (self.old, self.new)):
            place = one.place(keyword)
            if place and (other.has(place) or other.document.target(place)[1] is None):
                return place
        return None


Equal = Callable[[Schema, Schema], bool]
"""A function that returns True if two schemas have the same meaning."""
