"""References of a document that lead nowhere, or to an object of another kind."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import getitem

from _document.messages import nearest
from _document.openapi import METHODS
from _document.parts import KEYWORDS, schema_roots, subschemas, walk
from _document.problems import Problem
from _document.references import resolved, spell, target
from _document.source import Json, Pointer
from _document.structure import structure


def dangling(document: Json) -> Iterator[Problem]:
    """Yield the references, and the names of operations and security schemes, that nothing in the document has."""
    ids = [node.get("operationId") for at, node in walk(document) if at[-1:] and at[-1] in METHODS and _is_map(node)]
    operations = {name for name in ids if isinstance(name, str)}
    schemes = document.get("components", {}).get("securitySchemes", {})
    for pointer, node in walk(document):
        if not isinstance(node, dict):
            continue
        if isinstance(node.get("$ref"), str) and not target(document, node["$ref"]):
            yield Problem((*pointer, "$ref"), _dangling(document, node["$ref"]))
        name = node.get("operationId") if pointer[-2:-1] == ("links",) else None
        if isinstance(name, str) and name not in operations:
            step = nearest(name, operations, "correct the id")
            yield Problem((*pointer, "operationId"), f"the operation {name!r} does not exist; {step}")
        if (not pointer or pointer[-1] in METHODS) and isinstance(node.get("security"), list):
            for index, requirement in enumerate(filter(_is_map, node["security"])):
                for name in sorted(requirement.keys() - schemes.keys()):
                    step = nearest(name, schemes, "add it to 'components/securitySchemes'")
                    yield Problem(
                        (*pointer, "security", index, name), f"the security scheme {name!r} does not exist; {step}"
                    )


def misleading(document: Json) -> Iterator[Problem]:
    """Yield the references that lead to an object of another kind, such as from a parameter to a schema."""
    roots = {pointer for pointer, _ in schema_roots(document)}
    schemas = {place for root, schema in schema_roots(document) for place, _ in subschemas(root, schema)}
    targets: dict[Pointer, Json] = {}
    for pointer, node in walk(document):
        if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
            continue
        found = target(document, node["$ref"]) or ()
        value = reduce(getitem, found, document)
        if pointer in schemas:
            if found not in schemas and found not in roots and not _is_schema(value):
                yield Problem(
                    (*pointer, "$ref"),
                    f"{node['$ref']!r} does not lead to a schema; refer to one, such as in 'components/schemas'",
                )
        elif part := resolved(document, node, pointer)[0] if isinstance(value, dict) else [value]:
            targets[pointer] = part
    wrong = (pointer for message in structure(_replaced(document, targets)) for pointer in _starts(message.pointer))
    for pointer in dict.fromkeys(pointer for pointer in wrong if pointer in targets):
        reference = reduce(getitem, pointer, document)["$ref"]
        yield Problem(
            (*pointer, "$ref"), f"{reference!r} leads to an object of another kind; refer to one that fits here"
        )


def _is_map(node: Json) -> bool:
    return isinstance(node, dict)


def _is_schema(node: Json) -> bool:
    keys = node.keys() - KEYWORDS if isinstance(node, dict) else set()
    return isinstance(node, dict | bool) and all(key.startswith("x-") for key in keys)


def _replaced(node: Json, parts: dict[Pointer, Json], at: Pointer = ()) -> Json:
    """Return a part of the document with other parts in the places of some."""
    if at in parts:
        return parts[at]
    if isinstance(node, dict):
        return {key: _replaced(child, parts, (*at, key)) for key, child in node.items()}
    return [_replaced(child, parts, (*at, n)) for n, child in enumerate(node)] if isinstance(node, list) else node


def _starts(pointer: Pointer) -> Iterator[Pointer]:
    """Yield the pointers of the parts that contain a place, and the place itself."""
    yield from (pointer[:length] for length in range(len(pointer) + 1))


def _dangling(document: Json, reference: str) -> str:
    """Describe a reference that has no target."""
    if not reference.startswith("#"):
        return f"{reference!r} is in another file; put it into this document"
    if not reference.startswith("#/"):
        return f"{reference!r} is not a JSON pointer; write it as '#/components/...'"
    step = nearest(reference, [f"#{spell(at)}" for at, _ in walk(document) if len(at) == 3], "add it")
    return f"{reference!r} does not exist in the document; {step}"
