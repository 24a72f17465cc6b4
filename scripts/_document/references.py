"""JSON pointers, and what references of a document lead to."""

from __future__ import annotations

from functools import reduce
from operator import getitem
from urllib.parse import unquote

from _document.source import Json, Pointer


def escape(key: object) -> str:
    """Return a key as a token of a JSON pointer."""
    return str(key).replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    """Return the key that a token of a JSON pointer stands for."""
    return token.replace("~1", "/").replace("~0", "~")


def spell(pointer: Pointer) -> str:
    """Return a pointer as text; that of the document in words."""
    return "".join(f"/{escape(token)}" for token in pointer) or "(document)"


def target(document: Json, reference: str) -> Pointer | None:
    """Return the target of a reference; None if it does not exist."""
    return lookup(document, unquote(reference[1:])) if reference.startswith("#/") else None


def lookup(document: Json, text: str) -> Pointer | None:
    """Return the keys and indices of a JSON pointer; None if nothing is there."""
    node = document
    pointer: list[str | int] = []
    for token in text.split("/")[1:]:
        key: str | int = unescape(token)
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
