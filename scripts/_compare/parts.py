"""Objects, arrays and conditions: the parts of a schema that contain others."""

from __future__ import annotations

from collections.abc import Iterator

from _compare.changes import Change, Direction, canonical
from _compare.keywords import counts
from _compare.pairs import Equal, Pair
from _compare.schemas import Schema

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
MAPS = {"patternProperties": False, "dependentSchemas": True}
"""Keywords with named schemas; true if a schema of the map restricts the whole object."""


def object_parts(pair: Pair, equal: Equal) -> Iterator[Change | Pair]:
    old, new, direction = pair.old, pair.new, pair.direction
    yield from counts(pair, "object")
    yield from subschemas(pair, equal, "object")
    for keyword, whole in MAPS.items():
        for name in dict.fromkeys(name for schema in (old, new) for _, value in schema.all(keyword) for name in value):
            yield Pair(old.entry(keyword, name), new.entry(keyword, name), direction, strict=whole or pair.strict)
    needs = [
        {(name, other) for _, value in schema.all("dependentRequired") for name in value for other in value[name]}
        for schema in (old, new)
    ]
    for name, other in needs[0] ^ needs[1]:
        added = (name, other) in needs[1]
        text = f"{other!r} is {'now' if added else 'no longer'} required beside {name!r}"
        yield pair.change(("dependentRequired",), text, narrower=added, wider=not added)
    yield from _properties(pair)


def _properties(pair: Pair) -> Iterator[Change | Pair]:
    old, new, direction = pair.old, pair.new, pair.direction
    before, after = old.properties(direction), new.properties(direction)
    required = old.required(direction), new.required(direction)
    for name in dict.fromkeys([*before, *after, *sorted(required[0] | required[1])]):
        place = new.declared(name) or old.declared(name)
        in_old, in_new = name in before, name in after
        if not pair.strict and in_old != in_new:
            yield from _property(pair, name, in_new)
            continue
        if in_old or in_new:
            omissible = in_old and in_new and not (name in required[0] and name in required[1])
            yield Pair(old.member(name), new.member(name), direction, pair.strict, omissible)
        if (name in required[0]) != (name in required[1]):
            text = "is required" if name in required[1] else "is no longer required"
            own = text if place else f"{name!r} {text}"
            narrower = name in required[1]
            yield pair.change(("required",), own, place, narrower=narrower, wider=not narrower)


def _property(pair: Pair, name: str, added: bool) -> Iterator[Change | Pair]:
    """Compare a property that only one document declares.

    An object that is open in the other document permits the property too, but does not document it.
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
    yield pair.change((), text, place)._replace(callers=callers, servers=servers)
    other = old if added else new
    if not other.is_open and not other.impossible:
        yield Pair(old, new, pair.direction, pair.strict)


def array_parts(pair: Pair, equal: Equal) -> Iterator[Change | Pair]:
    yield from counts(pair, "array")
    yield from subschemas(pair, equal, "array")
    count = max((len(value) for schema in (pair.old, pair.new) for _, value in schema.all("prefixItems")), default=0)
    for index in range(count):
        yield Pair(pair.old.item(index), pair.new.item(index), pair.direction, pair.strict)
    unique = [any(value is True for _, value in schema.all("uniqueItems")) for schema in (pair.old, pair.new)]
    if unique[0] != unique[1]:
        text = f"items must {'' if unique[1] else 'no longer '}be unique"
        yield pair.change(("uniqueItems",), text, narrower=unique[1], wider=unique[0])


def subschemas(pair: Pair, equal: Equal, type_: str) -> Iterator[Change | Pair]:
    for keyword, applies_to in SUBSCHEMAS.items():
        if applies_to != type_:
            continue
        old, new = pair.old.all(keyword), pair.new.all(keyword)
        if keyword == "contains" and (pair.old.all("maxContains") or pair.new.all("maxContains") or not (old and new)):
            if bool(old) != bool(new) or not equal(pair.old.sub(keyword), pair.new.sub(keyword)):
                text = "the condition on the contained items is changed"
                yield pair.change((keyword,), text, narrower=bool(new), wider=bool(old))
        elif old or new:
            yield Pair(pair.old.sub(keyword), pair.new.sub(keyword), pair.direction, pair.strict)


def exclusions(pair: Pair) -> Iterator[Change | Pair]:
    """Compare what ``not`` excludes."""
    old, new = ([canonical(value) for _, value in side.all("not")] for side in (pair.old, pair.new))
    if len(old) == len(new) == 1:
        # What the inner schema permits, the outer one excludes.
        yield Pair(pair.old.sub("not"), pair.new.sub("not"), pair.direction.opposite, strict=True)
    elif set(old) != set(new):
        text = "the excluded values are changed"
        yield pair.change(("not",), text, narrower=not set(new) <= set(old), wider=not set(old) <= set(new))


def conditions(pair: Pair, equal: Equal) -> Iterator[Change | Pair]:
    """Compare conditions: those with the same ``if`` by what follows from it."""
    old, new = (
        [_only(Schema(side.document, at, (at, node))) for at, node in side.nodes.items() if "if" in node]
        for side in (pair.old, pair.new)
    )
    if len(old) != len(new):
        text = f"{abs(len(new) - len(old))} conditions are {'added' if len(new) > len(old) else 'removed'}"
        yield pair.change(("if",), text, narrower=len(new) > len(old), wider=len(new) < len(old))
    for before, after in zip(old, new, strict=False):
        if equal(before.sub("if"), after.sub("if")):
            for keyword in ("then", "else"):
                yield Pair(before.sub(keyword), after.sub(keyword), pair.direction, strict=True)
        else:
            yield pair.change((), "the condition is changed", f"{after.site}/if", narrower=True, wider=True)


def _only(schema: Schema) -> Schema:
    """Return a schema reduced to its own node, without what it refers to."""
    schema.nodes = {schema.site: schema.nodes[schema.site]}
    return schema
