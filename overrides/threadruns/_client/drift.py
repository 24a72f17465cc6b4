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

    def __init__(self, items: Iterable[Decoded] = ()) -> None:
        self.items = 0
        self.fields = Counter()
        self.values = Counter()
        for item in items:
            self.add(item)

    def add(self, item: Decoded) -> None:
        """Add an object, such as a ``Run``; it is compared with the schema of the same name as its class."""
        self.items += 1
        self._compare(item.to_dict(), component(type(item).__name__), "")

    def __bool__(self) -> bool:
        return bool(self.fields or self.values)

    def __str__(self) -> str:
        lines = [f"{count:>8}  unknown field {path}" for path, count in self.fields.most_common()]
        lines += [f"{count:>8}  unknown value {path} = {value!r}" for (path, value), count in self.values.most_common()]
        return "\n".join([f"{self.items} compared with the document; {'drift:' if self else 'no drift.'}", *lines])

    def _compare(self, value: Any, schema: dict[str, Any], path: str) -> None:
        while "$ref" in schema:
            schema = component(schema["$ref"].rpartition("/")[2])
        if "oneOf" in schema:
            self._compare_variant(value, [_resolved(variant) for variant in schema["oneOf"]], path)
        elif isinstance(value, str):
            allowed = schema.get("enum") or ([schema["const"]] if "const" in schema else [value])
            if value not in allowed:
                self.values[path, value] += 1
        elif is_array(value):
            for item in value:
                self._compare(item, schema.get("items", {}), f"{path}[]")
        elif is_object(value) and "properties" in schema:
            for key, inner in value.items():
                below = f"{path}.{key}".lstrip(".")
                if key in schema["properties"]:
                    self._compare(inner, schema["properties"][key], below)
                else:
                    self.fields[below] += 1

    def _compare_variant(self, value: Any, variants: list[dict[str, Any]], path: str) -> None:
        kind = "object" if is_object(value) else "array" if is_array(value) else "string"
        fitting = [variant for variant in variants if variant.get("type") == kind]
        if is_object(value) and len(fitting) > 1:
            named = [v for v in fitting if v["properties"].get("type", {}).get("const") == value.get("type")]
            if not named:
                self.values[f"{path}.type", str(value.get("type"))] += 1
            fitting = named
        if fitting:
            self._compare(value, fitting[0], path)


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return component(schema["$ref"].rpartition("/")[2]) if "$ref" in schema else schema
