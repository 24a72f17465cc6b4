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
from urllib.parse import quote

import jsonschema_rs
from openapi_spec_validator import OpenAPIV31SpecValidator

from _document.messages import message, nearest
from _document.openapi import METHODS, paths_of
from _document.parts import KEYWORDS, MANY_SCHEMAS, NAMES, schema_roots, subschemas, walk
from _document.problems import Problem, located
from _document.references import resolved, spell, target
from _document.source import Json, Pointer, SourceError, read
from _document.structure import structure
from _document.targets import dangling, misleading


def problems(path: Path) -> list[str]:
    """Return the problems of this project's document, in the order of its lines.

    Args:
        path: A YAML file.

    Returns:
        Lines such as ``openapi.yaml:41: /info: the key 'title' is missing; add it``; none if the document is valid.
    """
    try:
        source = read(path)
    except SourceError as error:
        return [f"{path.name}:{error.line or 1}: (document): {error}"]
    return located(source, find(source.raw, project_rules=True))


def find(document: Json, *, project_rules: bool = True) -> Iterator[Problem]:
    """Yield the problems of a parsed document.

    A check runs only if the earlier ones found nothing but missing descriptions, so that one mistake is reported once.

    Args:
        document: The parsed document.
        project_rules: Require what only this project's document must have: descriptions, valid examples and defaults,
            and a schema for each required key.
    """
    for check in (_not_json, _version, _structure, dangling, _schemas, misleading, _operations):
        found = list(check(document))
        yield from found
        if found:
            return
    if project_rules:
        for check in (_required, _descriptions, _values, _remainder):
            found = list(check(document))
            yield from found
            if found and check is not _descriptions:
                return


def _not_json(document: Json) -> Iterator[Problem]:
    """Yield keys and values of YAML that JSON does not have, because tools read them differently."""
    if document is None:
        yield Problem((), "the document is empty; write an OpenAPI document")
        return
    if not isinstance(document, dict):
        yield Problem((), "the document is not a mapping; write an OpenAPI document")
    for pointer, node in walk(document, into_data=True):
        if isinstance(node, dict):
            for key in node:
                if not isinstance(key, str):
                    yield Problem((*pointer, str(key)), f"the key {key!r} is not a string; quote it")
                elif _has_surrogate(key):
                    yield Problem(pointer, f"the key {key!a} is not valid Unicode; remove its surrogate")
        elif isinstance(node, float) and not isfinite(node):
            yield Problem(pointer, f"the value {node} is not JSON; write a finite number")
        elif isinstance(node, str) and _has_surrogate(node):
            yield Problem(pointer, f"the text {node!a} is not valid Unicode; remove its surrogate")
        elif not (node is None or isinstance(node, str | int | float | list)):
            yield Problem(pointer, f"the value {str(node)!r} is read as {type(node).__name__}; quote it")


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def _version(document: Json) -> Iterator[Problem]:
    """Yield the version if it is not 3.1, because every other version has other schemas."""
    version = document.get("openapi")
    if "swagger" in document:
        yield Problem(("swagger",), f"the version is {document['swagger']!r}; convert the document to OpenAPI 3.1")
    elif version is None:
        yield Problem((), "it has no version; add 'openapi: 3.1.0' if it is an OpenAPI document")
    elif isinstance(version, str) and not re.match(r"3\.1\.\d+", version):
        hint = "; for example, replace 'nullable: true' by adding the type 'null'" if version.startswith("3.0") else ""
        yield Problem(("openapi",), f"the version is {version!r}; convert the document to OpenAPI 3.1{hint}")
    elif not {"paths", "components", "webhooks"} & document.keys():
        yield Problem((), "it has neither paths nor components; add 'paths'")


def _structure(document: Json) -> Iterator[Problem]:
    for pointer, fault, remedy in structure(document):
        yield Problem(pointer, f"{fault}; {remedy}")


def _schemas(document: Json) -> Iterator[Problem]:
    meta = jsonschema_rs.Draft202012Validator(
        {"$ref": "https://json-schema.org/draft/2020-12/schema"}, validate_formats=True
    )
    for start, schema in schema_roots(document):
        found = dict.fromkeys(map(message, meta.iter_errors(schema)))
        yield from (Problem(start + pointer, f"{fault}; {remedy}") for pointer, fault, remedy in found)
        if found:
            continue
        for pointer, part in [(start, {"schema": schema}), *subschemas(start, schema)]:
            never: list[Pointer] = [(keyword,) for keyword in ("schema", "items") if part.get(keyword) is False]
            never += [(key, n) for key in MANY_SCHEMAS for n, each in enumerate(part.get(key, [])) if each is False]
            yield from (Problem((*pointer, *at), "a schema that is false permits no value; remove it") for at in never)
        for pointer, part in subschemas(start, schema):
            if "discriminator" in part and not _is_discriminator(part["discriminator"]):
                yield Problem(
                    (*pointer, "discriminator"), "it needs a 'propertyName', and strings in its 'mapping'; add them"
                )
            for keyword in part.keys() - KEYWORDS:
                if keyword == "nullable":
                    yield Problem((*pointer, keyword), "'nullable' is of OpenAPI 3.0; add 'null' to the types instead")
                elif not keyword.startswith("x-"):
                    yield Problem(
                        (*pointer, keyword), f"{keyword!r} is not a schema keyword of OpenAPI 3.1; correct or remove it"
                    )


def _is_discriminator(node: Json) -> bool:
    mapping = node.get("mapping", {}) if isinstance(node, dict) else None
    texts = [node.get("propertyName"), *mapping.values()] if isinstance(mapping, dict) else [None]
    return all(isinstance(text, str) for text in texts)


def _operations(document: Json) -> Iterator[Problem]:
    """Yield operations with the id of another, and parameters that do not fit their path."""
    ids: dict[str, str] = {}
    for path, item in paths_of(document):
        start: Pointer = ("paths", path)
        item, start = resolved(document, item, start)
        for method, operation in item.items():
            if method not in METHODS:
                continue
            at = (*start, method)
            name = operation.get("operationId")
            if name in ids:
                yield Problem((*at, "operationId"), f"{name!r} is the id of {ids[name]} too; choose another id")
            if name is not None:
                ids[name] = f"{method.upper()} {path}"
            yield from _parameters(document, path, at, operation, item.get("parameters", []))


def _parameters(document: Json, path: str, at: Pointer, operation: Json, shared: Json) -> Iterator[Problem]:
    def named(parameters: Json) -> list[tuple[str, str]]:
        found = (resolved(document, one, ())[0] for one in parameters)
        return [(one.get("in", ""), one.get("name", "")) for one in found]

    own = named(operation.get("parameters", []))
    slots = re.findall(r"\{([^}]*)\}", path)
    unfilled = {*slots} - {name for place, name in [*own, *named(shared)] if place == "path"}
    for name in sorted(unfilled):
        yield Problem(at, f"the path has {{{name}}}, but no such path parameter; add it")
    for name in sorted({name for name in slots if slots.count(name) > 1}):
        yield Problem(at, f"the path has {{{name}}} twice; give each place a name of its own")
    for index, (place, name) in enumerate(own):
        if (place, name) in own[:index]:
            yield Problem(
                (*at, "parameters", index), f"the {place} parameter {name!r} is listed twice; remove one of them"
            )
        if place == "path" and name not in slots and not unfilled:
            yield Problem(
                (*at, "parameters", index), f"the path does not have {{{name}}}; add it, or remove the parameter"
            )


def _required(document: Json) -> Iterator[Problem]:
    """Yield the required keys without a schema, which may be misspelt."""
    for start, schema in schema_roots(document):
        for pointer, part in subschemas(start, schema):
            for index, name in enumerate(part.get("required", [])):
                known = part.get("properties", {name: True})
                if name not in known:
                    step = nearest(name, known, "add it to 'properties'")
                    yield Problem((*pointer, "required", index), f"{name!r} is required, but has no schema; {step}")


def _descriptions(document: Json) -> Iterator[Problem]:
    """Yield the named parts that have no description."""
    for start, schema in schema_roots(document):
        for pointer, part in subschemas(start, schema):
            condition = {"if", "then", "else", "not"} & set(pointer[len(start) :])
            named = pointer[-2:-1] == ("properties",) or pointer[:-1] == ("components", "schemas")
            if named and not condition and not part.get("description"):
                yield Problem(pointer, "it has no description; add one")
    for pointer, node in walk(document):
        if isinstance(node, dict) and "schema" not in pointer and "schemas" not in pointer and "$ref" not in node:
            described = ("parameters", "responses", "headers", "links", "securitySchemes", "tags", "servers")
            is_operation = pointer[:1] == ("paths",) and "responses" in node
            if (is_operation or (pointer[-2:-1] and pointer[-2] in described)) and not node.get("description"):
                yield Problem(pointer, "it has no description; add one")


def _values(document: Json) -> Iterator[Problem]:
    """Yield the defaults and examples that their schemas reject."""

    def rejected(schema: Pointer, at: Pointer, value: Json) -> Iterator[Problem]:
        validator = jsonschema_rs.Draft202012Validator({**document, "$ref": "#" + quote(spell(schema), safe="/~")})
        for pointer, fault, _ in map(message, validator.iter_errors(value)):
            yield Problem(at + pointer, f"{fault}; correct the value or its schema")

    for start, root in schema_roots(document):
        for pointer, part in subschemas(start, root):
            for index, value in enumerate(part.get("examples", [])):
                yield from rejected(pointer, (*pointer, "examples", index), value)
            if "default" in part:
                yield from rejected(pointer, (*pointer, "default"), part["default"])
    for pointer, node in walk(document):
        if not isinstance(node, dict) or "schema" not in node or pointer[-1] in NAMES:
            continue
        if "example" in node:
            yield from rejected((*pointer, "schema"), (*pointer, "example"), node["example"])
        for name, example in node.get("examples", {}).items():
            at = (target(document, example["$ref"]) if "$ref" in example else None) or (*pointer, "examples", name)
            found = reduce(getitem, at, document)
            if "value" in found:
                yield from rejected((*pointer, "schema"), (*at, "value"), found["value"])


def _remainder(document: Json) -> Iterator[Problem]:
    """Yield the other findings of openapi-spec-validator, most of which have no location."""
    # Without the extensions among the paths, whose content the validator would read as path items.
    paths = {"paths": dict(paths_of(document))} if "paths" in document else {}
    for error in OpenAPIV31SpecValidator({**document, **paths}).iter_errors():
        yield Problem((), f"{str(error.message).partition(chr(10))[0]}; correct it")
