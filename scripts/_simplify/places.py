"""The schemas of a document by identity: their places, references and annotations.

A schema is a node of the document, or one that is made of such nodes and has the place of its origin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from _document.references import resolved
from _document.source import Json, Pointer

Report = Callable[[Pointer, str], None]
"""A function that is called for a part of the document that cannot be generated, with the place and a sentence."""


class Places:
    """The places of the schemas of a document.

    Args:
        raw: The document, whose references all have targets.
        report: Called for each schema that cannot be rewritten.

    Attributes:
        raw: The document.
        components: The schemas with a name, by that name.
    """

    def __init__(self, raw: Json, report: Report) -> None:
        self.raw = raw
        self.components: dict[str, Json] = (raw.get("components") or {}).get("schemas") or {}
        self._report = report
        self._at: dict[int, Pointer] = {}
        self._kept: list[Json] = []
        self._locate(raw, ())

    def _locate(self, node: Json, at: Pointer) -> None:
        if isinstance(node, dict | list) and id(node) not in self._at:
            self._at[id(node)] = at
            for key, child in node.items() if isinstance(node, dict) else enumerate(node):
                self._locate(child, (*at, key))

    def made(self, owner: Json, schema: Json) -> Json:
        """Return a schema that is not in the document, with the place of the one that it comes from."""
        self._kept.append(schema)  # its id must stay its own
        self._locate(schema, self.of(owner))
        return schema

    def of(self, schema: Json) -> Pointer:
        """Return the place of a schema."""
        return self._at.get(id(schema), ())

    def problem(self, schema: Json, sentence: str) -> None:
        """Report a schema that cannot be rewritten."""
        self._report(self.of(schema), sentence)

    def component_at(self, schema: Json) -> str | None:
        """Return the name of the component whose place a schema has; None for any other schema."""
        at = self.of(schema)
        return str(at[2]) if at[:2] == ("components", "schemas") and len(at) == 3 else None

    def component_of(self, schema: Json) -> str | None:
        """Return the name of the component that a schema is or refers to."""
        return self.component_at(self.referred(schema))

    def referred(self, schema: Json) -> Json:
        """Follow the references of a schema or another part of the document."""
        return resolved(self.raw, schema, ())[0] if isinstance(schema, dict) and "$ref" in schema else schema

    def annotation(self, schema: Json, key: str, *, into_classes: bool) -> Json:
        """Return an annotation of a schema, or of the schemas that it refers to."""
        seen: set[int] = set()
        while isinstance(schema, dict) and id(schema) not in seen:
            seen.add(id(schema))
            if schema.get(key):
                return schema[key]
            if not into_classes:
                return None
            following = [schema] if "$ref" in schema else schema.get("allOf", [])[-1:]
            schema = self.referred(following[0]) if following else None
        return None


def objects_below(node: Json) -> Iterator[Json]:
    """Yield all objects below a node, and the node if it is one."""
    pending = [node]
    while pending:
        at = pending.pop()
        if isinstance(at, dict):
            yield at
            pending += at.values()
        elif isinstance(at, list):
            pending += at
