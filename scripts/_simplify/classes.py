"""The classes that are emitted for the schemas of a document: their names, their components and their places."""

from __future__ import annotations

import re

from _document.source import Json, Pointer
from _simplify.names import ClassNames
from _simplify.places import Places


class Classes:
    """The classes of a document, each a component with a name of its own.

    Args:
        places: The places of the schemas.
        split: The components that differ between requests and responses, and so have two classes.

    Attributes:
        components: The rewritten schemas, by class name.
        keys: The keys of each object by attribute, by class name.
        places: The places in the document, by class name.
        reserved: The class names, by the name of the component.
    """

    def __init__(self, places: Places, split: set[str]) -> None:
        self._places = places
        self._split = split
        self._names = ClassNames()
        self.reserved = {name: self._names.claim(name) for name in places.components}
        self.components: dict[str, Json] = {}
        self.keys: dict[str, dict[str, str]] = {}
        self.places: dict[str, Pointer] = {}

    def name_of(self, schema: Json) -> str | None:
        """Return the reserved class name of a component; None for any other schema."""
        name = self._places.component_at(schema)
        return self.reserved[name] if name is not None and self._places.components.get(name) is schema else None

    def claim(self, owner: Json, hint: str, sent: bool = False) -> str:
        """Return the class name of a schema that needs a class.

        Args:
            owner: The schema.
            hint: The preferred name, if the schema has no reserved one.
            sent: True in a request.
        """
        name = self.name_of(owner)
        if name is None or (sent and self._places.component_at(owner) in self._split):
            return self.claim_another(owner, f"{name}Request" if name else hint)
        self.places[name] = self._places.of(owner)
        return name

    def claim_another(self, owner: Json, hint: str) -> str:
        """Return the class name of one more class of a schema, whatever the name of its first class is."""
        name = self._names.claim(hint)
        self.places[name] = self._places.of(owner)
        return name


def title_or(hint: str, schema: Json) -> str:
    """Return the preferred class name of an inline schema: its title, if that can be a name."""
    title = schema.get("title") if isinstance(schema, dict) else None
    return title if isinstance(title, str) and re.fullmatch(r"[A-Za-z][\w .-]{0,60}", title) else hint
