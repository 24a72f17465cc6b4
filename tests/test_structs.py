"""Tests that decoding with structs is used when possible, and gives the same result as decoding from dicts."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.document.bodies import FIRST, RUNS, listed
from tests.strategies import JSON, mutated, values
from threadruns._document import document
from threadruns_api import structs
from threadruns_api.models import CodeInterpreterTool, FunctionTool, Metadata, Run, RunList
from threadruns_api.structs import Codec
from threadruns_api.types import DecodeError, UnknownVariant

RELAXED = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
SCHEMAS: dict[str, Any] = document()["components"]["schemas"]
V2: dict[str, Any] = {"parallel_tool_calls": True, "reasoning_effort": None, "x-y z": [1, {"deep": {}}]}


@pytest.fixture(autouse=True)
def _from_the_first_body(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use structs from the first body on, and forget learnt fields afterwards."""
    monkeypatch.setattr(structs, "WORTHWHILE", 1)
    _forget()
    yield
    _forget()


def _forget() -> None:
    for codec in structs.CODECS.values():
        codec.__init__(codec.model, codec.decode, codec.adopt, codec.keys, codec.tag)


def uses_structs(codec: Codec, content: bytes) -> bool:
    """Return whether structs accept a body; otherwise it is decoded from a dict."""
    read = codec._read
    assert read is not None
    try:
        read(content)
    except msgspec.DecodeError:
        return False
    return True


def outcome(decode: Any, source: Any) -> Any:
    """Return the decoded object, or the message of the error."""
    try:
        return decode(source)
    except DecodeError as error:
        return str(error)


@pytest.mark.parametrize("name", [*RUNS, "page"])
def test_recorded_forms_use_structs(name: str) -> None:
    """Runs and pages of each recorded form are decoded with structs, and encoded to the same JSON."""
    model, body = (Run, RUNS[name]) if name in RUNS else (RunList, listed(*RUNS.values()))
    content = json.dumps(body).encode()
    assert model.from_json(content).to_dict() == body
    assert uses_structs(model._codec, content)


@RELAXED
@given(st.lists(values(SCHEMAS["RunList"]) | mutated(SCHEMAS["RunList"]) | JSON, min_size=1, max_size=4))
def test_pages_decode_alike_with_and_without_structs(bodies: list[Any]) -> None:
    """In any sequence of bodies, each is decoded or rejected with the same message as from a dict."""
    for body in bodies:
        content = json.dumps(body)
        plain = outcome(RunList.from_dict, json.loads(content))
        for _ in range(2):
            found = outcome(RunList.from_json, content)
            assert found == plain
            assert type(found) is type(plain)
            if isinstance(found, RunList):
                assert repr(found) == repr(plain)
                assert found.to_dict() == body


@RELAXED
@given(st.data())
def test_every_model_decodes_alike_with_and_without_structs(data: st.DataObject) -> None:
    """Each model that is decoded by itself gives the same result with and without structs."""
    codec = data.draw(st.sampled_from([codec for codec in structs.CODECS.values() if codec.model.__name__ in SCHEMAS]))
    schema = SCHEMAS[codec.model.__name__]
    content = json.dumps(data.draw(values(schema) | mutated(schema)))
    plain = outcome(codec.model.from_dict, json.loads(content))
    assert outcome(codec.model.from_json, content) == plain


def test_unknown_fields_are_learnt() -> None:
    """Unknown fields are kept, and later bodies with or without them are decoded with structs."""
    tool = {"type": "function", "function": {"name": "f", "strict": True}, "x": 1}
    sent = {**FIRST, **V2, "tools": [tool, {"type": "code_interpreter", "cache": 3}], "usage": None}
    content = json.dumps(sent).encode()
    assert Run.from_json(content).to_dict() == sent
    assert uses_structs(Run._codec, content)
    run = Run.from_json(content)
    assert run.to_dict() == sent
    assert run == Run.from_dict(sent)
    assert run.additional_properties == V2
    tools = run.tools
    assert isinstance(tools[0], FunctionTool)
    assert isinstance(tools[1], CodeInterpreterTool)
    assert (tools[0].additional_properties, tools[1].additional_properties) == ({"x": 1}, {"cache": 3})
    less = {key: value for key, value in sent.items() if key != "x-y z"}
    assert uses_structs(Run._codec, json.dumps(less).encode())
    assert Run.from_json(json.dumps(less)).to_dict() == less
    assert Run.from_json(json.dumps(FIRST))._unknown is None


def test_unknown_variant_is_kept() -> None:
    """A body with an unknown variant is not decoded with structs, and is kept completely."""
    tool = {"type": "file_search", "file_search": {"ranker": "auto"}}
    content = json.dumps({**FIRST, "tools": [{"type": "retrieval"}, tool]}).encode()
    for _ in range(3):
        run = Run.from_json(content)
        assert isinstance(run.tools[1], UnknownVariant)
        assert run.tools[1] == tool
    assert not uses_structs(Run._codec, content)


def test_learning_is_limited() -> None:
    """If a server sends new keys with each body, a limited number is learnt, and all are kept."""
    Run.from_json(json.dumps(FIRST))
    before = len(structs.EXTRA)
    for number in range(structs.LESSONS + 5):
        sent = {**FIRST, **{f"key_{number}_{place}": place for place in range(20)}}
        assert Run.from_json(json.dumps(sent)).to_dict() == sent
    assert len(Run._codec.learnt) == structs.LEARNT_AT_MOST
    assert len(structs.EXTRA) - before <= structs.LESSONS * len(structs.CODECS)


@pytest.mark.parametrize("key", ['a"b', "a\\b", "\n", "\x00", "x" * 65, "é", "_0", "__class__", "class", ""])
def test_key_that_no_struct_can_have(key: str) -> None:
    """A field with any name is kept, and bodies without it are still decoded with structs."""
    plain = json.dumps(FIRST).encode()
    Run.from_json(plain)
    for _ in range(2):
        assert Run.from_json(json.dumps({**FIRST, key: 1})).to_dict() == {**FIRST, key: 1}
    assert uses_structs(Run._codec, plain)


def test_lone_surrogate_is_rejected() -> None:
    """A lone surrogate is a DecodeError, with and without structs."""
    for _ in range(2):
        with pytest.raises(DecodeError, match="not JSON"):
            Run.from_json('{"id": "\ud800"}')


def test_subclass_keeps_its_type() -> None:
    """A subclass of a model keeps its type, also after structs were created for the model."""

    class MyRun(Run):
        pass

    content = json.dumps(FIRST)
    assert type(Run.from_json(content)) is Run
    assert type(MyRun.from_json(content)) is MyRun
    assert type(Metadata.from_json('{"k": "v"}')) is Metadata


def test_first_bodies_create_no_structs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that decodes few bodies does not create structs."""
    monkeypatch.setattr(structs, "WORTHWHILE", 3)
    content = json.dumps(FIRST)
    for _ in range(2):
        Run.from_json(content)
        assert Run._codec._read is None
    Run.from_json(content)
    assert Run._codec._read is not None


def test_threads_create_structs_concurrently(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that decode their first bodies and learn fields concurrently get correct results."""
    monkeypatch.setattr(structs, "LESSONS", 1000)
    _forget()
    bodies = [json.dumps({**FIRST, "id": f"run_{number}", f"key_{number}": number}) for number in range(256)]
    found: list[Run] = []
    interval = sys.getswitchinterval()
    together = threading.Barrier(8)

    def work(part: int) -> None:
        together.wait()
        found.extend([Run.from_json(body) for body in bodies[part::8]])

    threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert len(Run._codec.learnt) <= structs.LEARNT_AT_MOST
    assert sorted((run.to_dict() for run in found), key=lambda run: int(run["id"][4:])) == [*map(json.loads, bodies)]
