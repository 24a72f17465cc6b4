"""Intersection of schemas: the schema that accepts what each part of an ``allOf`` accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from _document.source import Json

ANNOTATIONS = {
    *("title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly"),
    *("externalDocs", "xml", "$comment", "$schema", "$id", "$anchor"),
}
"""The keywords that say nothing about which values are valid."""

UNCHECKED = {
    *("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType", "contentSchema"),
    *("minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains", "unevaluatedItems"),
    *("minProperties", "maxProperties", "propertyNames", "unevaluatedProperties"),
    *("dependentRequired", "dependentSchemas", "if", "then", "else", "not", "$defs"),
}
"""The keywords that the models do not check: they limit a value, and do not change its type."""

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")


class Conflict(ValueError):
    """Parts that no schema of this project's subset can express together; the message says which keyword."""


def core(schema: Json) -> Json:
    """Return a schema without what does not change the type of its values."""
    if not isinstance(schema, dict):
        return {} if schema else {"not": {}}
    skipped = ANNOTATIONS | UNCHECKED
    return {key: value for key, value in schema.items() if key not in skipped and not key.startswith("x-")}


def types_of(schema: Json) -> tuple[str, ...]:
    """Return the types that a schema names or implies; all types if it implies none."""
    named = schema.get("type")
    if isinstance(named, str):
        return (named,)
    if isinstance(named, list):
        return tuple(dict.fromkeys(named))
    if {"properties", "additionalProperties", "patternProperties"} & schema.keys():
        return ("object",)
    return ("array",) if "items" in schema or "prefixItems" in schema else TYPES


def listed_values(schema: Json) -> list[Json]:
    """Return the values that a schema lists, as ``const`` or ``enum``; none if it lists none."""
    values: list[Json] = [schema["const"]] if "const" in schema else schema.get("enum", [])
    return values


Join = Callable[[Json, Json], Json]
"""A function that returns the ``allOf`` of two schemas, always the same for the same two."""


def intersect(parts: Iterable[Json], join: Join) -> Json:
    """Return the intersection of schemas without ``$ref`` and ``allOf``.

    Args:
        parts: The schemas.
        join: Called for the inner schemas of two parts.

    Raises:
        Conflict: The parts contradict each other, or their intersection cannot be expressed.
    """
    merged: dict[str, Json] = {}
    for part in parts:
        merged = _both(merged, part, join)
    return merged


def _both(left: Json, right: Json, join: Join) -> Json:
    if not left or not right:
        return dict(left or right)
    found: dict[str, Json] = {}
    kinds = [kind for kind in TYPES if _allows(left, kind) and _allows(right, kind)]
    if not kinds:
        raise Conflict("the parts have no type in common")
    if "number" in kinds:
        kinds.remove("integer")
    if len(kinds) < len(TYPES):
        found["type"] = kinds[0] if len(kinds) == 1 else kinds
    for key in ("properties", "patternProperties"):
        if key in left or key in right:
            found[key] = _each(left.get(key, {}), right.get(key, {}), join)
    if required := [*left.get("required", []), *right.get("required", [])]:
        found["required"] = list(dict.fromkeys(required))
    if isinstance(more := _inner(left, right, "additionalProperties", join), dict) and more:
        found["additionalProperties"] = more
    if "items" in left or "items" in right:
        found["items"] = _inner(left, right, "items", join)
    _values(found, left, right)
    for key in ("oneOf", "anyOf", "prefixItems", "discriminator"):
        if key in left and key in right and key != "discriminator":
            raise Conflict(f"two of its parts have {key!r}")
        if key in left or key in right:
            found[key] = left.get(key, right.get(key))
    return found


def _allows(schema: Json, kind: str) -> bool:
    types = types_of(schema)
    return kind in types or (kind == "integer" and "number" in types)


def _each(left: Json, right: Json, join: Join) -> Json:
    """Return the properties of both parts; one that both have must fit both schemas."""
    both = {**left, **right}
    for name in left.keys() & right.keys():
        if core(left[name]) != core(right[name]):
            both[name] = join(left[name], right[name])
    return both


def _inner(left: Json, right: Json, key: str, join: Join) -> Json:
    found = [part[key] for part in (left, right) if isinstance(part.get(key), dict) and part[key]]
    return join(*found) if len(found) == 2 and core(found[0]) != core(found[1]) else found[-1] if found else {}


def _values(found: dict[str, Json], left: Json, right: Json) -> None:
    """Add the values that both parts list, as ``const`` or ``enum``."""
    lists = [listed_values(part) for part in (left, right) if part.keys() & {"const", "enum"}]
    if lists:
        shared = [value for value in lists[0] if all(_is_in(value, other) for other in lists[1:])]
        if not shared:
            raise Conflict("the parts have no value in common")
        if "const" in left or "const" in right:
            found["const"] = shared[0]
        else:
            found["enum"] = shared


def _is_in(value: Json, values: list[Json]) -> bool:
    return any(value == other and isinstance(value, bool) == isinstance(other, bool) for other in values)
