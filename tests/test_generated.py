"""The generated package: what it keeps, what it refuses and where, and that it agrees with the document."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.document.bodies import FIRST, RUNS
from tests.strategies import JSON, mutated, resolve, values
from tests.support.unknown import FIELD, OTHER_FIELD, TOOL, VALUE
from threadruns._document import document
from threadruns_api.api.runs.list_runs import list_runs
from threadruns_api.errors import DecodeError
from threadruns_api.models import ErrorResponse, Run, RunList
from threadruns_api.values import UNSET, UnknownVariant, Unset

RELAXED = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
PAGE = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


def relaxed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the types, required keys and constants of a schema, without its enums, bounds and patterns."""
    schema = resolve(schema)
    if "oneOf" in schema:
        shapes = [relaxed(variant) for variant in schema["oneOf"]]
        kinds = [shape.get("properties", {}).get("type", {}) for shape in shapes]
        tags = [kind["const"] for kind in kinds if "const" in kind]
        if len(tags) > 1:
            unknown = {"type": "string", "not": {"enum": tags}}
            shapes.append({"type": "object", "required": ["type"], "properties": {"type": unknown}})
        return {"anyOf": shapes}
    shape = {key: schema[key] for key in ("type", "required", "const") if key in schema and "enum" not in schema}
    if "enum" in schema:
        shape["type"] = "string"
    if "properties" in schema:
        shape["properties"] = {key: relaxed(value) for key, value in schema["properties"].items()}
    if "items" in schema:
        shape["items"] = relaxed(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        shape["additionalProperties"] = relaxed(schema["additionalProperties"])
    return shape


def component(name: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["components"]["schemas"][name]
    return found


RUN_SHAPE = jsonschema_rs.Draft202012Validator(relaxed(component("Run")))


@pytest.mark.parametrize("name", RUNS)
def test_recorded_forms_round_trip(name: str) -> None:
    """A run of each recorded form is decoded and encoded to the same JSON."""
    assert Run.from_dict(RUNS[name]).to_dict() == RUNS[name]


@RELAXED
@given(values(component("RunList")))
def test_valid_pages_round_trip(page: dict[str, Any]) -> None:
    """Any valid page is decoded and encoded to the same JSON, as text and as a dict."""
    decoded = RunList.from_json(json.dumps(page))
    assert decoded.to_dict() == page
    assert decoded == RunList.from_dict(page)
    assert pickle.loads(pickle.dumps(decoded)) == decoded


@RELAXED
@given(mutated(component("Run")))
def test_decoding_agrees_with_the_document(run: Any) -> None:
    """Decoding rejects the types and missing keys that the document rejects, and accepts unknown enum values."""
    try:
        decoded = Run.from_dict(run)
    except DecodeError as error:
        paths = [tuple(found.instance_path) for found in RUN_SHAPE.iter_errors(run)]
        assert paths, f"rejected, although its types are right: {error}"
    else:
        assert RUN_SHAPE.is_valid(run)
        assert decoded.to_dict() == run


@RELAXED
@given(JSON | st.binary() | st.text())
def test_any_bytes_give_a_page_or_a_decode_error(body: Any) -> None:
    """For any bytes, decoding returns a page or raises a DecodeError."""
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    with contextlib.suppress(DecodeError):
        RunList.from_json(content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"created_at": "yesterday"}, "created_at: expected an integer, got 'yesterday'"),
        ({"created_at": 1.5}, "created_at: expected an integer, got 1.5"),
        ({"created_at": True}, "created_at: expected an integer, got true"),
        ({"id": 7}, "id: expected a string, got 7"),
        ({"id": None}, "id: expected a string, got null"),
        ({"object": "thread"}, "object: expected 'thread.run', got 'thread'"),
        ({"tools": None}, "tools: expected an array, got null"),
        ({"tools": [7]}, "tools[0]: expected an object, got 7"),
        ({"tools": [{}]}, "tools[0].type: missing"),
        ({"tools": [{"type": []}]}, "tools[0].type: expected a string, got an array"),
        ({"tools": [{"type": "function"}]}, "tools[0].function: missing"),
        (
            {"tools": [{"type": "function", "function": {"name": 1}}]},
            "tools[0].function.name: expected a string, got 1",
        ),
        ({"metadata": {"k": 1}}, "metadata.k: expected a string, got 1"),
        ({"usage": {"prompt_tokens": 1, "completion_tokens": 2}}, "usage.total_tokens: missing"),
        ({"last_error": "failed"}, "last_error: expected an object, got 'failed'"),
        ({"file_ids": ["file-1", 2]}, "file_ids[1]: expected a string, got 2"),
        ({"tool_choice": 3}, "tool_choice: expected a string or an object, got 3"),
        ({"temperature": "1"}, "temperature: expected a number, got '1'"),
        ({"model": "x" * 200, "status": None}, "status: expected a string, got null"),
        ({"created_at": "x" * 200}, "created_at: expected an integer, got '" + "x" * 76 + "..."),
    ],
)
def test_wrong_value_is_rejected_with_its_path(change: dict[str, Any], message: str) -> None:
    """The error has the path, the expected type, and the value, shortened if it is long."""
    with pytest.raises(DecodeError) as caught:
        RunList.from_dict({**PAGE, "data": [FIRST, {**FIRST, **change}]})
    assert str(caught.value) == f"data[1].{message}"
    assert caught.value.path[:2] == ("data", 1)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("key", [key for key in FIRST if key != "file_ids"])
def test_missing_key_is_named(key: str) -> None:
    """Each key that every recorded run has is required, and the error names it."""
    with pytest.raises(DecodeError, match=f"^{key}: missing$"):
        Run.from_dict({name: value for name, value in FIRST.items() if name != key})


def test_unknown_values_are_kept() -> None:
    """Unknown fields, enum values and variants are available, and encoded again."""
    tool = {"type": TOOL, TOOL: {"ranker": "auto"}}
    sent = {**FIRST, "status": VALUE, "tools": [tool], FIELD: "high", OTHER_FIELD: True}
    run = Run.from_dict(sent)
    assert run.status == VALUE
    assert isinstance(run.tools[0], UnknownVariant)
    assert run.tools[0][TOOL] == {"ranker": "auto"}
    assert run.additional_properties == {FIELD: "high", OTHER_FIELD: True}
    assert run.to_dict() == sent


def test_unknown_fields_are_allocated_on_access() -> None:
    """The dict of unknown fields is created on access, and an empty one makes no difference."""
    run, other = Run.from_dict(FIRST), Run.from_dict(FIRST)
    assert not hasattr(run, "_unknown")
    assert run.unknown_fields is UNSET
    other.additional_properties["later"] = 1
    assert run != other
    del other.additional_properties["later"]
    assert run == other
    assert run.additional_properties == {}


def test_absent_is_not_null() -> None:
    """A missing optional key is UNSET, null is None, and both are encoded as they were."""
    assert Run.from_dict(FIRST).usage is UNSET
    assert Run.from_dict({**FIRST, "usage": None}).usage is None
    assert "usage" not in Run.from_dict(FIRST).to_dict()
    assert Run.from_dict({**FIRST, "usage": None}).to_dict()["usage"] is None


def test_unset_is_one_object() -> None:
    """UNSET is false, has a readable repr, and stays the same object when copied, pickled or created again."""
    assert not UNSET
    assert repr(UNSET) == "UNSET"
    for again in (copy.copy(UNSET), copy.deepcopy(UNSET), pickle.loads(pickle.dumps(UNSET)), Unset(None)):
        assert again is UNSET
    assert copy.deepcopy(Run.from_dict(FIRST)).usage is UNSET


def test_subclass_keeps_its_type() -> None:
    """A subclass of a model keeps its type in from_dict and from_json."""

    class MyRun(Run):
        pass

    assert type(MyRun.from_dict(FIRST)) is MyRun
    assert type(MyRun.from_json(json.dumps(FIRST))) is MyRun


@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "../x", "a\\b", "a\nb", "\x00", "a\x7f", "\udc80"])
def test_invalid_path_parameter(value: str) -> None:
    """A value that would change the path is rejected, with the name of the parameter."""
    with pytest.raises(ValueError, match=r"^thread_id must be "):
        list_runs(value)


@RELAXED
@given(st.text(min_size=1))
def test_path_parameter_is_one_segment(value: str) -> None:
    """Any other text is quoted, so that the path keeps three segments and the text can be restored."""
    from urllib.parse import unquote

    try:
        path = list_runs(value).path
    except ValueError:
        return
    first, segment, last = path.split("/")
    assert (first, last) == ("threads", "runs")
    assert unquote(segment) == value
    assert not set(segment) & set("?#%") - {"%"}


def test_request_has_only_given_parameters() -> None:
    """Defaults are left to the server, except headers with a single value."""
    request = list_runs("thread_1")
    assert (request.method, request.path, request.params) == ("GET", "threads/thread_1/runs", {})
    assert request.headers == {"OpenAI-Beta": "assistants=v1", "Content-Type": "application/json"}
    assert list_runs("thread_1", limit=5, order="asc").params == {"limit": "5", "order": "asc"}


@pytest.mark.parametrize(("status", "model"), [(400, ErrorResponse), (503, ErrorResponse), (520, ErrorResponse)])
def test_response_model_by_status(status: int, model: type) -> None:
    """Errors have the documented model, also for statuses outside the standard."""
    body = {"error": {"message": "m", "type": "t", "param": None, "code": None}}
    assert type(list_runs("thread_1").parse(status, json.dumps(body).encode())) is model


def test_undocumented_status_has_no_model() -> None:
    """A status that the document does not describe has no model."""
    request = list_runs("thread_1")
    assert request.parse(302, b"") is None
    assert request.parse(777, b"?") is None
    assert request.parse(200, json.dumps(PAGE).encode()) == RunList.from_dict(PAGE)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"object": "list"', b"\xff\xfe", b"[" * 100_000, b"NaN"])
def test_invalid_json_is_a_decode_error(body: bytes) -> None:
    """HTML, truncated, wrongly encoded and deeply nested bodies raise a DecodeError."""
    with pytest.raises(DecodeError, match=r"^body: not JSON: "):
        RunList.from_json(body)


def test_package_contains_the_document() -> None:
    """The package contains the document as JSON and as YAML, with equal content."""
    import yaml

    from threadruns._document import source

    assert yaml.safe_load(source()) == document()
