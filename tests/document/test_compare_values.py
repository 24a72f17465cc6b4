"""Property tests of the comparison: what it says about schemas holds for values."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from _compare.changes import Change, Direction, Document
from _compare.comparison import Comparison
from _compare.keywords import BOUNDS, COUNTS
from _compare.pairs import Pair
from _compare.schemas import TYPES, Schema

Json = Any
SCALARS: list[Json] = [None, True, False, 0, 1, 2, 3, 4, 0.5, 1.5, "", "a", "b", "ab", "aab"]
ARRAYS: list[Json] = [[], [1], [1, 1], ["a", 1], [None, 2, 0.5], [[]], [{}], ["a", "b", "a", "b"]]
OBJECTS: list[Json] = [
    {},
    {"a": 1},
    {"b": "a"},
    {"a": None, "b": 1},
    {"ab": 1},
    {"c": "a"},
    {"a": {"a": 1}},
    {"a": [1]},
]
VALUES = [*SCALARS, *ARRAYS, *OBJECTS]
COMPONENTS = {
    "Node": {"properties": {"a": {"$ref": "#/components/schemas/Node"}}, "maxProperties": 1},
    "Tree": {"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}, {"type": "integer"}]},
}


def deeper(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Return a strategy of schemas that contain others."""
    one = st.sampled_from(["items", "contains", "additionalProperties", "propertyNames", "not"])
    many = st.sampled_from(["oneOf", "anyOf", "allOf", "prefixItems"])
    mappings = inner.filter(lambda schema: isinstance(schema, dict))
    return st.one_of(
        st.builds(lambda a, b: {"properties": {"a": a, "b": b}}, inner, inner),
        st.builds(lambda keyword, part: {keyword: part}, one, inner),
        st.builds(lambda keyword, parts: {keyword: parts}, many, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda a, b, c: {"if": a, "then": b, "else": c}, inner, inner, inner),
        st.builds(lambda part: {"patternProperties": {"^a": part}}, inner),
        st.builds(lambda part: {"dependentSchemas": {"b": part}}, inner),
        st.builds(lambda part, other: {**part, **other}, mappings, mappings),
    )


SCHEMAS: st.SearchStrategy[Json] = st.recursive(
    st.one_of(
        st.sampled_from([{}, True, False, {"uniqueItems": True}, {"dependentRequired": {"a": ["b"]}}]),
        st.sampled_from([{"$ref": f"#/components/schemas/{name}"} for name in COMPONENTS]),
        st.builds(
            lambda names: {"type": names}, st.lists(st.sampled_from([*TYPES]), min_size=1, max_size=3, unique=True)
        ),
        st.builds(
            lambda values: {"enum": values}, st.lists(st.sampled_from(VALUES), min_size=1, max_size=4, unique_by=str)
        ),
        st.builds(lambda value: {"const": value}, st.sampled_from(VALUES)),
        st.builds(
            lambda keyword, number: {keyword: number},
            st.sampled_from([*BOUNDS, *COUNTS, "multipleOf"]),
            st.integers(1, 3),
        ),
        st.builds(lambda pattern: {"pattern": pattern}, st.sampled_from(["a", "^a$", ""])),
        st.builds(lambda names: {"required": names}, st.lists(st.sampled_from("ab"), unique=True)),
    ),
    deeper,
    max_leaves=8,
)


def document(schema: Json) -> Json:
    return {"$ref": "#/components/schemas/Root", "components": {"schemas": {**COMPONENTS, "Root": schema}}}


def changes(old: Json, new: Json) -> list[Change]:
    """Compare two schemas as those of a request, by the meaning of JSON Schema alone."""
    documents = [Document(document(schema)) for schema in (old, new)]
    schemas = [
        Schema(one, "", ("/components/schemas/Root", one.target("#/components/schemas/Root")[1])) for one in documents
    ]
    return list(Comparison().changes(Pair(*schemas, Direction.REQUEST, strict=True)))


def valid(schema: Json) -> list[bool]:
    validator = jsonschema_rs.Draft202012Validator(document(schema))
    return [validator.is_valid(value) for value in VALUES]


@settings(max_examples=200)
@given(SCHEMAS, SCHEMAS)
def test_a_compatible_change_changes_no_value(old: Json, new: Json) -> None:
    """Requests become invalid only by a change that breaks callers, and valid only by one that breaks servers."""
    found = changes(old, new)
    for value, before, after in zip(VALUES, valid(old), valid(new), strict=True):
        if before and not after:
            assert any(change.callers for change in found), (value, old, new)
        if after and not before:
            assert any(change.servers for change in found), (value, old, new)


@settings(max_examples=100)
@given(SCHEMAS)
def test_a_schema_does_not_differ_from_itself(schema: Json) -> None:
    """A schema that is compared with itself, or with a part of allOf that is the same, has no changes."""
    assert changes(schema, schema) == []
    assert changes(schema, {"allOf": [schema]}) == []


@settings(max_examples=100)
@given(SCHEMAS, SCHEMAS)
def test_the_inverse_of_a_change_breaks_the_other_side(old: Json, new: Json) -> None:
    """What breaks callers in one direction breaks servers in the other."""
    there, back = changes(old, new), changes(new, old)
    assert any(change.callers for change in there) == any(change.servers for change in back)
    assert any(change.servers for change in there) == any(change.callers for change in back)
