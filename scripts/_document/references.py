"""JSON pointers, and what references of a document lead to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import getitem
from urllib.parse import unquote

from _document.source import Json, Pointer

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def paths_of(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield the paths of a document with their items; other keys are extensions."""
    yield from ((path, item) for path, item in (document.get("paths") or {}).items() if path.startswith("/"))


def target(document: Json, reference: str) -> Pointer | None:
    """Return the target of a reference; None if it does not exist."""
    if not reference.startswith("#/"):
        return None
    node = document
    pointer: list[str | int] = []
    for token in unquote(reference[2:]).split("/"):
        key: str | int = token.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list) and token.isdecimal() and int(token) < len(node):
            key = int(token)
        elif not isinstance(node, dict) or key not in node:
            return None
        node = node[key]
        pointer.append(key)
    return tuple(pointer)


def resolved(document: Json, node: Json, at: Pointer) -> tuple[Json, Pointer]:
    """Follow the references of a part, such as a parameter, and return it with its pointer.

    A part that refers to itself is returned without content.
    """
    seen = set()
    while isinstance(node, dict) and isinstance(node.get("$ref"), str):
        found = target(document, node["$ref"])
        if found is None or found in seen:
            return {}, at
        seen.add(found)
        at, node = found, reduce(getitem, found, document)
    return (node if isinstance(node, dict) else {}), at
