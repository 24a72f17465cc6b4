"""Counts of the fields and values that a server sends and the document does not list.

Decoding keeps all of them; this report makes them visible. A union is compared with the variant that ``type`` names.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from threadruns._document import schema as component
from threadruns._json import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Iterable


class Decoded(Protocol):
    """A decoded object."""

    def to_dict(self) -> dict[str, Any]:
        """Return the object as parsed JSON."""
        ...


class Drift:
    """The unknown fields and values of some objects, with their counts.

    Args:
        items: The objects, such as runs.
    """

    items: int
    """The number of objects."""

    fields: Counter[str]
    """The count of each unknown field by its path in the object, such as ``tools[].strict``."""

    values: Counter[tuple[str, str]]
    """The count of each unknown value of an enum or a ``type`` by path and value: ``("status", "paused")``."""

    invalid: Counter[tuple[str, str]]
    """The count of each value of the wrong type, by path and JSON type: ``("metadata", "null")``; and of missing keys.

    Such items are received with ``invalid="keep"``.
    """

    def __init__(self, items: Iterable[Decoded] = ()) -> None:
        self.items = 0
        self.fields = Counter()
        self.values = Counter()
        self.invalid = Counter()
        for item in items:
            self.add(item)

    def add(self, item: Decoded) -> None:
        """Add an object, such as a ``Run``; it is compared with the schema that has the name of its class."""
        self.items += 1
        self._compare(item.to_dict(), component(type(item).__name__), "")

    def __bool__(self) -> bool:
        return bool(self.fields or self.values or self.invalid)

    def __str__(self) -> str:
        lines = [f"{count:>8}  unknown field {path}" for path, count in self.fields.most_common()]
        lines += [f"{count:>8}  unknown value {path} = {value!r}" for (path, value), count in self.values.most_common()]
        lines += [f"{count:>8}  invalid value {path}: {kind}" for (path, kind), count in self.invalid.most_common()]
        return "\n".join([f"{self.items} compared with the document; {'drift:' if self else 'no drift.'}", *lines])

    def _compare(self, value: Any, schema: dict[str, Any], path: str) -> None:
        schema = _resolved(schema)
        variants = [_resolved(variant) for variant in schema.get("oneOf", [schema])]
        fitting = [variant for variant in variants if _has_type(value, variant)]
        if not fitting:
            self.invalid[path, _kind(value)] += 1
        elif is_object(value):
            self._compare_object(value, fitting, path)
        elif is_array(value):
            for item in value:
                self._compare(item, fitting[0].get("items", {}), f"{path}[]")
        elif isinstance(value, str):
            allowed = fitting[0].get("enum") or ([fitting[0]["const"]] if "const" in fitting[0] else [value])
            if value not in allowed:
                self.values[path, value] += 1

    def _compare_object(self, value: dict[str, Any], variants: list[dict[str, Any]], path: str) -> None:
        kind = value.get("type")
        named = [variant for variant in variants if _tag(variant) in (None, kind)]
        if not named and isinstance(kind, str):
            self.values[f"{path}.type", kind] += 1
            return
        schema = (named or variants)[0]
        for key in schema.get("required", []):
            if key not in value:
                self.invalid[f"{path}.{key}".lstrip("."), "missing"] += 1
        properties = schema.get("properties", {})
        rest = schema.get("additionalProperties", True)
        for key, inner in value.items():
            below = f"{path}.{key}".lstrip(".")
            if key in properties:
                self._compare(inner, properties[key], below)
            elif properties:
                self.fields[below] += 1
            elif is_object(rest):
                self._compare(inner, rest, f"{path}.*")


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = component(schema["$ref"].rpartition("/")[2])
    return schema


def _tag(schema: dict[str, Any]) -> str | None:
    """Return the constant by which the variants of a union differ; None if the schema has none."""
    found: str | None = schema.get("properties", {}).get("type", {}).get("const")
    return found


def _kind(value: Any) -> str:
    """Return the JSON type of a value."""
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), "null")


def _has_type(value: Any, schema: dict[str, Any]) -> bool:
    """Return whether a schema allows the type of a value. A number without a fraction is an integer."""
    types = schema.get("type", [])
    kinds = {_kind(value)}
    if "integer" in kinds or (isinstance(value, float) and value.is_integer()):
        kinds |= {"integer", "number"}
    return not types or bool(kinds & ({types} if isinstance(types, str) else {*types}))
