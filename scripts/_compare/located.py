"""A part of a document with its place."""

from __future__ import annotations

from typing import NamedTuple

from _compare.changes import Change, Document
from _compare.schemas import Schema
from _document.references import escape
from _document.source import Json


class Located(NamedTuple):
    """A part of one document.

    Attributes:
        document: The document.
        pointer: The place of the part.
        node: The part, with references followed; empty if it is absent.
    """

    document: Document
    pointer: str
    node: dict[str, Json]

    def child(self, *keys: object) -> Located:
        """Return a part below this one."""
        node: Json = self.node
        pointer = self.pointer
        for key in keys:
            pointer = f"{pointer}/{escape(key)}"
            node = node.get(key) if isinstance(node, dict) else None
        return Located(self.document, *self.document.resolve(pointer, node))

    def children(self, *keys: str) -> dict[str, Located]:
        """Return the parts of a map by name; paths and responses may have extensions among them."""
        parent = self.child(*keys)
        extensible = keys[-1] in ("paths", "responses")
        return {name: parent.child(name) for name in parent.node if not (extensible and name.startswith("x-"))}

    def schema(self, key: str = "schema") -> Schema:
        """Return the schema under a key; every value is valid if it is absent."""
        at = f"{self.pointer}/{escape(key)}"
        return Schema(self.document, at, (at, self.node.get(key, True)))

    def change(self, text: str, *keys: object, callers: bool = False, servers: bool = False) -> Change:
        """Describe a change of this part, or of a part below it."""
        pointer = "/".join([self.pointer, *map(escape, keys)])
        return Change(pointer, self.document.name(pointer), text, callers, servers)
