"""The comparison of two schemas and of all schemas below them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from _compare import alternatives, keywords, parts
from _compare.changes import Change, Direction
from _compare.pairs import Pair
from _compare.schemas import TEXTS, Schema

PARTS = {
    "additionalProperties": "other properties",
    "unevaluatedProperties": "other properties",
    "items": "items",
    "unevaluatedItems": "other items",
}
"""The values that some keywords describe, in words."""
FOLLOWED = ("$ref", "allOf", "$defs")
COMPARED = {
    *(*keywords.COUNTS, *keywords.BOUNDS, *keywords.RESTRICTIONS, *keywords.OPAQUE),
    *(*parts.SUBSCHEMAS, *parts.MAPS, *FOLLOWED, *TEXTS),
    *("type", "enum", "const", "oneOf", "anyOf", "discriminator", "not", "if", "then", "else", "uniqueItems"),
    *("required", "properties", "dependentRequired", "prefixItems", "default", "deprecated", "readOnly", "writeOnly"),
}
"""Every keyword that has a rule."""


class Comparison:
    """A comparison of the schemas of two documents.

    Every pair of schemas is compared once, also if the schemas refer to themselves.
    """

    def __init__(self) -> None:
        self._seen: set[tuple[object, ...]] = set()
        self._equal: dict[tuple[object, ...], bool] = {}

    def changes(self, pair: Pair) -> Iterator[Change]:
        """Yield the changes between two schemas and all schemas below them."""
        yield from self._walk(pair, self._seen)

    def _walk(self, pair: Pair, seen: set[tuple[object, ...]]) -> Iterator[Change]:
        pending = deque([pair])
        while pending:
            one = pending.popleft()
            if one.key not in seen:
                seen.add(one.key)
                for found in self._compare(one):
                    if isinstance(found, Pair):
                        pending.append(found)
                    else:
                        yield found

    def equal(self, old: Schema, new: Schema) -> bool:
        """Return whether two schemas have the same meaning, as far as the rules can tell."""
        pair = Pair(old, new, Direction.RESPONSE, strict=True)
        key = pair.key
        if key not in self._equal:
            self._equal[key] = True  # while it is compared, for schemas that refer to themselves
            self._equal[key] = next(self._walk(pair, set()), None) is None
        return self._equal[key]

    def _compare(self, pair: Pair) -> Iterator[Change | Pair]:
        old, new = pair.old, pair.new
        if old.impossible or new.impossible:
            yield from _impossible(pair)
            return
        yield from keywords.marks(pair)
        yield from alternatives.discriminators(pair, self.equal)
        if old.is_union() or new.is_union():
            unions = (side.unions() if side.is_union() else [] for side in (old, new))
            yield from alternatives.alternatives(pair, self.equal, *unions)
            return
        yield from alternatives.unions(pair, self.equal)
        yield from keywords.types(pair)
        types = old.types() & new.types()
        if types:
            yield from keywords.values(pair)
            yield from keywords.restrictions(pair, types)
            yield from parts.exclusions(pair)
            yield from parts.conditions(pair, self.equal)
        if types & {"integer", "fraction"}:
            yield from keywords.bounds(pair, integers="fraction" not in old.types() | new.types())
        if "string" in types:
            yield from keywords.counts(pair, "string")
            yield from parts.subschemas(pair, self.equal, "string")
        if "array" in types:
            yield from parts.array_parts(pair, self.equal)
        if "object" in types:
            yield from parts.object_parts(pair, self.equal)


def _impossible(pair: Pair) -> Iterator[Change]:
    """Yield the change from or to a schema that permits nothing."""
    old, new = pair.old, pair.new
    words = PARTS.get((new if new.impossible else old).site.rpartition("/")[2], "values")
    if not old.impossible:
        yield pair.change((), f"{words} are no longer permitted", new.site, narrower=True)
    elif not new.impossible:
        place = new.site if new.document.target(new.site)[1] is not None else old.site
        yield pair.change((), f"{words} are permitted", place, wider=True)
