"""The parts of a document: all nodes, and the schemas among them, each with its JSON pointer."""

from __future__ import annotations

from collections.abc import Iterator

from _document.source import Json, Pointer

Place = tuple[Pointer, Json]

ONE_SCHEMA = (
    *("items", "contains", "unevaluatedItems", "additionalProperties", "propertyNames", "unevaluatedProperties"),
    *("not", "if", "then", "else", "contentSchema"),
)
MANY_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
NAMED_SCHEMAS = ("properties", "patternProperties", "dependentSchemas", "$defs")
KEYWORDS = {
    *(*ONE_SCHEMA, *MANY_SCHEMAS, *NAMED_SCHEMAS),
    *("$id", "$schema", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "$comment"),
    *("type", "enum", "const", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"),
    *("minItems", "maxItems", "uniqueItems", "minContains", "maxContains"),
    *("required", "minProperties", "maxProperties", "dependentRequired"),
    *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
    *("discriminator", "xml", "externalDocs", "example"),
}
"""The keywords of a schema in OpenAPI 3.1. Validators ignore a misspelt one."""

DATA = {"const", "default", "enum", "example", "value"}
"""Keys that contain data, in which ``$ref`` and ``schema`` have no meaning, as in extensions."""

NAMES = {*NAMED_SCHEMAS, "schemas", "responses", "headers", "examples"}
"""Keys that contain a map from names to objects; a key of the map, such as ``default``, is not a keyword."""


def walk(node: Json, at: Pointer = (), *, into_data: bool = False) -> Iterator[Place]:
    """Yield all nodes below a node, and the node itself.

    Args:
        node: The node.
        at: Its pointer.
        into_data: Include what is inside data, such as examples.
    """
    yield at, node
    if isinstance(node, dict):
        for key, child in node.items():
            data = key in DATA or str(key).startswith("x-") or (key == "examples" and isinstance(child, list))
            if into_data or not data or (at and at[-1] in NAMES):
                yield from walk(child, (*at, key), into_data=into_data)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from walk(child, (*at, index), into_data=into_data)


def schema_roots(document: Json) -> Iterator[Place]:
    """Yield the schemas that are not part of another."""
    for pointer, node in walk(document):
        component = pointer[:2] == ("components", "schemas")
        if (component and len(pointer) == 3) or (not component and pointer[-1:] == ("schema",)):
            yield pointer, node


def subschemas(at: Pointer, schema: Json) -> Iterator[Place]:
    """Yield a schema and all schemas in it, except those that are true or false."""
    if isinstance(schema, dict):
        yield at, schema
        for keyword in ONE_SCHEMA:
            yield from subschemas((*at, keyword), schema.get(keyword))
        for keyword in MANY_SCHEMAS:
            for index, part in enumerate(schema.get(keyword, [])):
                yield from subschemas((*at, keyword, index), part)
        for keyword in NAMED_SCHEMAS:
            for name, part in schema.get(keyword, {}).items():
                yield from subschemas((*at, keyword, name), part)
