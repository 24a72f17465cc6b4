"""The document accepts what the real server sent and refuses what it never sent, each for the right reason."""

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

from . import bodies
from .negatives import ERRORS, LIST, NEGATIVES, Negative

DOCUMENT: dict[str, Any] = YAML(typ="safe", pure=True).load(Path(__file__).parents[2] / "openapi.yaml")
SCHEMAS = {case.schema for case in NEGATIVES}
ASSERTIONS = (
    *("type", "enum", "const", "minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems"),
    *("maxProperties", "propertyNames", "items", "additionalProperties", "oneOf", "not", "$ref", "then", "else"),
)
"""The keywords that refuse something. ``if`` refuses nothing by itself and is taken out with its branches."""

FIRST, FIFTH, SHORT = bodies.FIRST, bodies.FIFTH, bodies.SHORT
LATER = [*(key for key in FIFTH if key not in FIRST), "file_ids"]
NULLABLE = {
    *("started_at", "expires_at", "cancelled_at", "failed_at", "completed_at", "last_error", "instructions"),
    *("usage", "required_action", "incomplete_details", "max_prompt_tokens", "max_completion_tokens"),
}

Place = tuple[str | int, ...]


def validator(document: dict[str, Any], schema: str) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of one place of a document."""
    return jsonschema_rs.Draft202012Validator({**document, "$ref": schema.replace("{", "%7B").replace("}", "%7D")})


VALIDATORS = {schema: validator(DOCUMENT, schema) for schema in SCHEMAS}


def leaves(error: jsonschema_rs.ValidationError) -> Iterator[tuple[Place, str]]:
    """Yield where and by which keyword a body is refused, with the reasons inside ``oneOf`` laid open."""
    branches = getattr(error.kind, "context", None) or []
    for branch in branches:
        for inner in branch:
            yield from leaves(inner)
    if not branches:
        # Under propertyNames the place is the object, and the keyword the one that the name fails.
        inner = getattr(error.kind, "error", None)
        if inner is not None:
            yield tuple(error.instance_path), str(inner.schema_path[-1])
        else:
            yield tuple(error.instance_path), next(str(t) for t in reversed(error.schema_path) if isinstance(t, str))


@pytest.mark.parametrize("run", bodies.RUNS.values(), ids=bodies.RUNS)
def test_a_run_of_each_period_is_accepted(run: bodies.Json) -> None:
    """A run as the server sent it in each period validates, alone in a list and among others."""
    VALIDATORS[LIST].validate(bodies.listed(run))
    VALIDATORS[LIST].validate(bodies.listed(*bodies.RUNS.values(), has_more=True))


@given(run=st.sampled_from([FIFTH, SHORT]), gone=st.sets(st.sampled_from(LATER)))
def test_a_key_that_came_later_may_be_absent(run: bodies.Json, gone: set[str]) -> None:
    """Any of the keys that came after November 2023 may be missing, whichever others are there."""
    VALIDATORS[LIST].validate(bodies.listed({key: value for key, value in run.items() if key not in gone}))


@pytest.mark.parametrize("key", FIFTH)
def test_what_was_recorded_as_null_is_nullable_and_nothing_else(key: str) -> None:
    """A run may have null where the server was seen to send it, and only there."""
    accepted = VALIDATORS[LIST].is_valid(bodies.listed(FIRST) | {"data": [FIFTH | {key: None}]})
    assert accepted == (key in NULLABLE)


@given(run=st.sampled_from(list(bodies.RUNS.values())), data=st.data())
def test_a_run_without_one_of_its_first_keys_is_refused(run: bodies.Json, data: st.DataObject) -> None:
    """Without a key that every recorded run has, a run is refused in each of its shapes."""
    key = data.draw(st.sampled_from([key for key in FIRST if key != "file_ids"]))
    listed = bodies.listed(run)
    del listed["data"][0][key]
    assert not VALIDATORS[LIST].is_valid(listed)


def test_an_empty_list_and_an_error_are_accepted() -> None:
    """The list of a thread without runs and an error body validate."""
    VALIDATORS[LIST].validate(bodies.EMPTY)
    VALIDATORS[ERRORS].validate(bodies.ERROR)


def test_an_unknown_field_is_accepted_in_every_object() -> None:
    """Objects are open: a field that the document does not name is for the checker to report, not to refuse."""

    def add(node: Any, key: str = "") -> Any:
        if isinstance(node, list):
            return [add(item) for item in node]
        if not isinstance(node, dict):
            return node
        grown = {name: add(child, name) for name, child in node.items()}
        return grown if key == "metadata" else grown | {"unknown_field": {"deep": [1]}}

    VALIDATORS[LIST].validate(add(bodies.listed(*bodies.RUNS.values())))
    VALIDATORS[ERRORS].validate(add(bodies.ERROR))


@pytest.mark.parametrize("case", NEGATIVES, ids=[case.name for case in NEGATIVES])
def test_a_faulty_body_is_refused_for_its_fault(case: Negative) -> None:
    """A body with one fault is refused where the fault is, by the keyword that forbids it, and nowhere else."""
    check = VALIDATORS[case.schema]
    check.validate(case.valid)
    errors = list(check.iter_errors(case.body))
    assert (case.path, case.keyword) in [leaf for error in errors for leaf in leaves(error)]
    assert all(case.path[: len(error.instance_path)] == tuple(error.instance_path) for error in errors)


def test_every_negative_has_a_name_of_its_own() -> None:
    """No two cases of the table are called the same, and there are enough of them."""
    names = [case.name for case in NEGATIVES]
    assert len(set(names)) == len(names)
    assert len(names) >= 150


def constraints(document: dict[str, Any]) -> Iterator[tuple[str, Callable[[dict[str, Any]], None]]]:
    """Yield the name of each single constraint and what takes it out of a copy of the document."""
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
    """Return the keys and indices that a reference stands for."""
    place: list[str | int] = []
    node: Any = document
    for token in reference.split("/")[1:]:
        place.append(int(token) if isinstance(node, list) else token.replace("~1", "/"))
        node = node[place[-1]]
    return tuple(place)


def implied(schema: dict[str, Any], keyword: str) -> bool:
    """Tell whether a type says no more than the values beside it; it is there for generators."""
    listed = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return keyword == "type" and bool(listed) and all(isinstance(value, str) for value in listed)


def subschemas(at: Place, schema: Any) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield a schema and those inside it, the condition of ``if`` excepted."""
    if isinstance(schema, dict):
        yield at, schema
        for keyword in ("items", "additionalProperties", "propertyNames", "then", "else"):
            yield from subschemas((*at, keyword), schema.get(keyword))
        for index, part in enumerate(schema.get("oneOf", [])):
            yield from subschemas((*at, "oneOf", index), part)
        for name, part in schema.get("properties", {}).items():
            yield from subschemas((*at, "properties", name), part)


def remover(at: Place, key: str | int) -> Callable[[dict[str, Any]], None]:
    """Return what deletes one entry of a document."""

    def remove(document: dict[str, Any]) -> None:
        del reduce(getitem, at, document)[key]

    return remove


def spell(pointer: Place) -> str:
    """Return a place for reading."""
    return "/".join(map(str, pointer))


CONSTRAINTS = dict(constraints(DOCUMENT))


@pytest.mark.parametrize("remove", CONSTRAINTS.values(), ids=CONSTRAINTS)
def test_without_any_one_constraint_a_faulty_body_passes(remove: Callable[[dict[str, Any]], None]) -> None:
    """The table is complete: each constraint of the document is the only thing that stops some body of it."""
    weakened = deepcopy(DOCUMENT)
    remove(weakened)
    checks = {schema: validator(weakened, schema) for schema in SCHEMAS}
    assert any(checks[case.schema].is_valid(case.body) for case in NEGATIVES)


def test_each_enum_has_all_its_values() -> None:
    """No enum lacks a value: the words that the server was seen to send or documented to send are all there."""
    schemas = DOCUMENT["components"]["schemas"]
    assert {name: schema["enum"] for name, schema in schemas.items() if "enum" in schema} == {
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
