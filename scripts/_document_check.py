"""Problems of an OpenAPI document, each with its line and JSON pointer.

Most tools accept a misspelt keyword, a missing description, or an example that its schema rejects. This check reports
them before any code is generated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from math import isfinite
from operator import getitem
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import jsonschema_rs
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.schemas import schema_v31
from ruamel.yaml import YAML, MappingNode, Node, SequenceNode
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent

Pointer = tuple[str | int, ...]
Json = Any
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

MAX_DEPTH = 100
"""The largest permitted depth of a document; ours has about twenty levels."""

MAX_VALUES = 100_000
"""The largest permitted number of keys and values; our document has about three thousand."""

DATA = {"const", "default", "enum", "example", "value"}
"""Keys that contain data, in which ``$ref`` and ``schema`` have no meaning."""

NAMES = {*NAMED_SCHEMAS, "schemas", "responses", "headers", "examples"}
"""Keys that contain a map from names to objects; a key of the map, such as ``default``, is not a keyword."""


class Problem(NamedTuple):
    """A problem of the document.

    Attributes:
        pointer: The place, as a sequence of keys and indices.
        sentence: A description of the problem.
    """

    pointer: Pointer
    sentence: str


def problems(path: Path) -> list[str]:
    """Return the problems of a document, in the order of its lines.

    Args:
        path: A YAML file.

    Returns:
        Lines such as ``openapi.yaml:41: /paths/~1x/get: it has no description``; none if the document is valid.

    Raises:
        OSError: The file cannot be read.
    """

    def unreadable(line: int, reason: str) -> list[str]:
        return [f"{path.name}:{line}: (document): the file cannot be read as YAML: {' '.join(reason.split())}"]

    try:
        text = path.read_text(encoding="utf-8")
        depth = 0
        for event in YAML(typ="safe", pure=True).parse(text):
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > MAX_DEPTH:
                return unreadable(event.start_mark.line + 1, f"it is nested deeper than {MAX_DEPTH} levels")
        root = YAML(typ="safe", pure=True).compose(text)
        if _is_larger(root, MAX_VALUES):
            return unreadable(1, f"with its aliases followed it has more than {MAX_VALUES} values")
        document = YAML(typ="safe", pure=True).load(text)
    except UnicodeDecodeError as error:
        return unreadable(1, f"byte {error.start} is not UTF-8")
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return unreadable(mark.line + 1 if mark else 1, str(error.problem))
    except YAMLError as error:
        return unreadable(1, str(error))
    located = sorted({(_line(root, pointer), _spell(pointer), sentence) for pointer, sentence in find(document)})
    return [f"{path.name}:{line}: {pointer}: {sentence}" for line, pointer, sentence in located]


def find(document: Json) -> Iterator[Problem]:
    """Yield the problems of a parsed document.

    A check runs only if the earlier ones found nothing but missing descriptions, so that one mistake is reported once.
    """
    for check in (_not_json, _structure, _references, _schemas, _parameters, _descriptions, _values, _remainder):
        found = list(check(document))
        yield from found
        if found and check is not _descriptions:
            return


def _not_json(document: Json) -> Iterator[Problem]:
    """Yield keys and values of YAML that JSON does not have, because tools read them differently."""
    if not isinstance(document, dict):
        yield Problem((), "the document is not a mapping")
    for pointer, node in _walk(document, into_data=True):
        if isinstance(node, dict):
            for key in node:
                if not isinstance(key, str):
                    yield Problem((*pointer, str(key)), f"the key {key!r} is not a string; quote it")
        elif isinstance(node, float) and not isfinite(node):
            yield Problem(pointer, f"the value {node} is not JSON")
        elif not (node is None or isinstance(node, str | int | float | list)):
            yield Problem(pointer, f"the value {str(node)!r} is read as {type(node).__name__}; quote it")


def _structure(document: Json) -> Iterator[Problem]:
    for error in jsonschema_rs.Draft202012Validator(dict(schema_v31)).iter_errors(document):
        yield Problem(tuple(error.instance_path), _sentence(error))


def _references(document: Json) -> Iterator[Problem]:
    operations = {at.get("operationId") for _, at in _walk(document) if isinstance(at, dict) and "responses" in at}
    schemes = document.get("components", {}).get("securitySchemes", {})
    for pointer, node in _walk(document):
        if not isinstance(node, dict):
            continue
        if isinstance(node.get("$ref"), str) and not _target(document, node["$ref"]):
            yield Problem((*pointer, "$ref"), f"{node['$ref']!r} does not exist in the document")
        if pointer[-2:-1] == ("links",) and "operationId" in node and node["operationId"] not in operations:
            yield Problem((*pointer, "operationId"), f"the operation {node['operationId']!r} does not exist")
        for index, requirement in enumerate(node.get("security", [])):
            for name in requirement:
                if name not in schemes:
                    yield Problem((*pointer, "security", index, name), f"the security scheme {name!r} does not exist")


def _schemas(document: Json) -> Iterator[Problem]:
    meta = jsonschema_rs.Draft202012Validator(
        {"$ref": "https://json-schema.org/draft/2020-12/schema"}, validate_formats=True
    )
    for start, schema in _schema_roots(document):
        found = [Problem(start + tuple(error.instance_path), _sentence(error)) for error in meta.iter_errors(schema)]
        yield from found
        if found:
            continue
        for pointer, part in _subschemas(start, schema):
            for keyword in part.keys() - KEYWORDS:
                if not keyword.startswith("x-"):
                    yield Problem((*pointer, keyword), f"{keyword!r} is not a schema keyword of OpenAPI 3.1")
            for index, name in enumerate(part.get("required", [])):
                if name not in part.get("properties", {name: True}):
                    yield Problem((*pointer, "required", index), f"{name!r} is required, but has no schema")


def _parameters(document: Json) -> Iterator[Problem]:
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            at: Pointer = ("paths", path, method)
            named = [(one["in"], one["name"]) for one in operation.get("parameters", []) if "$ref" not in one]
            for index, one in enumerate(named):
                if one in named[:index]:
                    yield Problem((*at, "parameters", index), f"the {one[0]} parameter {one[1]!r} is listed twice")
            slots = set(re.findall(r"\{([^}]*)\}", path))
            unfilled = slots - {name for place, name in named if place == "path"}
            for name in unfilled:
                yield Problem(at, f"the path has {{{name}}}, but no such path parameter")
            for index, (place, name) in enumerate(named):
                if place == "path" and name not in slots and not unfilled:
                    yield Problem((*at, "parameters", index), f"the path does not have {{{name}}}")


def _descriptions(document: Json) -> Iterator[Problem]:
    """Yield the named parts that have no description."""
    for start, schema in _schema_roots(document):
        for pointer, part in _subschemas(start, schema):
            condition = {"if", "then", "else", "not"} & set(pointer[len(start) :])
            named = pointer[-2:-1] == ("properties",) or pointer[:-1] == ("components", "schemas")
            if named and not condition and not part.get("description"):
                yield Problem(pointer, "it has no description")
    for pointer, node in _walk(document):
        if isinstance(node, dict) and "schema" not in pointer and "schemas" not in pointer and "$ref" not in node:
            described = ("parameters", "responses", "headers", "links", "securitySchemes", "tags", "servers")
            is_operation = pointer[:1] == ("paths",) and "responses" in node
            if (is_operation or (pointer[-2:-1] and pointer[-2] in described)) and not node.get("description"):
                yield Problem(pointer, "it has no description")


def _values(document: Json) -> Iterator[Problem]:
    """Yield the defaults and examples that their schemas reject."""

    def rejected(schema: Pointer, at: Pointer, value: Json) -> Iterator[Problem]:
        validator = jsonschema_rs.Draft202012Validator({**document, "$ref": "#" + quote(_spell(schema), safe="/~")})
        for error in validator.iter_errors(value):
            yield Problem(at + tuple(error.instance_path), _sentence(error))

    for start, root in _schema_roots(document):
        for pointer, part in _subschemas(start, root):
            for index, value in enumerate(part.get("examples", [])):
                yield from rejected(pointer, (*pointer, "examples", index), value)
            if "default" in part:
                yield from rejected(pointer, (*pointer, "default"), part["default"])
    for pointer, node in _walk(document):
        if not isinstance(node, dict) or "schema" not in node or pointer[-1] in NAMES:
            continue
        if "example" in node:
            yield from rejected((*pointer, "schema"), (*pointer, "example"), node["example"])
        for name, example in node.get("examples", {}).items():
            at = (_target(document, example["$ref"]) if "$ref" in example else None) or (*pointer, "examples", name)
            target = reduce(getitem, at, document)
            if "value" in target:
                yield from rejected((*pointer, "schema"), (*at, "value"), target["value"])


def _remainder(document: Json) -> Iterator[Problem]:
    """Yield the other findings of openapi-spec-validator, most of which have no location."""
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        yield Problem((), str(error.message).partition("\n")[0])


def _walk(node: Json, at: Pointer = (), *, into_data: bool = False) -> Iterator[Place]:
    yield at, node
    if isinstance(node, dict):
        for key, child in node.items():
            data = key in DATA or (key == "examples" and isinstance(child, list))
            if into_data or not data or (at and at[-1] in NAMES):
                yield from _walk(child, (*at, key), into_data=into_data)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _walk(child, (*at, index), into_data=into_data)


def _schema_roots(document: Json) -> Iterator[Place]:
    for pointer, node in _walk(document):
        component = pointer[:2] == ("components", "schemas")
        if (component and len(pointer) == 3) or (not component and pointer[-1:] == ("schema",)):
            yield pointer, node


def _subschemas(at: Pointer, schema: Json) -> Iterator[Place]:
    if isinstance(schema, dict):
        yield at, schema
        for keyword in ONE_SCHEMA:
            yield from _subschemas((*at, keyword), schema.get(keyword))
        for keyword in MANY_SCHEMAS:
            for index, part in enumerate(schema.get(keyword, [])):
                yield from _subschemas((*at, keyword, index), part)
        for keyword in NAMED_SCHEMAS:
            for name, part in schema.get(keyword, {}).items():
                yield from _subschemas((*at, keyword, name), part)


def _target(document: Json, reference: str) -> Pointer | None:
    """Return the target of a reference; None if it does not exist."""
    pointer = tuple(token.replace("~1", "/").replace("~0", "~") for token in reference.split("/")[1:])
    node = document
    for key in pointer:
        if not isinstance(node, dict) or key not in node:
            return None
        node = node[key]
    return pointer if reference.startswith("#/") else None


def _spell(pointer: Pointer) -> str:
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in pointer) or "(document)"


def _is_larger(root: Node | None, limit: int) -> bool:
    """Return whether a node has more values than the limit, with aliases followed; recursive aliases are infinite."""
    pending = [root] if root else []
    count = 0
    while pending and count <= limit:
        node = pending.pop()
        count += 1
        if isinstance(node, MappingNode):
            pending.extend(part for pair in node.value for part in pair)
        elif isinstance(node, SequenceNode):
            pending.extend(node.value)
    return count > limit


def _line(node: Node | None, pointer: Pointer) -> int:
    """Return the line of a place, counted from 1, or of its nearest ancestor that is in the file."""
    line: int = node.start_mark.line if node else 0  # an empty file has no node
    for token in pointer:
        if isinstance(node, MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(token)]
        elif isinstance(node, SequenceNode) and isinstance(token, int) and token < len(node.value):
            found = [(node.value[token], node.value[token])]
        else:
            found = []
        if not found:
            break
        key, node = found[0]
        line = key.start_mark.line
    return line + 1


def _sentence(error: jsonschema_rs.ValidationError) -> str:
    """Return the message of a validator, shortened because the value may be the whole document."""
    return error.message if len(error.message) <= 200 else f"...{error.message[-160:]}"
