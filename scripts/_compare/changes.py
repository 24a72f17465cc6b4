"""Changes of a document, and the documents that they are found in."""

from __future__ import annotations

import json
from enum import Enum
from functools import reduce
from operator import getitem
from typing import NamedTuple
from urllib.parse import unquote

from _document.references import escape, lookup, unescape
from _document.source import Json


class Direction(Enum):
    """The direction in which a value is sent."""

    REQUEST = "request"
    RESPONSE = "response"

    @property
    def opposite(self) -> Direction:
        """The other direction."""
        return Direction.RESPONSE if self is Direction.REQUEST else Direction.REQUEST


class Change(NamedTuple):
    """One change of the document.

    Attributes:
        pointer: The JSON pointer of the place, in the old document if it was removed there.
        name: The component or the operation with the changed part, such as ``Run.status`` or ``listRuns.limit``.
        text: A description of the change.
        callers: Whether it breaks callers.
        servers: Whether it breaks servers.
    """

    pointer: str
    name: str
    text: str
    callers: bool = False
    servers: bool = False

    @property
    def breaking(self) -> bool:
        """True if the change breaks callers or servers."""
        return self.callers or self.servers

    def swapped(self) -> Change:
        """Return the same change with the roles of callers and servers exchanged, as in a webhook."""
        return self._replace(callers=self.servers, servers=self.callers)


class Document:
    """A parsed OpenAPI document in which every reference has a target."""

    def __init__(self, raw: dict[str, Json]) -> None:
        self.raw = raw

    def target(self, reference: str) -> tuple[str, Json]:
        """Return the pointer that a reference names, and the value there; the value is None if it does not exist."""
        pointer = unquote(reference[1:]) if reference.startswith("#") else reference
        found = lookup(self.raw, pointer)
        root: Json = self.raw
        return pointer, None if found is None else reduce(getitem, found, root)

    def resolve(self, pointer: str, node: Json) -> tuple[str, dict[str, Json]]:
        """Follow references from an object that is not a schema; one that is absent or refers to itself is empty."""
        followed = {pointer}
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            pointer, node = self.target(node["$ref"])
            if pointer in followed:
                return pointer, {}
            followed.add(pointer)
        return pointer, node if isinstance(node, dict) else {}

    def name(self, pointer: str) -> str:
        """Return a name for a place: the component or operation, and the parts in it that have names."""
        tokens = [unescape(token) for token in pointer.split("/")[1:]]
        if tokens[:1] == ["components"]:
            parts, rest = tokens[2:3], tokens[3:]
        elif tokens[:1] in (["paths"], ["webhooks"]) and len(tokens) > 1:
            operation = self.target("/".join(pointer.split("/")[:4]))[1] if len(tokens) > 2 else None
            described = operation.get("operationId") if isinstance(operation, dict) else None
            parts, rest = [described or " ".join([*map(str.upper, tokens[2:3]), tokens[1]])], tokens[3:]
        else:
            return tokens[0] if tokens else "document"
        at = "/".join(pointer.split("/")[: len(tokens) - len(rest) + 1])
        index = 0
        while index < len(rest):
            kind = rest[index]
            at += f"/{escape(kind)}"
            if kind in ("properties", "responses", "headers", "parameters", "content", "links") and index + 1 < len(
                rest
            ):
                index += 1
                at += f"/{escape(rest[index])}"
                if kind == "parameters":
                    parts.append(str(self.resolve(*self.target(at))[1].get("name", rest[index])))
                elif kind != "content":
                    parts.append(rest[index])
            index += 1
        return ".".join(parts)


def canonical(value: Json) -> str:
    """Return a text that is the same for values that JSON Schema regards as equal, such as 1 and 1.0."""

    def plain(part: Json) -> Json:
        if isinstance(part, dict):
            return {key: plain(child) for key, child in part.items()}
        if isinstance(part, list):
            return [plain(child) for child in part]
        return int(part) if isinstance(part, float) and part.is_integer() else part

    return json.dumps(plain(value), sort_keys=True)


def shown(value: Json) -> str:
    """Return a value as short text without control characters."""
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else f"{text[:57]}..."
