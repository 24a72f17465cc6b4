"""Values that the document allows, for data that must remain valid when the document gets new fields."""

from __future__ import annotations

from typing import Any

from threadruns._document import resolve, schema
from threadruns._json import is_array, is_object

Schema = dict[str, Any]

MAX_DEPTH = 12
"""The largest depth of a sample; deeper schemas refer to themselves."""


def complete(name: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return an object with the required fields that it lacks, also in the objects that it holds.

    Args:
        name: The component schema of the object.
        value: The object.
    """
    completed: dict[str, Any] = _complete(schema(name), value)
    return completed


def sample(spec: Schema, depth: int = 0) -> Any:
    """Return one value that a schema allows, the same on each call: an example if it has one, otherwise a small value.

    Args:
        spec: The schema.
        depth: The number of objects and arrays that hold the value.

    Raises:
        ValueError: The schema refers to itself without end.
    """
    if depth > MAX_DEPTH:
        raise ValueError("The schema refers to itself through required fields, so no value is valid.")
    spec = resolve(spec)
    for listed in ("examples", "enum", "oneOf", "anyOf"):
        if spec.get(listed):
            first = spec[listed][0]
            return sample(first, depth + 1) if listed.endswith("Of") else first
    for single in ("const", "default"):
        if single in spec:
            return spec[single]
    kinds = spec.get("type", "object")
    match kinds if isinstance(kinds, str) else kinds[0]:
        case "object":
            properties, required = spec.get("properties", {}), spec.get("required", ())
            return {key: sample(properties[key], depth + 1) for key in required if key in properties}
        case "array":
            return [sample(spec["items"], depth + 1)] * spec.get("minItems", 0)
        case "string":
            return "x" * max(1, spec.get("minLength", 1))
        case "integer" | "number":
            return spec.get("minimum", min(0, spec.get("maximum", 0)))
        case "boolean":
            return False
        case _:
            return None


def _complete(spec: Schema, value: Any) -> Any:
    spec = resolve(spec)
    if "oneOf" in spec:
        nothing: Schema = {}
        spec = next((variant for variant in map(resolve, spec["oneOf"]) if _fits(variant, value)), nothing)
    if is_array(value):
        return [_complete(spec.get("items", {}), item) for item in value]
    if not is_object(value):
        return value
    properties = spec.get("properties", {})
    completed = {key: _complete(properties.get(key, {}), item) for key, item in value.items()}
    missing = [key for key in spec.get("required", ()) if key not in value and key in properties]
    return completed | {key: sample(properties[key]) for key in missing}


def _fits(spec: Schema, value: Any) -> bool:
    """Return whether a value is of a variant, by its JSON type and the constants of the variant."""
    if not is_object(value):
        return spec.get("type") == "array" and is_array(value)
    constants = {key: resolve(each) for key, each in spec.get("properties", {}).items() if "const" in resolve(each)}
    return spec.get("type") == "object" and all(
        value.get(key, each["const"]) == each["const"] for key, each in constants.items()
    )
