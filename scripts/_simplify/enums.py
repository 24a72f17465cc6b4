"""Enums and constants, rewritten to enums of texts or of integers, and to types for the other values."""

from __future__ import annotations

from _document.source import Json
from _simplify.classes import Classes
from _simplify.forms import reference, union_of
from _simplify.intersection import types_of
from _simplify.places import Places


class Enums:
    """The enums of a document, each with one class.

    Args:
        places: The places of the schemas.
        classes: The classes of the document, to which those of the enums are added.
    """

    def __init__(self, places: Places, classes: Classes) -> None:
        self._places = places
        self._classes = classes
        self._made: dict[tuple[int, str], str] = {}

    def constant(self, value: Json, owner: Json) -> Json:
        """Return the form of a constant."""
        if value is None:
            return {"type": "null"}
        if isinstance(value, bool):
            return {"const": value}  # with a type, the generator would not read the constant
        if isinstance(value, str | int):
            return {"const": value, "type": "string" if isinstance(value, str) else "integer"}
        self._places.problem(
            owner, f"the constant {value!r:.40} is not text, an integer, a boolean or null; use 'type'"
        )
        return {}

    def enum(self, found: Json, owner: Json, hint: str) -> Json:
        """Return the union of the enums of texts and of integers, and of the types of the other values."""
        kinds = types_of(found)
        values = [value for value in found["enum"] if any(_is_of(value, kind) for kind in kinds)]
        texts = list(dict.fromkeys(value for value in values if isinstance(value, str)))
        numbers = list(dict.fromkeys(value for value in values if type(value) is int))
        if any(isinstance(value, dict | list) for value in values):
            self._places.problem(owner, "'enum' lists an object or array; use 'type' and describe the values")
            return {}
        if not values:
            self._places.problem(owner, "'enum' has no value of the type; correct the type or the values")
            return {}
        forms = [self._class(owner, hint, "string", texts)] if texts else []
        if any(type(value) is float for value in values):
            forms.append({"type": "number"})
        elif numbers:
            forms.append(self._class(owner, hint, "integer", numbers))
        forms += [{"type": "boolean"}] if any(type(value) is bool for value in values) else []
        forms += [{"type": "null"}] if None in values else []
        return union_of(forms)

    def join(self, forms: list[Json], owner: Json, hint: str) -> list[Json]:
        """Join constants of one type to an enum."""
        for kind in ("string", "integer"):
            values = [form["const"] for form in forms if "const" in form and form.get("type") == kind]
            if len(values) > 1:
                enum = self._class(owner, hint, kind, list(dict.fromkeys(values)))
                forms = [*(form for form in forms if not ("const" in form and form.get("type") == kind)), enum]
        return forms

    def of_constant(self, hint: str, constant: Json) -> Json:
        """Return an enum whose only value is a constant."""
        name = self._classes.claim_another(constant, hint)
        self._classes.components[name] = {"type": constant["type"], "enum": [constant["const"]]}
        return reference(name)

    def _class(self, owner: Json, hint: str, kind: str, values: list[Json]) -> Json:
        name = self._made.get((id(owner), kind))
        if name is None:
            is_second = any(number == id(owner) for number, _ in self._made)
            if is_second:
                name = self._classes.claim_another(owner, f"{hint}{kind.title()}")
            else:
                name = self._classes.claim(owner, hint)
            self._made[id(owner), kind] = name
            text = owner.get("description")
            self._classes.components[name] = {"type": kind, "enum": values} | ({"description": text} if text else {})
        return reference(name)


def _is_of(value: Json, kind: str) -> bool:
    match kind:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "integer" | "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return isinstance(value, list if kind == "array" else dict)
