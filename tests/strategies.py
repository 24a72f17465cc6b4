"""Hypothesis strategies derived from the document: valid bodies, and bodies with one changed value."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from threadruns._document import document

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference to a component of the document."""
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return resolve(found)


def values(schema: dict[str, Any]) -> SearchStrategy[Any]:
    """Return a strategy for values that a schema accepts, sometimes with unknown fields."""
    schema = resolve(schema)
    if "oneOf" in schema:
        return st.one_of([values(variant) for variant in schema["oneOf"]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if isinstance(schema.get("type"), list):
        return st.one_of([values({**schema, "type": kind}) for kind in schema["type"]])
    match schema.get("type"):
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum", -(2**53)), schema.get("maximum", 2**53))
        case "number":
            return st.floats(schema["minimum"], schema["maximum"]) | st.integers(schema["minimum"], schema["maximum"])
        case "string" if "pattern" in schema:
            return st.from_regex(schema["pattern"], fullmatch=True)
        case "string":
            return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))
        case "array":
            return st.lists(values(schema["items"]), max_size=3)
        case "object" if "properties" in schema:
            return objects(schema)
        case "object":
            rest = schema.get("additionalProperties", True)
            return st.dictionaries(st.text(max_size=64), JSON if rest is True else values(rest), max_size=3)
    return JSON


def objects(schema: dict[str, Any]) -> SearchStrategy[dict[str, Any]]:
    """Return a strategy for objects with all required keys, some others, and sometimes unknown keys."""
    fields = {key: values(value) for key, value in schema["properties"].items()}
    required = {key: fields.pop(key) for key in schema.get("required", [])}
    known = st.fixed_dictionaries(required, optional=fields)
    unknown = st.dictionaries(st.text(min_size=1).map(lambda key: f"x_{key}"), JSON, max_size=1)
    return st.builds(lambda body, extra: {**body, **extra}, known, unknown)


def mutated(schema: dict[str, Any]) -> SearchStrategy[Any]:
    """Return a strategy for values that a schema accepts, with one place changed or removed."""
    return _mutated(values(schema))


@st.composite
def _mutated(draw: st.DrawFn, bodies: SearchStrategy[Any]) -> Any:
    body = draw(bodies)
    places = [place for place in _places(body) if place]
    place = draw(st.sampled_from(places)) if places else ()
    if not place:
        return draw(JSON)
    *above, last = place
    holder = body
    for key in above:
        holder = holder[key]
    if isinstance(holder, dict) and draw(st.booleans()):
        del holder[last]
    else:
        holder[last] = draw(JSON)
    return body


def _places(body: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [at, *(place for key, value in items for place in _places(value, (*at, key)))]
