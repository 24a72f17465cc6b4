"""Values that a sample sends, which its server must accept.

Each is taken from the document: an example first, then a default, then the first value that the schema allows.
"""

from __future__ import annotations

from functools import reduce
from operator import getitem

from _document.references import target
from _document.source import Json

MAX_DEPTH = 6
"""The maximum depth of a generated body, because a schema may contain itself."""

FORMATS = {
    "date": "2024-04-12",
    "date-time": "2024-04-12T00:00:00Z",
    "email": "user@example.com",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def resolve(raw: Json, node: Json) -> Json:
    """Follow the references of a node; keys beside ``$ref`` replace those of what it refers to."""
    beside: dict[str, Json] = {}
    while isinstance(node, dict) and "$ref" in node:
        beside = {**{key: value for key, value in node.items() if key != "$ref"}, **beside}
        node = reduce(getitem, target(raw, node["$ref"]) or (), raw)
    return {**node, **beside} if beside else node


def flatten(raw: Json, schema: Json) -> Json:
    """Resolve a schema and merge the parts of its ``allOf`` into it."""
    schema = resolve(raw, schema)
    if not isinstance(schema, dict) or "allOf" not in schema:
        return schema if isinstance(schema, dict) else {}
    merged: dict[str, Json] = {}
    for part in (*schema["allOf"], {key: value for key, value in schema.items() if key != "allOf"}):
        part = flatten(raw, part)
        both = {
            "properties": {**merged.get("properties", {}), **part.get("properties", {})},
            "required": [*merged.get("required", []), *part.get("required", [])],
        }
        merged |= part | {key: value for key, value in both.items() if value}
    return merged


def given_example(raw: Json, node: Json) -> Json:
    """Return the value that a parameter or media type gives as an example or default; None without one."""
    if "example" in node:
        return node["example"]
    for example in node.get("examples", {}).values():
        if "value" in (found := resolve(raw, example)):
            return found["value"]
    schema = flatten(raw, node.get("schema", {}))
    return next(iter(schema.get("examples", [])), schema.get("example", schema.get("default")))


def example_of(raw: Json, node: Json) -> Json:
    """Return the example of a parameter or media type; one that its schema allows if none is given."""
    given = given_example(raw, node)
    return generated_value(raw, node.get("schema", {})) if given is None else given


def generated_value(raw: Json, schema: Json, depth: int = 0) -> Json:
    """Return a value that a schema allows: an example, its constant, or the smallest value that its keywords allow."""
    schema = flatten(raw, schema) if depth <= MAX_DEPTH else {"type": "null"}
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("example", "const", "default"):
        if key in schema:
            return schema[key]
    for key in ("oneOf", "anyOf"):
        options = [option for option in schema.get(key, []) if flatten(raw, option).get("type") != "null"]
        if options:
            return generated_value(raw, options[0], depth + 1)
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kind = kinds if isinstance(kinds, str) else next((name for name in kinds if name != "null"), "null")
    if kind == "object":
        properties = schema.get("properties", {})
        return {
            name: generated_value(raw, properties[name], depth + 1)
            for name in schema.get("required", [])
            if name in properties
        }
    if kind == "array":
        return [generated_value(raw, schema.get("items", {}), depth + 1)]
    if kind in ("integer", "number"):
        return schema.get("minimum", min(1, schema.get("maximum", 1)))
    if kind == "string":
        text = FORMATS.get(schema.get("format", ""), "string")
        return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
    return {"boolean": True}.get(kind)
