"""Decoding of JSON text: the fast ways and the tolerant one have the same result, whatever a body holds."""

from __future__ import annotations

import copy
import json
import pickle
import sys
import threading
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.document.bodies import FIFTH, FIRST, RUNS, WAITING, listed
from tests.strategies import JSON, mutated, values
from tests.support.unknown import FIELD, OTHER_FIELD, TOOL
from threadruns._document import document
from threadruns._samples import complete
from threadruns_api import models
from threadruns_api.errors import DecodeError
from threadruns_api.models import CodeInterpreterTool, FunctionTool, Run, RunList, Usage
from threadruns_api.reading import REFUSED, reader_of, salvage
from threadruns_api.values import MODELS, UNSET, UnknownVariant

RELAXED = settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
SCHEMAS: dict[str, Any] = document()["components"]["schemas"]
V2: dict[str, Any] = {OTHER_FIELD: True, FIELD: None, "x-y z": [1, {"deep": {}}]}
NESTED: dict[str, Any] = complete(
    "Run",
    {
        **FIFTH,
        **V2,
        "tools": [
            {"type": "function", "function": {"name": "f", "x_strict": True}, "x": 1},
            {"type": "code_interpreter", "x_cache": 3},
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2, "x_details": {"x_cached": 0}},
    },
)
"""A run with unknown fields at each level."""
WITHOUT_FILES = {key: value for key, value in FIRST.items() if key != "file_ids"}


def outcome(decode: Any, source: Any) -> Any:
    """Return what a body decodes to, or the sentence that refuses it."""
    try:
        return decode(source)
    except DecodeError as error:
        return str(error)


def is_read_strictly(model: Any, content: bytes) -> bool:
    """Return whether msgspec reads a body into models at once."""
    try:
        reader_of(model).strict(content)
    except REFUSED:
        return False
    return True


@pytest.mark.parametrize("name", [*RUNS, "page"])
def test_every_shape_that_runs_had_is_read_at_once(name: str) -> None:
    """msgspec alone reads each shape that runs and pages had over time, and each comes back as it was sent."""
    model, body = (Run, RUNS[name]) if name in RUNS else (RunList, listed(*RUNS.values()))
    content = json.dumps(body).encode()
    assert is_read_strictly(model, content)
    assert model.from_json(content).to_dict() == body


@RELAXED
@given(values(SCHEMAS["RunList"]) | mutated(SCHEMAS["RunList"]) | JSON)
def test_pages_decode_alike_from_text_and_from_dicts(body: Any) -> None:
    """A body is decoded, or refused in the same words, the same way from text as from a dict; keys keep their order."""
    content = json.dumps(body)
    plain = outcome(RunList.from_dict, json.loads(content))
    found = outcome(RunList.from_json, content)
    assert found == plain
    assert type(found) is type(plain)
    if isinstance(found, RunList):
        assert repr(found) == repr(plain)
        assert found.to_dict() == body
        assert json.dumps(found.to_dict()) == json.dumps(plain.to_dict())
        assert json.loads(found.to_json()) == body


@RELAXED
@given(st.data())
def test_every_model_decodes_alike_from_text_and_from_dicts(data: st.DataObject) -> None:
    """What holds for pages holds for each model that is decoded by itself."""
    model = data.draw(st.sampled_from([model for model in MODELS if model.__name__ in SCHEMAS]))
    schema = SCHEMAS[model.__name__]
    content = json.dumps(data.draw(values(schema) | mutated(schema)))
    assert outcome(model.from_json, content) == outcome(model.from_dict, json.loads(content))


@RELAXED
@given(st.lists(values(SCHEMAS["Run"]) | mutated(SCHEMAS["Run"]), max_size=5), st.booleans())
def test_what_is_kept_comes_back_as_it_was_sent(runs: list[Any], fast: bool) -> None:
    """With what is invalid kept, every run is there, each problem is named, and the page comes back as it was sent."""
    body = {**listed(), "data": runs} if fast else {"data": runs}
    page, problems = salvage(json.dumps(body), RunList, keep=True)
    objects = [run for run in runs if isinstance(run, dict)]
    assert page.to_dict() == {**body, "data": objects}
    assert [problem.value for problem in problems if problem.is_left_out] == [run for run in runs if run not in objects]
    bad = {problem.path[1] for problem in problems if problem.path[0] == "data"}
    assert bad == {place for place, run in enumerate(runs) if isinstance(outcome(Run.from_dict, run), str)}


@RELAXED
@given(st.lists(values(SCHEMAS["Run"]) | mutated(SCHEMAS["Run"]), max_size=5))
def test_what_is_left_out_is_what_is_refused(runs: list[Any]) -> None:
    """With invalid items left out, the others are there as if alone, and each other one is named with its problem."""
    page, problems = salvage(json.dumps({**listed(), "data": runs}), RunList, keep=False)
    outcomes = [outcome(Run.from_dict, run) for run in runs]
    assert page.data == [found for found in outcomes if isinstance(found, Run)]
    refused = [(place, run) for place, run in enumerate(runs) if isinstance(outcomes[place], str)]
    assert [(problem.path[1], problem.value) for problem in problems] == refused
    assert all(problem.is_left_out for problem in problems)
    assert [str(DecodeError(p.path[2:], p.problem)) for p in problems] == [outcomes[place] for place, _ in refused]


def test_unknown_fields_are_kept_at_every_level() -> None:
    """Unknown fields of a run and of what it holds are there, as text or dict, alone or in a page."""
    page = listed(FIRST, NESTED, {**FIRST, **V2}, FIRST, NESTED)
    for decoded in (RunList.from_json(json.dumps(page)), RunList.from_dict(page)):
        assert decoded.to_dict() == page
        run = decoded.data[1]
        assert run.additional_properties == V2
        assert isinstance(run.usage, Usage)
        assert run.usage.additional_properties == {"x_details": {"x_cached": 0}}
        function, interpreter = run.tools
        assert isinstance(function, FunctionTool)
        assert isinstance(interpreter, CodeInterpreterTool)
        assert function.function.unknown_fields == {"x_strict": True}
        assert (function.unknown_fields, interpreter.unknown_fields) == ({"x": 1}, {"x_cache": 3})
        assert decoded.data[0].unknown_fields is UNSET
    assert Run.from_json(json.dumps(NESTED)) == Run.from_dict(NESTED)


@pytest.mark.parametrize("source", [NESTED, {**FIRST, **V2}], ids=["nested", "own"])
@pytest.mark.parametrize(
    "again",
    [
        copy.copy,
        copy.deepcopy,
        attrs.evolve,
        Run.__replace__,
        lambda run: pickle.loads(pickle.dumps(run)),
        lambda run: copy.deepcopy(pickle.loads(pickle.dumps(attrs.evolve(run)))),
    ],
)
def test_unknown_fields_survive_every_copy(again: Any, source: dict[str, Any]) -> None:
    """Whatever makes a new object of a run hands its unknown fields on, also of a class of one's own."""

    for model in (Run, PlainRun):
        run = model.from_json(json.dumps(source))
        other = again(run)
        assert type(other) is model
        assert other == run
        assert other.to_dict() == source
        assert json.loads(other.to_json()) == source
        other.additional_properties["later"] = 1
        assert "later" not in run.additional_properties or again is copy.copy


class PlainRun(Run):
    """A class of one's own, which pickle finds."""


class MyRun(Run):
    """A class of one's own with a field of its own."""

    note: str = "none"


def test_a_class_of_ones_own_is_decoded_to() -> None:
    """A derived class keeps its type and has its own fields, from text and dict, with unknown fields and without."""
    for source in (FIRST, {**FIRST, **V2}, {**NESTED, "note": "mine"}):
        for run in (MyRun.from_json(json.dumps(source)), MyRun.from_dict(source)):
            assert type(run) is MyRun
            assert run.note == source.get("note", "none")
            assert {**run.to_dict(), "note": run.note} == {"note": "none", **source}
    assert type(Run.from_json(json.dumps(FIRST))) is Run
    with pytest.raises(TypeError, match=r"^Derive Other from a model without attrs\.define: "):

        @attrs.define
        class Other(Run):
            pass


def test_attrs_describes_a_model() -> None:
    """attrs knows a model as one of its classes, with resolved types; asdict without UNSET goes through JSON."""
    run = Run.from_json(json.dumps(NESTED))
    assert attrs.has(Run)
    assert [field.name for field in attrs.fields(FunctionTool)] == ["type", "function", "unknown_fields"]
    assert attrs.fields(Run).last_error.type == models.LastError | None
    found = attrs.asdict(run, filter=lambda _, value: value is not UNSET)
    assert json.loads(json.dumps(found)) == found
    assert not [name for name in found if name.startswith("_")]
    assert found["tools"][0] == {
        "type": "function",
        "function": {"name": "f", "unknown_fields": {"x_strict": True}},
        "unknown_fields": {"x": 1},
    }
    plain = Run.from_dict(FIFTH)
    assert attrs.asdict(plain, filter=lambda _, value: value is not UNSET) == FIFTH
    assert attrs.evolve(plain, status="cancelled").to_dict() == {**FIFTH, "status": "cancelled"}
    assert attrs.evolve(plain, unknown_fields={"x": 1}).to_dict() == {**FIFTH, "x": 1}


def test_msgspec_writes_and_reads_a_model() -> None:
    """msgspec's own functions take a model; what they write has the known fields and no private name."""
    assert json.loads(msgspec.json.encode(Run.from_dict(FIFTH))) == FIFTH
    assert json.loads(msgspec.json.encode(Run.from_json(json.dumps({**FIFTH, **V2})))) == FIFTH
    assert msgspec.json.decode(json.dumps([FIFTH]), type=list[Run]) == [Run.from_dict(FIFTH)]


@pytest.mark.parametrize(
    "key", ["_unknown", "unknown_fields", "additional_properties", "*type", "__class__", "", "\ud83d"]
)
def test_no_key_is_mistaken_for_a_name_of_ours(key: str) -> None:
    """Whatever an unknown field is called, it is kept as one, in a run and in a variant."""
    sent = {**FIRST, key: "function", "tools": [{"type": "function", "function": {"name": "f"}, key: "function"}]}
    for run in (Run.from_json(json.dumps(sent)), Run.from_dict(sent)):
        assert run.to_dict() == sent
        assert run.tools[0].unknown_fields == {key: "function"}
        assert json.loads(run.to_json()) == sent


def test_repr_shows_unknown_fields_and_no_unset() -> None:
    """The repr has what was sent and nothing else."""
    shown = repr(Run.from_json(json.dumps({**FIRST, **V2})))
    assert f"unknown_fields={{{OTHER_FIELD!r}: True" in shown
    assert "UNSET" not in shown


def test_models_compare_by_all_that_they_hold() -> None:
    """Two runs are equal if their fields are, the unknown ones too; a run equals nothing of another class."""
    run = Run.from_json(json.dumps({**FIRST, "x": 1}))
    assert run == Run.from_dict({**FIRST, "x": 1})
    assert run != Run.from_dict({**FIRST, "x": 2})
    assert run != Run.from_dict(FIRST)
    assert run != {**FIRST, "x": 1}
    assert Run.from_dict(FIRST) != MyRun.from_dict(FIRST)


def test_an_unknown_variant_is_kept_whole() -> None:
    """A tool, an action or a call of a type that the document does not know is a dict with its type, in any body."""
    tool = {"type": TOOL, TOOL: {"ranker": "auto"}}
    call = {"id": "call_1", "type": "mcp", "server": "x"}
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}}
    approval = {"type": "submit_tool_approval", "submit_tool_approval": {"tool_calls": []}}
    sent = {**FIRST, "tools": [{"type": "retrieval"}, tool], "required_action": action}
    page = listed(FIRST, sent, {**FIRST, "required_action": approval}, WAITING)
    for decoded in (RunList.from_json(json.dumps(page)), RunList.from_dict(page)):
        assert decoded.to_dict() == page
        run = decoded.data[1]
        kept = run.tools[1]
        assert isinstance(kept, UnknownVariant)
        assert (kept.type, kept[TOOL], kept) == (TOOL, {"ranker": "auto"}, tool)
        assert isinstance(run.required_action, models.RequiredAction)
        assert run.required_action.submit_tool_outputs.tool_calls == [call]
        assert decoded.data[2].required_action == approval
    assert UnknownVariant().type is UNSET


@pytest.mark.parametrize(
    ("source", "expression", "message"),
    [
        (FIRST, "run.usage.total_tokens", r"run\.usage.*`if run\.usage:`$"),
        (FIRST, "run.usage is not None and run.usage.total_tokens", r"run\.usage.*`if run\.usage:`$"),
        (FIRST, "run.truncation_strategy.last_messages", r"`if run\.truncation_strategy:`$"),
        (WITHOUT_FILES, "run.file_ids.append", r"`if run\.file_ids:`$"),
        (FIRST, "run.incomplete_details.reason", r"`if run\.incomplete_details:`$"),
        (FIRST, "run.usage.nonsense", r"Test the field first: `if object\.field:`$"),
    ],
)
def test_what_is_asked_of_an_absent_field_says_which_it_is(source: Any, expression: str, message: str) -> None:
    """An attribute of UNSET is an error that names the field that may be absent, and how to test it."""
    with pytest.raises(AttributeError, match=message):
        eval(expression, {"run": Run.from_dict(source)})
    assert not hasattr(UNSET, "__array_interface__")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"object": "list", "data": [], "first_id": null, "last_id": NaN, "has_more": false}', "last_id: "),
        (json.dumps(listed({**FIRST, "temperature": float("nan")})).encode(), "data[0].temperature: "),
        (json.dumps(listed(FIRST, {**FIRST, "x": [{"y": float("-inf")}]})).encode(), "data[1].x[0].y: "),
    ],
)
def test_what_is_no_number_is_refused_with_its_place(body: bytes, place: str) -> None:
    """NaN and Infinity are refused, with their path and name, in known and unknown fields."""
    with pytest.raises(DecodeError) as caught:
        RunList.from_json(body)
    assert str(caught.value).startswith(f"{place}not JSON: ")
    for keep in (True, False):
        with pytest.raises(DecodeError):
            salvage(body, RunList, keep=keep)


@pytest.mark.parametrize("text", ["cut \ud83d", "\udc00 begins", "\udfff\ud800"])
def test_half_of_a_surrogate_pair_costs_nothing(text: str) -> None:
    """Half of a surrogate pair is kept in any text or key, and written as the escape that it came as."""
    sent = {**FIRST, "instructions": text, "metadata": {text: text}, "x": [{text: text}]}
    content = json.dumps(listed(FIRST, sent, FIRST))
    page = RunList.from_json(content)
    assert page.to_dict() == json.loads(content)
    assert json.loads(page.to_json()) == json.loads(content)
    assert page.data[1].to_json().isascii()
    assert pickle.loads(pickle.dumps(page)) == page
    with pytest.raises(DecodeError, match=r"^data\[1\]\.id: expected a string, got 7$"):
        RunList.from_json(json.dumps({**listed(), "data": [sent, {**sent, "id": 7}]}))


@RELAXED
@given(mutated(SCHEMAS["RunList"]), st.sampled_from(["object", "first_id", "last_id", "has_more"]), JSON)
def test_what_is_wrong_first_is_said(body: Any, key: str, value: Any) -> None:
    """Of several problems, the same one is said of text as of a dict."""
    body = {**body, key: value} if isinstance(body, dict) else body
    assert outcome(RunList.from_json, json.dumps(body)) == outcome(RunList.from_dict, body)


@pytest.mark.parametrize("source", [FIRST, {**FIRST, **V2}, NESTED])
def test_a_byte_order_mark_is_skipped(source: dict[str, Any]) -> None:
    """A body that begins with a byte order mark decodes as without it, as bytes and as text."""
    for text in (json.dumps(source), json.dumps({**source, "instructions": "é"}, ensure_ascii=False)):
        assert Run.from_json(f"\ufeff{text}") == Run.from_json(text)
        assert Run.from_json(f"\ufeff{text}".encode()) == Run.from_json(text)


@pytest.mark.parametrize("run", [FIRST, NESTED, {**FIRST, "tools": [{"type": TOOL}]}])
def test_what_is_read_over_must_be_utf_8(run: dict[str, Any]) -> None:
    """Bytes that are not UTF-8 are refused where they stand in an unknown field, too."""
    content = json.dumps(listed({**run, "x": "@"})).encode().replace(b"@", b"\xff")
    with pytest.raises(DecodeError, match=r"^body: not JSON: "):
        RunList.from_json(content)


def test_a_page_is_decoded_in_many_threads_at_once() -> None:
    """Threads that decode bodies of every kind to a class that none has used before all get theirs right."""

    class Fresh(RunList):
        pass

    pages = [listed(FIRST, {**NESTED, "id": f"run_{number}"}, {**FIRST, f"key_{number}": 1}) for number in range(64)]
    found: list[Any] = []
    together = threading.Barrier(8)

    def work(part: int) -> None:
        together.wait()
        found.extend([Fresh.from_json(json.dumps(page)) for page in pages[part::8]])

    threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert sorted(page.data[1].id for page in found) == sorted(page["data"][1]["id"] for page in pages)
    assert all(page.to_dict() in pages for page in found)
