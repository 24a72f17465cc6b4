"""Requests and responses: a read-only key is not required in a request, and a write-only key not in a response."""

from __future__ import annotations

from functools import reduce
from operator import getitem

from _document.openapi import paths_of
from _document.references import target
from _document.source import Json
from _simplify.places import Places, objects_below

FLAGS = ("readOnly", "writeOnly")


def directions(places: Places) -> tuple[set[str], set[str]]:
    """Return the components that differ between requests and responses, and those that only requests use."""
    sent: set[str] = set()
    received: set[str] = set()
    for _, item in paths_of(places.raw):
        for operation in places.referred(item).values():
            if isinstance(operation, dict):
                _reach(places.raw, operation.get("requestBody"), sent)
                _reach(places.raw, operation.get("responses"), received)
    flagged = {name for name in sent if _is_flagged(places, name)}
    return flagged & received, sent - received


def is_optional(places: Places, schema: Json, sent: bool) -> bool:
    """Return whether a required key may be missing, because of its direction."""
    return bool(places.annotation(schema, "readOnly" if sent else "writeOnly", into_classes=True))


def _reach(raw: Json, node: Json, found: set[str]) -> None:
    """Add the components that a node refers to, directly or through others."""
    pending, done = [node], set()
    while pending:
        at = pending.pop()
        if id(at) in done:
            continue
        done.add(id(at))
        if isinstance(at, list):
            pending += at
        elif isinstance(at, dict):
            pending += at.values()
            references = [at.get("$ref"), *(at["mapping"].values() if isinstance(at.get("mapping"), dict) else ())]
            for reference in references:
                pointer = target(raw, reference) if isinstance(reference, str) else None
                if pointer:
                    pending.append(reduce(getitem, pointer, raw))
                    if pointer[:2] == ("components", "schemas") and len(pointer) > 2:
                        found.add(str(pointer[2]))


def _is_flagged(places: Places, name: str) -> bool:
    """Return whether a component contains a required key that is read-only or write-only."""
    names = {name}
    _reach(places.raw, places.components[name], names)
    for part in (part for each in names for part in objects_below(places.components[each])):
        properties = part.get("properties")
        required = part.get("required")
        if isinstance(properties, dict) and isinstance(required, list):
            for key in required:
                if any(places.annotation(properties.get(key), flag, into_classes=True) for flag in FLAGS):
                    return True
    return False
