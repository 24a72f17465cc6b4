"""Alternatives: ``oneOf``, ``anyOf`` and discriminators."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from _compare.changes import Change, Direction, Document, shown
from _compare.pairs import Equal, Pair
from _compare.schemas import Schema, Union
from _document.references import escape
from _document.source import Json


def alternatives(pair: Pair, equal: Equal, old: list[Union], new: list[Union]) -> Iterator[Change | Pair]:
    """Compare two lists of alternatives; a schema without a list is its own alternative."""
    before, after = _flat(pair.old, old), _flat(pair.new, new)
    if _overlap(old, before) or _overlap(new, after):
        if _same(equal, old, new):
            return
        # Here a value that one more alternative permits may be one that oneOf no longer permits.
        text = "alternatives that may overlap are changed"
        yield pair.change(("oneOf",), text, narrower=True, wider=True)
    pairs, removed, added = _matched(equal, before, after)
    for one, other in pairs:
        yield pair._replace(old=one, new=other, omissible=False)
    for schema in removed:
        text = "null is no longer permitted" if schema.types() == {"null"} else f"{schema.label()} is removed"
        yield pair.change(("oneOf", "anyOf", "type"), text, narrower=True)
    for schema in added:
        text = "null is permitted" if schema.types() == {"null"} else f"{schema.label()} is added"
        yield pair.change(("oneOf", "anyOf", "type"), text, wider=True)


def unions(pair: Pair, equal: Equal) -> Iterator[Change | Pair]:
    """Compare alternatives that hold together with other keywords."""
    old, new = pair.old.unions(), pair.new.unions()
    for before, after in zip(old, new, strict=False):
        yield from alternatives(pair, equal, [before], [after])
    for union in old[len(new) :]:
        yield pair.change((), f"the condition {union.keyword} is removed", union.pointer, wider=True)
    for union in new[len(old) :]:
        yield pair.change((), f"the condition {union.keyword} is added", union.pointer, narrower=True)


def discriminators(pair: Pair, equal: Equal) -> Iterator[Change]:
    old, new = (
        [(at, value) for at, value in side.all("discriminator") if isinstance(value, dict)]
        for side in (pair.old, pair.new)
    )
    for at, _ in old[len(new) :]:
        readers = pair.direction is Direction.RESPONSE
        yield pair.change((), "the discriminator is removed", at)._replace(callers=readers, servers=not readers)
    for at, _ in new[len(old) :]:
        yield pair.change((), "a discriminator is added", at)
    for (_, before), (at, after) in zip(old, new, strict=False):
        if before.get("propertyName") != after.get("propertyName"):
            text = f"the discriminator is {after.get('propertyName')!r} instead of {before.get('propertyName')!r}"
            yield pair.change((), text, f"{at}/propertyName", narrower=True, wider=True)
        mappings = _mapping(before), _mapping(after)
        for value in dict.fromkeys([*mappings[0], *mappings[1]]):
            place = f"{at}/mapping/{escape(value)}"
            if value not in mappings[1]:
                yield pair.change((), f"the mapping of {shown(value)} is removed", place, narrower=True)
            elif value not in mappings[0]:
                yield pair.change((), f"a mapping of {shown(value)} is added", place, wider=True)
            elif mappings[0][value] != mappings[1][value] and not equal(
                _mapped(pair.old.document, mappings[0][value]), _mapped(pair.new.document, mappings[1][value])
            ):
                text = f"the mapping of {shown(value)} has another schema"
                yield pair.change((), text, place, narrower=True, wider=True)


def _same(equal: Equal, old: list[Union], new: list[Union]) -> bool:
    """Return whether two lists of alternatives have the same keyword and the same alternatives."""
    if [union.keyword for union in old] != [union.keyword for union in new]:
        return False
    rest = [schema for union in new for schema in union.alternatives]
    for schema in (schema for union in old for schema in union.alternatives):
        same = next((other for other in rest if equal(schema, other)), None)
        if same is None:
            return False
        rest.remove(same)
    return not rest


def _matched(
    equal: Equal, old: list[Schema], new: list[Schema]
) -> tuple[list[tuple[Schema, Schema]], list[Schema], list[Schema]]:
    """Match alternatives by their tags, their meaning, their names and their types, in this order."""
    pairs: list[tuple[Schema, Schema]] = []
    old, new = list(old), list(new)

    def same_types(one: Schema, other: Schema) -> bool:
        return one.types() == other.types() and one.tags() == other.tags() == {}

    for same in (
        lambda one, other: one.types() == other.types() == {"null"},
        lambda one, other: one.tags() == other.tags() != {},
        equal,
        lambda one, other: one.component() is not None and one.component() == other.component(),
        same_types,
    ):
        for before in list(old):
            after = next((schema for schema in new if same(before, schema)), None)
            if after is not None:
                pairs.append((before, after))
                old.remove(before)
                new.remove(after)
    return pairs, old, new


def _flat(schema: Schema, unions: list[Union]) -> list[Schema]:
    if not unions:
        return schema.alternatives()
    return [flat for union in unions for part in union.alternatives for flat in part.alternatives()]


def _overlap(unions: list[Union], flat: list[Schema]) -> bool:
    """Return whether a value may be valid for two alternatives, of which ``oneOf`` permits one only."""
    listed = any(union.keyword == "oneOf" for union in unions) or any(
        union.keyword == "oneOf" for union in unions for part in union.alternatives for union in part.unions()
    )
    return listed and not all(one.excludes(other) for one, other in combinations(flat, 2))


def _mapping(discriminator: dict[str, Json]) -> dict[str, str]:
    mapping = discriminator.get("mapping")
    return {key: value for key, value in mapping.items() if isinstance(value, str)} if isinstance(mapping, dict) else {}


def _mapped(document: Document, value: str) -> Schema:
    """Return the schema that a mapping of a discriminator names, by reference or by the name of a component."""
    pointer, node = document.target(value if "/" in value else f"#/components/schemas/{escape(value)}")
    return Schema(document, pointer, (pointer, node))
