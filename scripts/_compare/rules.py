"""The rules for each keyword of a schema: which values a change adds and which it removes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from _compare.changes import Change, Direction, Document, Json, canonical, escape, shown
from _compare.schemas import TEXTS, UNBOUNDED, Schema, Union, type_names

COUNTS = {
    "minLength": ("string", "minimum length"),
    "maxLength": ("string", "maximum length"),
    "minItems": ("array", "minimum number of items"),
    "maxItems": ("array", "maximum number of items"),
    "minContains": ("array", "minimum number of matching items"),
    "maxContains": ("array", "maximum number of matching items"),
    "minProperties": ("object", "minimum number of properties"),
    "maxProperties": ("object", "maximum number of properties"),
}
"""Keywords that bound a size, each with the type that they apply to."""
BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
RESTRICTIONS = {
    "pattern": "string",
    "format": "",
    "contentEncoding": "string",
    "contentMediaType": "string",
    "multipleOf": "number",
}
"""Keywords whose values restrict a value together, each with the type that they apply to."""
WIDER = {("int32", "int64"), ("float", "double")}
"""Pairs of formats of which the second includes the first."""
SUBSCHEMAS = {
    "additionalProperties": "object",
    "propertyNames": "object",
    "unevaluatedProperties": "object",
    "items": "array",
    "contains": "array",
    "unevaluatedItems": "array",
    "contentSchema": "string",
}
"""Keywords with one schema, each with the type that they apply to."""
PARTS = {
    "additionalProperties": "other properties",
    "unevaluatedProperties": "other properties",
    "items": "items",
    "unevaluatedItems": "other items",
}
"""The values that some keywords describe, in words."""
MAPS = {"patternProperties": False, "dependentSchemas": True}
"""Keywords with named schemas; true if a schema of the map restricts the whole object."""
OPAQUE = ("xml", "$id", "$schema", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary")
"""Keywords whose effect is not analysed: any change breaks both sides."""
FOLLOWED = ("$ref", "allOf", "$defs")
COMPARED = {
    *(*COUNTS, *BOUNDS, *RESTRICTIONS, *SUBSCHEMAS, *MAPS, *OPAQUE, *FOLLOWED, *TEXTS),
    *("type", "enum", "const", "oneOf", "anyOf", "discriminator", "not", "if", "then", "else", "uniqueItems"),
    *("required", "properties", "dependentRequired", "prefixItems", "default", "deprecated", "readOnly", "writeOnly"),
}
"""Every keyword that has a rule."""


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


class Comparison:
    """A comparison of the schemas of two documents.

    Every pair of schemas is compared once, also if the schemas refer to themselves.
    """

    def __init__(self, old: Document, new: Document) -> None:
        self.old = old
        self.new = new
        self._seen: set[tuple[object, ...]] = set()
        self._equal: dict[tuple[object, ...], bool] = {}

    def changes(self, pair: Pair) -> Iterator[Change]:
        """Yield the changes between two schemas and all schemas below them."""
        yield from self._walk(pair, self._seen)

    def _walk(self, pair: Pair, seen: set[tuple[object, ...]]) -> Iterator[Change]:
        pending = deque([pair])
        while pending:
            one = pending.popleft()
            key = _key(one)
            if key not in seen:
                seen.add(key)
                for found in self._compare(one):
                    if isinstance(found, Pair):
                        pending.append(found)
                    else:
                        yield found

    def equal(self, old: Schema, new: Schema) -> bool:
        """Return whether two schemas have the same meaning, as far as the rules can tell."""
        pair = Pair(old, new, Direction.RESPONSE, strict=True)
        key = _key(pair)
        if key not in self._equal:
            self._equal[key] = True  # while it is compared, for schemas that refer to themselves
            self._equal[key] = next(self._walk(pair, set()), None) is None
        return self._equal[key]

    def _compare(self, pair: Pair) -> Iterator[Change | Pair]:
        old, new = pair.old, pair.new
        if old.impossible or new.impossible:
            words = PARTS.get((new if new.impossible else old).site.rpartition("/")[2], "values")
            if not old.impossible:
                yield self._change(pair, (), f"{words} are no longer permitted", new.site, narrower=True)
            elif not new.impossible:
                place = new.site if self.new.target(new.site)[1] is not None else old.site
                yield self._change(pair, (), f"{words} are permitted", place, wider=True)
            return
        yield from self._annotations(pair)
        if old.is_union() or new.is_union():
            yield from self._alternatives(pair, *(side.unions() if side.is_union() else [] for side in (old, new)))
            return
        yield from self._unions(pair)
        types = old.types() & new.types()
        yield from self._types(pair)
        if types:
            yield from self._values(pair)
            yield from self._restrictions(pair, types)
            yield from self._conditions(pair)
        if types & {"integer", "fraction"}:
            yield from self._bounds(pair, integers="fraction" not in old.types() | new.types())
        if "object" in types:
            yield from self._object(pair)
        if "array" in types:
            yield from self._array(pair)
        if "string" in types:
            yield from self._counts(pair, "string")
            yield from self._subschemas(pair, "string")

    # Alternatives.

    def _alternatives(self, pair: Pair, old: list[Union], new: list[Union]) -> Iterator[Change | Pair]:
        """Compare two lists of alternatives; a schema without a list is its own alternative."""
        before, after = _flat(pair.old, old), _flat(pair.new, new)
        if _overlap(old, before) or _overlap(new, after):
            if self._same(old, new):
                return
            # Here a value that one more alternative permits may be one that oneOf no longer permits.
            text = "alternatives that may overlap are changed"
            yield self._change(pair, ("oneOf",), text, narrower=True, wider=True)
        pairs, removed, added = self._matched(before, after)
        for one, other in pairs:
            yield pair._replace(old=one, new=other, omissible=False)
        for schema in removed:
            text = "null is no longer permitted" if schema.types() == {"null"} else f"{schema.label()} is removed"
            yield self._change(pair, ("oneOf", "anyOf", "type"), text, narrower=True)
        for schema in added:
            text = "null is permitted" if schema.types() == {"null"} else f"{schema.label()} is added"
            yield self._change(pair, ("oneOf", "anyOf", "type"), text, wider=True)

    def _same(self, old: list[Union], new: list[Union]) -> bool:
        """Return whether two lists of alternatives have the same keyword and the same alternatives."""
        if [union.keyword for union in old] != [union.keyword for union in new]:
            return False
        rest = [schema for union in new for schema in union.alternatives]
        for schema in (schema for union in old for schema in union.alternatives):
            same = next((other for other in rest if self.equal(schema, other)), None)
            if same is None:
                return False
            rest.remove(same)
        return not rest

    def _matched(
        self, old: list[Schema], new: list[Schema]
    ) -> tuple[list[tuple[Schema, Schema]], list[Schema], list[Schema]]:
        """Match alternatives by their tags, their meaning, their names and their types, in this order."""
        pairs: list[tuple[Schema, Schema]] = []
        old, new = list(old), list(new)

        def same_types(one: Schema, other: Schema) -> bool:
            return one.types() == other.types() and one.tags() == other.tags() == {}

        for same in (
            lambda one, other: one.types() == other.types() == {"null"},
            lambda one, other: one.tags() == other.tags() != {},
            self.equal,
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

    def _unions(self, pair: Pair) -> Iterator[Change | Pair]:
        """Compare alternatives that hold together with other keywords."""
        old, new = pair.old.unions(), pair.new.unions()
        for before, after in zip(old, new, strict=False):
            yield from self._alternatives(pair, [before], [after])
        for union in old[len(new) :]:
            yield self._change(pair, (), f"the condition {union.keyword} is removed", union.pointer, wider=True)
        for union in new[len(old) :]:
            yield self._change(pair, (), f"the condition {union.keyword} is added", union.pointer, narrower=True)

    # All types.

    def _types(self, pair: Pair) -> Iterator[Change]:
        old, new = pair.old.types(), pair.new.types()
        listed = pair.old.values() is not None and pair.new.values() is not None
        if old == new or (listed and old & new):
            return  # listed values have their own rule
        gone, come = old - new, new - old
        if gone == {"null"} and not come:
            text = "null is no longer permitted"
        elif come == {"null"} and not gone:
            text = "null is permitted"
        else:
            text = f"the type is {type_names(new)} instead of {type_names(old)}"
        yield self._change(pair, ("type", "enum", "const"), text, narrower=bool(gone), wider=bool(come))

    def _values(self, pair: Pair) -> Iterator[Change]:
        old, new = pair.old.values(), pair.new.values()
        if old is None and new is not None:
            text = f"only {', '.join(map(shown, new.values()))} is permitted"
            yield self._change(pair, ("enum", "const"), text, narrower=True)
        elif old is not None and new is None:
            yield self._change(pair, ("enum", "const"), "values that were not listed are permitted", wider=True)
        elif old is not None and new is not None:
            for value in (value for key, value in old.items() if key not in new):
                yield self._change(pair, ("enum", "const"), f"the value {shown(value)} is removed", narrower=True)
            for value in (value for key, value in new.items() if key not in old):
                yield self._change(pair, ("enum", "const"), f"the value {shown(value)} is added", wider=True)

    def _restrictions(self, pair: Pair, types: frozenset[str]) -> Iterator[Change]:
        for keyword, type_ in RESTRICTIONS.items():
            if type_ and type_ not in types and not (type_ == "number" and types & {"integer", "fraction"}):
                continue
            old, new = ({canonical(v): v for _, v in schema.all(keyword)} for schema in (pair.old, pair.new))
            gone = [value for key, value in old.items() if key not in new]
            come = [value for key, value in new.items() if key not in old]
            if not gone and not come:
                continue
            narrower, wider = bool(come), bool(gone)
            if len(old) == len(new) == 1:
                narrower, wider = not _includes(keyword, gone[0], come[0]), not _includes(keyword, come[0], gone[0])
            text = f"the {keyword} {_replaced(gone, come)}"
            yield self._change(pair, (keyword,), text, narrower=narrower, wider=wider)
        for keyword in OPAQUE:
            old, new = ({canonical(v) for _, v in schema.all(keyword)} for schema in (pair.old, pair.new))
            if old != new:
                yield self._change(pair, (keyword,), f"{keyword} is changed", narrower=True, wider=True)

    def _bounds(self, pair: Pair, integers: bool) -> Iterator[Change]:
        (old_low, old_high), (new_low, new_high) = pair.old.bounds(integers), pair.new.bounds(integers)
        if old_low != new_low:
            text = f"the minimum {_moved(old_low, new_low)}"
            yield self._change(pair, BOUNDS[:2], text, narrower=new_low > old_low, wider=new_low < old_low)
        if old_high != new_high:
            text = f"the maximum {_moved(old_high, new_high)}"
            yield self._change(pair, BOUNDS[2:], text, narrower=new_high < old_high, wider=new_high > old_high)

    def _counts(self, pair: Pair, type_: str) -> Iterator[Change]:
        for keyword, (applies_to, words) in COUNTS.items():
            if applies_to != type_:
                continue
            lower = keyword.startswith("min")
            absent = (1 if keyword == "minContains" else 0) if lower else UNBOUNDED
            strictest = max if lower else min
            old, new = (
                strictest([value for _, value in schema.all(keyword)], default=absent)
                for schema in (pair.old, pair.new)
            )
            if old != new:
                text = f"the {words} {_moved((old, 0), (new, 0))}"
                yield self._change(pair, (keyword,), text, narrower=(new > old) is lower, wider=(new < old) is lower)

    def _annotations(self, pair: Pair) -> Iterator[Change]:
        old, new = ([value for _, value in schema.all("default")][:1] for schema in (pair.old, pair.new))
        if pair.omissible and [*map(canonical, old)] != [*map(canonical, new)]:
            # A new default binds servers. One that goes or changes was also relied on by callers.
            yield self._change(pair, ("default",), f"the default {_replaced(old, new)}")._replace(
                callers=bool(old), servers=bool(new)
            )
        marks = [any(value is True for _, value in schema.all("deprecated")) for schema in (pair.old, pair.new)]
        if marks[0] != marks[1]:
            yield self._change(pair, ("deprecated",), "is deprecated" if marks[1] else "is no longer deprecated")
        yield from self._discriminators(pair)

    def _discriminators(self, pair: Pair) -> Iterator[Change]:
        old, new = (schema.all("discriminator") for schema in (pair.old, pair.new))
        for at, _ in old[len(new) :]:
            readers = {"callers": pair.direction is Direction.RESPONSE, "servers": pair.direction is Direction.REQUEST}
            yield self._change(pair, (), "the discriminator is removed", at)._replace(**readers)
        for at, _ in new[len(old) :]:
            yield self._change(pair, (), "a discriminator is added", at)
        for (_, before), (at, after) in zip(old, new, strict=False):
            if before.get("propertyName") != after.get("propertyName"):
                text = f"the discriminator is {after.get('propertyName')!r} instead of {before.get('propertyName')!r}"
                yield self._change(pair, (), text, f"{at}/propertyName", narrower=True, wider=True)
            mappings = before.get("mapping", {}), after.get("mapping", {})
            for value in mappings[0].keys() | mappings[1].keys():
                place = f"{at}/mapping/{escape(value)}"
                if value not in mappings[1]:
                    yield self._change(pair, (), f"the mapping of {shown(value)} is removed", place, narrower=True)
                elif value not in mappings[0]:
                    yield self._change(pair, (), f"a mapping of {shown(value)} is added", place, wider=True)
                elif mappings[0][value] != mappings[1][value] and not self.equal(
                    _mapped(self.old, mappings[0][value]), _mapped(self.new, mappings[1][value])
                ):
                    text = f"the mapping of {shown(value)} has another schema"
                    yield self._change(pair, (), text, place, narrower=True, wider=True)

    def _conditions(self, pair: Pair) -> Iterator[Change | Pair]:
        old, new = pair.old.all("not"), pair.new.all("not")
        if len(old) == len(new) == 1:
            # What the inner schema permits, the outer one excludes.
            inner = Pair(pair.old.sub("not"), pair.new.sub("not"), pair.direction.opposite, strict=True)
            yield inner
        elif sorted(canonical(value) for _, value in old) != sorted(canonical(value) for _, value in new):
            narrower, wider = len(new) >= len(old) or bool(old and new), len(old) >= len(new) or bool(old and new)
            yield self._change(pair, ("not",), "excluded values are changed", narrower=narrower, wider=wider)
        old, new = (
            [Schema(s.document, at, (at, n)) for at, n in s.nodes.items() if "if" in n] for s in (pair.old, pair.new)
        )
        if len(old) != len(new):
            text = f"{abs(len(new) - len(old))} conditions are {'added' if len(new) > len(old) else 'removed'}"
            yield self._change(pair, ("if",), text, narrower=len(new) > len(old), wider=len(new) < len(old))
        for before, after in zip(old, new, strict=False):
            before, after = _only(before), _only(after)
            if not self.equal(before.sub("if"), after.sub("if")):
                yield self._change(pair, (), "the condition is changed", f"{after.site}/if", narrower=True, wider=True)
                continue
            for keyword in ("then", "else"):
                yield Pair(before.sub(keyword), after.sub(keyword), pair.direction, strict=True)

    # Objects, arrays and strings.

    def _object(self, pair: Pair) -> Iterator[Change | Pair]:
        old, new, direction = pair.old, pair.new, pair.direction
        yield from self._counts(pair, "object")
        yield from self._subschemas(pair, "object")
        for keyword, whole in MAPS.items():
            for name in dict.fromkeys(
                name for schema in (old, new) for _, value in schema.all(keyword) for name in value
            ):
                yield Pair(old.entry(keyword, name), new.entry(keyword, name), direction, strict=whole or pair.strict)
        needs = [
            {(name, other) for _, value in schema.all("dependentRequired") for name in value for other in value[name]}
            for schema in (old, new)
        ]
        for name, other in needs[0] ^ needs[1]:
            added = (name, other) in needs[1]
            text = f"{other!r} is {'now' if added else 'no longer'} required beside {name!r}"
            yield self._change(pair, ("dependentRequired",), text, narrower=added, wider=not added)
        yield from self._properties(pair)

    def _properties(self, pair: Pair) -> Iterator[Change | Pair]:
        old, new, direction = pair.old, pair.new, pair.direction
        before, after = old.properties(direction), new.properties(direction)
        required = old.required(direction), new.required(direction)
        for name in dict.fromkeys([*before, *after, *sorted(required[0] | required[1])]):
            place = new.declared(name) or old.declared(name)
            in_old, in_new = name in before, name in after
            if not pair.strict and in_old != in_new:
                yield from self._property(pair, name, in_new)
                continue
            if in_old or in_new:
                omissible = in_old and in_new and not (name in required[0] and name in required[1])
                yield Pair(old.member(name), new.member(name), direction, pair.strict, omissible)
            if (name in required[0]) != (name in required[1]):
                text = "is required" if name in required[1] else "is no longer required"
                own = text if place else f"{name!r} {text}"
                narrower = name in required[1]
                yield self._change(pair, ("required",), own, place, narrower=narrower, wider=not narrower)

    def _property(self, pair: Pair, name: str, added: bool) -> Iterator[Change | Pair]:
        """Compare a property that only one document declares.

        An object that is open in the other document permits the property there too, but nobody knows of it.
        """
        old, new = pair.old.member(name), pair.new.member(name)
        request = pair.direction is Direction.REQUEST
        place = (pair.new if added else pair.old).declared(name)
        required = name in pair.new.required(pair.direction) if added else False
        if added:
            text = f"the {'required ' * required}property is added"
            closed = old.impossible
            callers, servers = (required, True) if request else (closed, required)
        else:
            gone = pair.new.declared(name) is None
            text = "the property is removed" if gone else f"the property is no longer part of a {pair.direction.value}"
            callers, servers = True, not request and new.impossible
        yield self._change(pair, (), text, place)._replace(callers=callers, servers=servers)
        other = old if added else new
        if not other.is_open and not other.impossible:
            yield Pair(old, new, pair.direction, pair.strict)

    def _array(self, pair: Pair) -> Iterator[Change | Pair]:
        yield from self._counts(pair, "array")
        yield from self._subschemas(pair, "array")
        count = max(
            (len(value) for schema in (pair.old, pair.new) for _, value in schema.all("prefixItems")), default=0
        )
        for index in range(count):
            yield Pair(pair.old.item(index), pair.new.item(index), pair.direction, pair.strict)
        unique = [any(value is True for _, value in schema.all("uniqueItems")) for schema in (pair.old, pair.new)]
        if unique[0] != unique[1]:
            text = f"items must {'' if unique[1] else 'no longer '}be unique"
            yield self._change(pair, ("uniqueItems",), text, narrower=unique[1], wider=unique[0])

    def _subschemas(self, pair: Pair, type_: str) -> Iterator[Change | Pair]:
        for keyword, applies_to in SUBSCHEMAS.items():
            if applies_to != type_:
                continue
            old, new = pair.old.all(keyword), pair.new.all(keyword)
            if keyword == "contains" and (
                pair.old.all("maxContains") or pair.new.all("maxContains") or not (old and new)
            ):
                if bool(old) != bool(new) or not self.equal(pair.old.sub(keyword), pair.new.sub(keyword)):
                    text = "the condition on the contained items is changed"
                    yield self._change(pair, (keyword,), text, narrower=bool(new), wider=bool(old))
            elif old or new:
                yield Pair(pair.old.sub(keyword), pair.new.sub(keyword), pair.direction, pair.strict)

    def _change(
        self,
        pair: Pair,
        keywords: tuple[str, ...],
        text: str,
        place: str | None = None,
        *,
        narrower: bool = False,
        wider: bool = False,
    ) -> Change:
        """Describe a change.

        Args:
            pair: The schemas.
            keywords: The keywords that the change may be found under.
            text: The description.
            place: The pointer, if the keywords do not give it.
            narrower: Whether values that were valid are no longer valid.
            wider: Whether values are valid that were not.
        """
        found = (side.place(keyword) for keyword in keywords for side in (pair.new, pair.old))
        place = place or next(filter(None, found), pair.new.site)
        document = self.new if self.new.target(place)[1] is not None else self.old
        sent = pair.direction is Direction.REQUEST
        return Change(
            place,
            document.name(place),
            text,
            callers=narrower if sent else wider,
            servers=wider if sent else narrower,
        )


def _key(pair: Pair) -> tuple[object, ...]:
    return (pair.old.key, pair.new.key, pair.direction, pair.strict, pair.omissible)


def _only(schema: Schema) -> Schema:
    """Return a schema reduced to its own node, without what it refers to."""
    schema.nodes = {schema.site: schema.nodes[schema.site]}
    return schema


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


def _mapped(document: Document, value: str) -> Schema:
    """Return the schema that a mapping of a discriminator names, by reference or by the name of a component."""
    pointer, node = document.target(value if "/" in value else f"#/components/schemas/{escape(value)}")
    return Schema(document, pointer, (pointer, node))


def _includes(keyword: str, smaller: Json, larger: Json) -> bool:
    """Return whether every value under one restriction is also valid under another one."""
    if keyword == "format":
        return (smaller, larger) in WIDER
    return keyword == "multipleOf" and (Fraction(str(smaller)) / Fraction(str(larger))).denominator == 1


def _replaced(old: list[Json], new: list[Json]) -> str:
    before, after = (" and ".join(map(shown, values)) for values in (old, new))
    if not old:
        return f"{after} is added"
    return f"is {after} instead of {before}" if new else f"{before} is removed"


def _moved(old: tuple[float, int], new: tuple[float, int]) -> str:
    def words(bound: tuple[float, int]) -> str:
        number = shown(bound[0])
        return f"{'above ' if bound[1] > 0 else 'below ' if bound[1] < 0 else ''}{number}"

    if abs(old[0]) == UNBOUNDED:
        return f"{words(new)} is added"
    return f"{words(old)} is removed" if abs(new[0]) == UNBOUNDED else f"is {words(new)} instead of {words(old)}"
