"""Schemas with ``allOf``, or with keywords beside ``$ref``, merged to one schema without them."""

from __future__ import annotations

from functools import reduce
from operator import getitem

from _document.references import target
from _document.source import Json
from _simplify.classes import Classes
from _simplify.intersection import Conflict, core, intersect, listed_values, types_of
from _simplify.places import Places

MAX_INLINED = 50
"""The largest permitted number of schemas that contain each other without an object in between."""


class Merger:
    """The merged schemas of a document, each made once, because they may contain each other.

    Args:
        places: The places of the schemas.
        classes: The classes, whose names the variants of a merged union have.
    """

    def __init__(self, places: Places, classes: Classes) -> None:
        self._places = places
        self._classes = classes
        self._parts_of: dict[int, list[Json]] = {}
        self._merged_of: dict[int, Json] = {}
        self._through: dict[int, frozenset[int]] = {}
        self._trail: set[int] = set()
        self._joined_of: dict[tuple[int, int], Json] = {}
        self._distributed_of: dict[int, Json] = {}

    def parts(self, schema: Json) -> list[Json]:
        """Return the parts of a schema with ``allOf`` or keywords beside ``$ref``."""
        if id(schema) in self._parts_of:
            return self._parts_of[id(schema)]
        parts = list(schema.get("allOf", []))
        if "$ref" in schema:
            parts.append(self._places.made(schema, {"$ref": schema["$ref"]}))
        if rest := {key: value for key, value in core(schema).items() if key not in ("$ref", "allOf")}:
            parts.append(self._places.made(schema, rest))
        self._parts_of[id(schema)] = parts
        return parts

    def merged(self, schema: Json, parts: list[Json], seen: frozenset[int]) -> tuple[Json, frozenset[int]]:
        """Return the intersection of parts; a union in one of them is distributed over the others.

        Args:
            schema: The schema that has the parts.
            parts: The parts.
            seen: The schemas that contain this one without an object in between.

        Returns:
            The intersection, and the schemas that were merged into it.
        """
        if id(schema) not in self._merged_of:
            before, self._trail = self._trail, set()
            flat = [part for part in (self.flat(part, seen) for part in parts) if part]
            unions = [part for part in flat if "oneOf" in part or "anyOf" in part]
            try:
                if len(unions) == 1 and len(flat) > 1:
                    merged = self.distributed(schema, unions[0], [part for part in flat if part is not unions[0]])
                else:
                    intersection = intersect(flat, lambda left, right: self._join(schema, left, right))
                    merged = self._places.made(schema, intersection)
            except Conflict as conflict:
                self._places.problem(schema, f"'allOf' cannot be merged, because {conflict}; write it as one schema")
                merged = {}
            self._merged_of[id(schema)] = merged
            self._through[id(schema)], self._trail = frozenset(self._trail), before
        self._trail |= self._through[id(schema)]
        return self._merged_of[id(schema)], self._through[id(schema)]

    def _join(self, owner: Json, left: Json, right: Json) -> Json:
        """Return the ``allOf`` of two inner schemas, the same for the same two, because they may contain each other."""
        key = (id(left), id(right))
        if key not in self._joined_of:
            text = next((part.get("description") for part in (right, left) if isinstance(part, dict)), None)
            described = {"description": text} if text else {}
            self._joined_of[key] = self._places.made(owner, {"allOf": [left, right], **described})
        return self._joined_of[key]

    def flat(self, schema: Json, seen: frozenset[int] = frozenset()) -> Json:
        """Return a schema with references followed and ``allOf`` merged, without what models do not check."""
        if not isinstance(schema, dict):
            return {}
        if id(schema) in seen or len(seen) > MAX_INLINED:
            self._places.problem(schema, "'allOf' contains itself; remove the reference to itself")
            return {}
        self._trail.add(id(schema))
        seen = seen | {id(schema)}
        found = core(schema)
        if "$ref" in found and len(found) == 1:
            pointer = target(self._places.raw, found["$ref"])
            base = reduce(getitem, pointer, self._places.raw) if pointer else {}
            flat = self.flat(base, seen)
            # A discriminator of a base class is about the classes that derive from it.
            return flat if {"oneOf", "anyOf"} & flat.keys() else {k: v for k, v in flat.items() if k != "discriminator"}
        if "$ref" in found or "allOf" in found:
            return self.merged(schema, self.parts(schema), seen)[0]
        return self._listed(without_key_unions(found), seen)

    def _listed(self, schema: Json, seen: frozenset[int]) -> Json:
        """Return a schema with a union of constants written as an enum."""
        for key in ("oneOf", "anyOf"):
            if key in schema and "enum" not in schema and "const" not in schema:
                before = set(self._trail)
                options = [self.flat(option, seen) for option in schema[key]]
                self._trail = before  # the options are not merged
                if all(option.keys() & {"const", "enum"} for option in options):
                    rest = {name: value for name, value in schema.items() if name != key}
                    return {**rest, "enum": [value for option in options for value in listed_values(option)]}
        return schema

    def distributed(self, schema: Json, union: Json, others: list[Json]) -> Json:
        """Return the union of the intersections of each variant with the other parts."""
        if id(schema) in self._distributed_of:
            return self._distributed_of[id(schema)]
        key = "oneOf" if "oneOf" in union else "anyOf"
        rest = {name: value for name, value in union.items() if name not in (key, "discriminator")}
        others = [*others, rest] if rest else others
        options = []
        for option in union[key]:
            referred = self._places.referred(option)
            title = self._classes.name_of(option) or self._classes.name_of(referred)
            title = title or (option.get("title") if isinstance(option, dict) else None)
            parts = [*(self._places.made(schema, dict(part)) for part in others), option]
            options.append(self._places.made(schema, {"allOf": parts, **({"x-variant": title} if title else {})}))
        kept = {"discriminator": union["discriminator"]} if "discriminator" in union else {}
        self._distributed_of[id(schema)] = {key: options, **kept}
        return self._distributed_of[id(schema)]

    def fits(self, option: Json, rest: Json) -> bool:
        """Return whether the keywords beside a union add nothing to an option but its type."""
        if set(rest) != {"type"} or not isinstance(option, dict):
            return False
        flat = self.flat(option)
        return set(types_of(flat)) <= {*types_of(rest)} or "oneOf" in flat or "anyOf" in flat

    def values(self, schema: Json) -> list[Json]:
        """Return the values that a schema lists, as ``const`` or ``enum``; none if it permits others."""
        return listed_values(self.flat(schema))


def without_key_unions(schema: Json) -> Json:
    """Return a schema without the unions that only limit which keys stand together."""
    return {
        key: value
        for key, value in schema.items()
        if key not in ("oneOf", "anyOf") or any(core(part).keys() - {"required"} for part in value)
    }
