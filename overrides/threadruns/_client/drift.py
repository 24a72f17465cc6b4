"""What a server sends beyond the document: fields and values that it does not name, counted.

None of them is lost when a list is decoded; this is to notice them. An object of a union is compared with the variant
that its ``type`` names, as it is decoded.
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
        """Return it as JSON has it."""
        ...


class Drift:
    """Counts the unknown fields and values of the objects that are added to it.

    Args:
        items: Objects to begin with.
    """

    items: int
    """How many objects were added."""

    fields: Counter[str]
    """How often each unknown field came, by its way from the object, such as ``tools[].strict``."""

    values: Counter[tuple[str, str]]
    """How often each unknown value of an enum or a ``type`` came, by its way and itself: ``("status", "paused")``."""

    def __init__(self, items: Iterable[Decoded] = ()) -> None:
        self.items = 0
        self.fields = Counter()
        self.values = Counter()
        for item in items:
            self.add(item)

    def add(self, item: Decoded) -> None:
        """Add an object, such as a ``Run``; its class names the schema that it is compared with."""
        self.items += 1
        self._compare(item.to_dict(), component(type(item).__name__), "")

    def __bool__(self) -> bool:
        return bool(self.fields or self.values)

    def __str__(self) -> str:
        lines = [f"{count:>8}  unknown field {way}" for way, count in self.fields.most_common()]
        lines += [f"{count:>8}  unknown value {way} = {value!r}" for (way, value), count in self.values.most_common()]
        return "\n".join([f"{self.items} compared with the document; {'drift:' if self else 'no drift.'}", *lines])

    def _compare(self, value: Any, schema: dict[str, Any], way: str) -> None:
        while "$ref" in schema:
            schema = component(schema["$ref"].rpartition("/")[2])
        if "oneOf" in schema:
            self._compare_variant(value, [_resolved(variant) for variant in schema["oneOf"]], way)
        elif isinstance(value, str):
            allowed = schema.get("enum") or ([schema["const"]] if "const" in schema else [value])
            if value not in allowed:
                self.values[way, value] += 1
        elif is_array(value):
            for item in value:
                self._compare(item, schema.get("items", {}), f"{way}[]")
        elif is_object(value) and "properties" in schema:
            for key, inner in value.items():
                below = f"{way}.{key}".lstrip(".")
                if key in schema["properties"]:
                    self._compare(inner, schema["properties"][key], below)
                else:
                    self.fields[below] += 1

    def _compare_variant(self, value: Any, variants: list[dict[str, Any]], way: str) -> None:
        kind = "object" if is_object(value) else "array" if is_array(value) else "string"
        fitting = [variant for variant in variants if variant.get("type") == kind]
        if is_object(value) and len(fitting) > 1:
            named = [v for v in fitting if v["properties"].get("type", {}).get("const") == value.get("type")]
            if not named:
                self.values[f"{way}.type", str(value.get("type"))] += 1
            fitting = named
        if fitting:
            self._compare(value, fitting[0], way)


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return component(schema["$ref"].rpartition("/")[2]) if "$ref" in schema else schema
