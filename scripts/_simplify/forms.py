"""The forms to which schemas are rewritten, as small dictionaries.

A form is a reference to a component, a scalar type, ``null``, a constant, an array, a union, or nothing for any value.
"""

from __future__ import annotations

from _document.source import Json

COMPONENTS = "#/components/schemas/"


def reference(name: str) -> Json:
    """Return the form of a class: a reference to its component."""
    return {"$ref": f"{COMPONENTS}{name}"}


def referenced(form: Json) -> str | None:
    """Return the class that a form refers to; None for any other form."""
    return form["$ref"].removeprefix(COMPONENTS) if "$ref" in form else None


def union_of(forms: list[Json]) -> Json:
    """Return the union of forms: one of them if they are the same, and any value if one of them is."""
    flat: list[Json] = []
    for form in forms:
        flat += [part for part in form.get("oneOf", [form]) if part not in flat]
    if {} in flat:
        return {}
    return flat[0] if len(flat) == 1 else {"oneOf": flat}
