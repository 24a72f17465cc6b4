"""Tests that the document accepts what the real server sent and rejects everything else, for the right reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.support.unknown import FIELD

from . import bodies
from .negatives import ERRORS, LIST, NEGATIVES, Negative

DOCUMENT: dict[str, Any] = YAML(typ="safe", pure=True).load(Path(__file__).parents[2] / "openapi.yaml")
SCHEMAS = {case.schema for case in NEGATIVES}
ASSERTIONS = (
    *("type", "enum", "const", "minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems"),
    *("maxProperties", "propertyNames", "items", "additionalProperties", "oneOf", "not", "$ref", "then", "else"),
)
"""The keywords that can reject a value. ``if`` cannot by itself, and is removed together with its branches."""

FIRST, FIFTH, SHORT = bodies.FIRST, bodies.FIFTH, bodies.SHORT
LATER = [*(key for key in FIFTH if key not in FIRST), "file_ids"]
NULLABLE = {
    *("started_at", "expires_at", "cancelled_at", "failed_at", "completed_at", "last_error", "instructions"),
    *("usage", "required_action", "incomplete_details", "max_prompt_tokens", "max_completion_tokens"),
}

Place = tuple[str | int, ...]


def validator(document: dict[str, Any], schema: str) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of a place in a document."""
    return jsonschema_rs.Draft202012Validator({**document, "$ref": schema.replace("{", "%7B").replace("}", "%7D")})


VALIDATORS = {schema: validator(DOCUMENT, schema) for schema in SCHEMAS}


def leaf_errors(error: jsonschema_rs.ValidationError) -> Iterator[tuple[Place, str]]:
    """Yield the place and keyword of each error, with the errors of the branches of ``oneOf``."""
    branches = getattr(error.kind, "context", None) or []
    for branch in branches:
        for inner in branch:
            yield from leaf_errors(inner)
    if not branches:
        # An error under propertyNames has the place of the object and the keyword that rejects the name.
        inner = getattr(error.kind, "error", None)
        if inner is not None:
            yield tuple(error.instance_path), str(inner.schema_path[-1])
        else:
            yield tuple(error.instance_path), next(str(t) for t in reversed(error.schema_path) if isinstance(t, str))


@pytest.mark.parametrize("run", bodies.RUNS.values(), ids=bodies.RUNS)
def test_recorded_forms_are_accepted(run: bodies.Json) -> None:
    """A run of each recorded period is valid, alone in a list and among others."""
    VALIDATORS[LIST].validate(bodies.listed(run))
    VALIDATORS[LIST].validate(bodies.listed(*bodies.RUNS.values(), has_more=True))


@given(run=st.sampled_from([FIFTH, SHORT]), gone=st.sets(st.sampled_from(LATER)))
def test_later_keys_are_optional(run: bodies.Json, gone: set[str]) -> None:
    """Any combination of the keys that were added after November 2023 may be absent."""
    VALIDATORS[LIST].validate(bodies.listed({key: value for key, value in run.items() if key not in gone}))


@pytest.mark.parametrize("key", FIFTH)
def test_nullable_keys(key: str) -> None:
    """A key may be null if it was recorded as null, and only then."""
    accepted = VALIDATORS[LIST].is_valid(bodies.listed(FIRST) | {"data": [FIFTH | {key: None}]})
    assert accepted == (key in NULLABLE)


@given(run=st.sampled_from(list(bodies.RUNS.values())), data=st.data())
def test_original_keys_are_required(run: bodies.Json, data: st.DataObject) -> None:
    """A run without a key that every recorded run has is rejected, in each form."""
    key = data.draw(st.sampled_from([key for key in FIRST if key != "file_ids"]))
    listed = bodies.listed(run)
    del listed["data"][0][key]
    assert not VALIDATORS[LIST].is_valid(listed)


def test_empty_list_and_error_are_accepted() -> None:
    """The list of an empty thread and an error body are valid."""
    VALIDATORS[LIST].validate(bodies.EMPTY)
    VALIDATORS[ERRORS].validate(bodies.ERROR)


def test_unknown_fields_are_accepted() -> None:
    """Every object accepts an unknown field, which the check reports."""

    def add(node: Any, key: str = "") -> Any:
        if isinstance(node, list):
            return [add(item) for item in node]
        if not isinstance(node, dict):
            return node
        grown = {name: add(child, name) for name, child in node.items()}
        return grown if key == "metadata" else grown | {FIELD: {"deep": [1]}}

    VALIDATORS[LIST].validate(add(bodies.listed(*bodies.RUNS.values())))
    VALIDATORS[ERRORS].validate(add(bodies.ERROR))


@pytest.mark.parametrize("case", NEGATIVES, ids=[case.name for case in NEGATIVES])
def test_invalid_body_is_rejected_for_its_fault(case: Negative) -> None:
    """A body with one fault is rejected at its place, by the expected keyword, and for no other reason."""
    check = VALIDATORS[case.schema]
    check.validate(case.valid)
    errors = list(check.iter_errors(case.body))
    assert (case.path, case.keyword) in [leaf for error in errors for leaf in leaf_errors(error)]
    assert all(case.path[: len(error.instance_path)] == tuple(error.instance_path) for error in errors)


def test_names_of_negatives_are_unique() -> None:
    """All cases of the table have different names, and there are enough of them."""
    names = [case.name for case in NEGATIVES]
    assert len(set(names)) == len(names)
    assert len(names) >= 150


def constraints(document: dict[str, Any]) -> Iterator[tuple[str, Callable[[dict[str, Any]], None]]]:
    """Yield the name of each constraint, and a function that removes it from a copy of the document."""
    starts = {follow(document, schema) for schema in SCHEMAS}
    starts |= {("components", "schemas", name) for name in document["components"]["schemas"]}
    for start in sorted(starts, key=spell):
        for pointer, schema in subschemas(start, reduce(getitem, start, document)):
            for index, key in enumerate(schema.get("required", [])):
                yield f"{spell(pointer)} required {key}", remover((*pointer, "required"), index)
            for keyword in ASSERTIONS:
                if keyword in schema and schema[keyword] is not True and not implied(schema, keyword):
                    yield f"{spell(pointer)} {keyword}", remover(pointer, keyword)


def follow(document: dict[str, Any], reference: str) -> Place:
    """Return the keys and indices of a reference."""
    place: list[str | int] = []
    node: Any = document
    for token in reference.split("/")[1:]:
        place.append(int(token) if isinstance(node, list) else token.replace("~1", "/"))
        node = node[place[-1]]
    return tuple(place)


def implied(schema: dict[str, Any], keyword: str) -> bool:
    """Return whether a type adds nothing to the values beside it; it is there for generators."""
    listed = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return keyword == "type" and bool(listed) and all(isinstance(value, str) for value in listed)


def subschemas(at: Place, schema: Any) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield a schema and the schemas inside it, except the condition of ``if``."""
    if isinstance(schema, dict):
        yield at, schema
        for keyword in ("items", "additionalProperties", "propertyNames", "then", "else"):
            yield from subschemas((*at, keyword), schema.get(keyword))
        for index, part in enumerate(schema.get("oneOf", [])):
            yield from subschemas((*at, "oneOf", index), part)
        for name, part in schema.get("properties", {}).items():
            yield from subschemas((*at, "properties", name), part)


def remover(at: Place, key: str | int) -> Callable[[dict[str, Any]], None]:
    """Return a function that deletes one entry of a document."""

    def remove(document: dict[str, Any]) -> None:
        del reduce(getitem, at, document)[key]

    return remove


def spell(pointer: Place) -> str:
    """Return a place as text."""
    return "/".join(map(str, pointer))


CONSTRAINTS = dict(constraints(DOCUMENT))


@pytest.mark.parametrize("remove", CONSTRAINTS.values(), ids=CONSTRAINTS)
def test_every_constraint_is_tested(remove: Callable[[dict[str, Any]], None]) -> None:
    """Without any one constraint of the document, at least one invalid body is accepted."""
    weakened = deepcopy(DOCUMENT)
    remove(weakened)
    checks = {schema: validator(weakened, schema) for schema in SCHEMAS}
    assert any(checks[case.schema].is_valid(case.body) for case in NEGATIVES)


def test_enums_are_complete() -> None:
    """Each enum has all values that were recorded or documented."""
    schemas = DOCUMENT["components"]["schemas"]
    recorded = {
        "Order": ["asc", "desc"],
        "RunStatus": [
            *("queued", "in_progress", "requires_action", "cancelling"),
            *("cancelled", "failed", "completed", "expired"),
        ],
        "LastErrorCode": ["server_error", "rate_limit_exceeded", "invalid_prompt"],
        "IncompleteReason": ["max_completion_tokens", "max_prompt_tokens"],
        "TruncationType": ["auto", "last_messages"],
        "ToolChoiceMode": ["none", "auto"],
        "NamedToolType": ["function", "code_interpreter", "retrieval"],
        "ResponseFormatMode": ["none", "auto"],
        "ResponseFormatType": ["text", "json_object"],
    }
    for name, values in recorded.items():
        assert schemas[name]["enum"][: len(values)] == values
