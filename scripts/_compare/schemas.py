"""A schema with its references and ``allOf`` followed, so that two schemas can be compared however they are split."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil, floor
from typing import NamedTuple

from _compare.changes import Direction, Document, canonical
from _document.references import escape
from _document.source import Json

TYPES = {
    "null": {"null"},
    "boolean": {"boolean"},
    "object": {"object"},
    "array": {"array"},
    "string": {"string"},
    "integer": {"integer"},
    "number": {"integer", "fraction"},
}
ALL_TYPES = frozenset({"null", "boolean", "object", "array", "string", "integer", "fraction"})
TEXTS = {"title", "description", "examples", "example", "externalDocs", "$comment"}
"""Keywords that say nothing about values."""

UNION_KEYWORDS = {"oneOf", "anyOf", "discriminator", "default", "deprecated", "readOnly", "writeOnly"}
"""Keywords of a schema that is a list of alternatives and restricts values in no other way."""

Bound = tuple[float, int]
UNBOUNDED = float("inf")


class Union(NamedTuple):
    """A list of alternatives.

    Attributes:
        pointer: The place of the keyword.
        keyword: ``oneOf`` or ``anyOf``.
        alternatives: The schemas of the list.
    """

    pointer: str
    keyword: str
    alternatives: list[Schema]


class Schema:
    """The conjunction of the schemas that hold for a value.

    Attributes:
        document: The document of the schema.
        site: The pointer of the place that uses the schema.
        nodes: The objects that hold together, by pointer.
        impossible: True if no value is valid.
    """

    def __init__(self, document: Document, site: str, *located: tuple[str, Json]) -> None:
        self.document = document
        self.site = site
        self.nodes: dict[str, dict[str, Json]] = {}
        self.impossible = False
        pending = list(reversed(located))
        while pending:
            pointer, node = pending.pop()
            self.impossible |= node is False
            if pointer in self.nodes or not isinstance(node, dict):
                continue
            self.nodes[pointer] = node
            parts = [(f"{pointer}/allOf/{index}", part) for index, part in enumerate(node.get("allOf", []))]
            pending.extend(reversed(parts))
            if isinstance(node.get("$ref"), str):
                pending.append(document.target(node["$ref"]))

    @property
    def key(self) -> tuple[str, ...]:
        """Identify the schema within its document; schemas that permit everything are the same."""
        restricting = sorted(at for at, node in self.nodes.items() if any(keywords_of(node)))
        return (self.site, *restricting) if restricting or self.impossible else ()

    @property
    def is_open(self) -> bool:
        """True if every value is valid."""
        return not self.impossible and not any(keywords_of(node) for node in self.nodes.values())

    def all(self, keyword: str) -> list[tuple[str, Json]]:
        """Return each value of a keyword with its pointer."""
        return [(f"{at}/{escape(keyword)}", node[keyword]) for at, node in self.nodes.items() if keyword in node]

    def place(self, keyword: str) -> str | None:
        """Return the pointer of the first occurrence of a keyword in the document."""
        return next((at for at, _ in self.all(keyword) if "#" not in at), None)

    def has(self, place: str) -> bool:
        """Return whether a pointer leads into one of the nodes."""
        return place.rpartition("/")[0] in self.nodes

    def sub(self, keyword: str) -> Schema:
        """Return the schema under a keyword; every value is valid if the keyword is absent."""
        return self._of(f"{self.site}/{escape(keyword)}", self.all(keyword))

    def member(self, name: str) -> Schema:
        """Return the schema of one property, which may be declared by its name, by a pattern, or for all others."""
        located: list[tuple[str, Json]] = []
        for at, node in self.nodes.items():
            matching = [(f"{at}/properties/{escape(name)}", node.get("properties", {}).get(name, True))]
            for pattern, part in node.get("patternProperties", {}).items():
                if matches(pattern, name):
                    matching.append((f"{at}/patternProperties/{escape(pattern)}", part))
            if name not in node.get("properties", {}) and len(matching) == 1 and "additionalProperties" in node:
                matching.append((f"{at}/additionalProperties", node["additionalProperties"]))
            located += [(pointer, part) for pointer, part in matching if part is not True]
        if not located and not self.declared(name):
            located = self.all("unevaluatedProperties")
        return self._of(self.declared(name) or f"{self.site}/properties/{escape(name)}", located)

    def declared(self, name: str) -> str | None:
        """Return the pointer of a property that is declared by its name."""
        found = (at for at, node in self.nodes.items() if name in node.get("properties", {}))
        return next((f"{at}/properties/{escape(name)}" for at in found), None)

    def entry(self, keyword: str, name: str) -> Schema:
        """Return the schema of one entry of a keyword that maps names to schemas."""
        located = [(f"{at}/{escape(name)}", value[name]) for at, value in self.all(keyword) if name in value]
        return self._of(f"{self.site}/{keyword}/{escape(name)}", located)

    def item(self, index: int) -> Schema:
        """Return the schema of one item of an array."""
        located = []
        for at, node in self.nodes.items():
            first = node.get("prefixItems", [])
            if index < len(first):
                located.append((f"{at}/prefixItems/{index}", first[index]))
            elif "items" in node:
                located.append((f"{at}/items", node["items"]))
        return self._of(f"{self.site}/prefixItems/{index}", located)

    def _of(self, site: str, located: list[tuple[str, Json]]) -> Schema:
        return Schema(self.document, located[0][0] if located else site, *located)

    def properties(self, direction: Direction) -> list[str]:
        """Return the properties that are sent in a direction."""
        hidden = "readOnly" if direction is Direction.REQUEST else "writeOnly"
        names = dict.fromkeys(name for _, value in self.all("properties") for name in value)
        return [name for name in names if not any(value is True for _, value in self.member(name).all(hidden))]

    def required(self, direction: Direction) -> set[str]:
        """Return the properties that are required in a direction."""
        names = {name for _, value in self.all("required") for name in value}
        return names - ({name for _, value in self.all("properties") for name in value} - {*self.properties(direction)})

    def types(self) -> frozenset[str]:
        """Return the types of the valid values; ``number`` is either ``integer`` or ``fraction``."""
        found = ALL_TYPES
        for _, value in self.all("type"):
            listed = value if isinstance(value, list) else [value]
            found &= frozenset[str]().union(*(TYPES.get(name, set()) for name in listed))
        values = self.values()
        return found if values is None else found & {type_of(value) for value in values.values()}

    def values(self) -> dict[str, Json] | None:
        """Return the listed values by a text that identifies them; None if the values are not listed."""
        lists = [value for _, value in self.all("enum")] + [[value] for _, value in self.all("const")]
        found: dict[str, Json] | None = None
        for listed in lists:
            values = {canonical(value): value for value in listed}
            found = values if found is None else {key: value for key, value in found.items() if key in values}
        return found

    def bounds(self, integers: bool) -> tuple[Bound, Bound]:
        """Return the smallest and the largest number, each with 1 or -1 if it is not itself included, 0 otherwise."""
        low = [(value, 0) for _, value in self.all("minimum")] + [
            (value, 1) for _, value in self.all("exclusiveMinimum")
        ]
        high = [(value, 0) for _, value in self.all("maximum")]
        high += [(value, -1) for _, value in self.all("exclusiveMaximum")]
        if integers:
            low = [(floor(value) + 1 if outside else ceil(value), 0) for value, outside in low]
            high = [(ceil(value) - 1 if outside else floor(value), 0) for value, outside in high]
        return max([(-UNBOUNDED, 0), *low]), min([(UNBOUNDED, 0), *high])

    def unions(self) -> list[Union]:
        """Return the lists of alternatives."""
        return [
            Union(at, keyword, [self._of(f"{at}/{i}", [(f"{at}/{i}", part)]) for i, part in enumerate(parts)])
            for keyword in ("oneOf", "anyOf")
            for at, parts in self.all(keyword)
        ]

    def is_union(self) -> bool:
        """Return whether the schema is one list of alternatives and nothing else."""
        own = {keyword for node in self.nodes.values() for keyword in keywords_of(node)}
        return not self.impossible and len(self.unions()) == 1 and own <= UNION_KEYWORDS

    def alternatives(self) -> list[Schema]:
        """Return the alternatives, those of nested lists included; null is an alternative of its own."""
        found: list[Schema] = []
        seen: set[tuple[str, ...]] = set()
        pending = [self]
        while pending:
            schema = pending.pop()
            if schema.is_union():
                if schema.key not in seen:
                    seen.add(schema.key)
                    pending.extend(reversed(schema.unions()[0].alternatives))
            elif "null" in (types := schema.types()) and types != {"null"} and schema.all("type"):
                rest = sorted(
                    name for name in types - {"null", "fraction"} if name != "integer" or "fraction" not in types
                )
                rest += ["number"] * ("fraction" in types)
                found += [schema.limited(rest), schema.limited(["null"])]
            else:
                found.append(schema)
        return found

    def limited(self, types: list[str]) -> Schema:
        """Return the schema with fewer types."""
        return self._of(self.site, [*self.nodes.items(), (f"{self.site}#{'+'.join(types)}", {"type": types})])

    def tags(self) -> dict[str, str]:
        """Return the required properties that have one value each, which tell an alternative from the others."""
        tags = {}
        for name in sorted(self.required(Direction.RESPONSE)):
            values = self.member(name).values() if self.declared(name) else None
            if values and len(values) == 1:
                tags[name] = next(iter(values))
        return tags

    def excludes(self, other: Schema) -> bool:
        """Return whether no value is valid for both schemas, as far as types, listed values and tags tell."""
        common = self.types() & other.types()
        values, others = self.values(), other.values()
        if not common or (values is not None and others is not None and not values.keys() & others.keys()):
            return True
        tags, theirs = self.tags(), other.tags()
        return common == {"object"} and any(theirs.get(name, value) != value for name, value in tags.items())

    def component(self) -> str | None:
        """Return the pointer of the component that the schema refers to, if any."""
        return next((at for at in self.nodes if at.startswith("/components/") and at.count("/") == 3), None)

    def label(self) -> str:
        """Return a name of the schema for messages."""
        component = self.component()
        return self.document.name(component) if component else type_names(self.types())


def keywords_of(node: dict[str, Json]) -> Iterator[str]:
    """Yield the keywords that say something about values, other than those that a schema follows."""
    return (name for name in node if name not in TEXTS and name not in ("$ref", "allOf") and not name.startswith("x-"))


def matches(pattern: str, name: str) -> bool:
    """Return whether a pattern is found in a name; false for a pattern that Python cannot read."""
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False


def type_of(value: Json) -> str:
    """Return the type of a value, as in `Schema.types`."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if value == int(value) else "fraction"
    kinds = {type(None): "null", str: "string", list: "array", dict: "object"}
    return kinds[type(value)]


def type_names(types: frozenset[str]) -> str:
    """Return types as words."""
    if types == ALL_TYPES:
        return "any type"
    names = sorted(types - {"fraction"} if "fraction" not in types else types - {"fraction", "integer"} | {"number"})
    return " or ".join(names) or "no type"
