"""Discriminators: the key of a union whose values stand for its variants.

A discriminator may be in the union, or in a base class that its variants contain with ``allOf``. Each of its values is
in its mapping, in a constant or enum of a variant, or is the name of a variant.
"""

from __future__ import annotations

from typing import NamedTuple

from _document.references import unescape
from _document.source import Json
from _simplify.forms import COMPONENTS, referenced
from _simplify.merging import Merger
from _simplify.places import Places, objects_below


class Tagged(NamedTuple):
    """The variants of a union that a key distinguishes, in a way that is not stated as a constant of each variant.

    Attributes:
        key: The key.
        variants: The class names by the value of the key.
    """

    key: str
    variants: dict[str, str]


class Discriminators:
    """The discriminators of a document.

    Args:
        places: The places of the schemas.
        merger: Merges the schemas of the variants.

    Attributes:
        tagged: The unions with a discriminator, by the class names of their variants.
    """

    def __init__(self, places: Places, merger: Merger) -> None:
        self._places = places
        self._merger = merger
        self._variants: set[int] = set()
        for part in objects_below(places.raw):
            for key in ("oneOf", "anyOf"):
                options = part.get(key)
                if isinstance(options, list) and len(options) > 1:
                    self.add_variants(options)
        self.tagged: dict[frozenset[str], Tagged] = {}

    def add_variants(self, options: list[Json]) -> None:
        """Note that schemas are variants of a union."""
        self._variants.update(id(self._places.referred(option)) for option in options)

    def tag_value(self, owner: Json, schema: Json) -> str | None:
        """Return the only text that a required key of a variant permits; None if others are permitted too."""
        values = self._merger.values(schema) if id(owner) in self._variants else []
        return values[0] if len(values) == 1 and isinstance(values[0], str) else None

    def derived(self, name: str, schema: Json) -> list[str]:
        """Return the components that derive from a base class, the base among them only if its mapping names it.

        Args:
            name: The component of the base class.
            schema: Its schema, with a discriminator.
        """
        mapping = schema["discriminator"].get("mapping", {})
        derived = [
            other
            for other, part in self._places.components.items()
            if isinstance(part, dict) and {"$ref": f"{COMPONENTS}{name}"} in part.get("allOf", [])
        ]
        derived += [other for reference in mapping.values() if (other := _mapped(reference)) not in derived]
        if name not in map(_mapped, mapping.values()):
            derived = [other for other in derived if other != name]
        return [other for other in derived if other in self._places.components]

    def discriminate(self, owner: Json, discriminator: Json, names: list[str], forms: list[Json]) -> None:
        """Note which class each value of a discriminator stands for.

        Args:
            owner: The schema of the union or of the base class.
            discriminator: Its discriminator.
            names: The components of the variants; empty for a variant that is not a component.
            forms: The forms of the variants.
        """
        key = discriminator.get("propertyName")
        if not isinstance(key, str):
            self._places.problem(owner, "'discriminator' has no 'propertyName'; add it")
            return
        classes = {name: cls for name, form in zip(names, forms, strict=True) if (cls := referenced(form))}
        variants: dict[str, str] = {}
        for value, reference in discriminator.get("mapping", {}).items():
            other = _mapped(reference)
            if other not in classes:
                self._places.problem(
                    owner, f"the discriminator maps {value!r} to {other!r}, which is not a variant; add it"
                )
            else:
                variants[value] = classes[other]
        for name, cls in classes.items():
            if name and cls not in variants.values():
                for value in self._values(name, key):
                    variants.setdefault(value, cls)
        self.tagged[frozenset(filter(None, map(referenced, forms)))] = Tagged(key, variants)

    def _values(self, name: str, key: str) -> list[str]:
        """Return the values of a discriminator that stand for a component: those that it lists, or else its name."""
        properties = self._merger.flat(self._places.components[name]).get("properties", {})
        texts = [value for value in self._merger.values(properties.get(key, {})) if isinstance(value, str)]
        return texts or [name]


def is_base(schema: Json) -> bool:
    """Return whether a schema is the base class of others, which its discriminator distinguishes."""
    return isinstance(schema, dict) and "discriminator" in schema and not ({"oneOf", "anyOf"} & schema.keys())


def _mapped(reference: str) -> str:
    """Return the name of the component that a discriminator's mapping names or refers to."""
    return unescape(reference.rpartition("/")[2])
