"""Tests of ``scripts/generate`` with edited documents."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import generate
from tests.support.documents import Document, Edit, add_operations, edited, operation, schemas
from tests.support.unknown import FIELD, NEW_VALUE, PARAMETER, TOOL, VALUE
from threadruns._samples import complete

RUN = complete(
    "Run",
    {
        "id": "run_1",
        "object": "thread.run",
        "created_at": 1699075072,
        "assistant_id": "asst_1",
        "thread_id": "thread_1",
        "status": "completed",
        "started_at": 1699075072,
        "expires_at": None,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": 1699075073,
        "last_error": None,
        "model": "gpt-4",
        "instructions": None,
        "tools": [{"type": "code_interpreter"}],
        "metadata": {},
    },
)


def add_field(document: Document) -> None:
    schemas(document)["Run"]["properties"][FIELD] = {
        "oneOf": [{"$ref": "#/components/schemas/Timestamp"}, {"type": "null"}],
        "description": "How urgent the run is, from 0.",
    }


def add_enum_value(document: Document) -> None:
    schemas(document)["RunStatus"]["enum"].append(NEW_VALUE)


def add_variant(document: Document) -> None:
    schemas(document)["XUnknownTool"] = {
        "type": "object",
        "description": "Searches files.",
        "required": ["type", "ranker"],
        "properties": {
            "type": {"type": "string", "const": TOOL, "description": "Always the same."},
            "ranker": {"type": "string", "description": "How results are ranked."},
        },
    }
    schemas(document)["Tool"]["oneOf"].append({"$ref": "#/components/schemas/XUnknownTool"})
    schemas(document)["Tool"]["discriminator"]["mapping"][TOOL] = "#/components/schemas/XUnknownTool"


def add_parameter(document: Document) -> None:
    operation(document)["parameters"].append(
        {
            "name": PARAMETER,
            "in": "query",
            "description": "Only runs that stand so.",
            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/RunStatus"}},
        }
    )


def add_endpoint(document: Document) -> None:
    step = {
        "type": "object",
        "description": "One step of a run.",
        "required": ["id", "parent"],
        "properties": {
            "id": {"type": "string", "description": "The id of the step."},
            "parent": {
                "oneOf": [{"$ref": "#/components/schemas/Step"}, {"type": "null"}],
                "description": "The step before, whole.",
            },
        },
    }
    listed = {
        "type": "object",
        "description": "One page of steps.",
        "required": ["data", "has_more"],
        "properties": {
            "data": {"type": "array", "items": {"$ref": "#/components/schemas/Step"}, "description": "The steps."},
            "has_more": {"type": "boolean", "description": "Whether more follow."},
        },
    }
    schemas(document).update(Step=step, StepList=listed)
    thread_id = operation(document)["parameters"][0]
    document["paths"]["/threads/{thread_id}/runs/{run_id}/steps"] = {
        "get": {
            "operationId": "listSteps",
            "tags": ["runs"],
            "summary": "List the steps of a run",
            "description": "Returns one page of the steps of a run.",
            "security": [{"bearer": []}],
            "parameters": [
                thread_id,
                {
                    "name": "run_id",
                    "in": "path",
                    "required": True,
                    "description": "The run.",
                    "schema": {"type": "string"},
                },
            ],
            "responses": {
                "200": {
                    "description": "A page of steps.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StepList"}}},
                }
            },
        }
    }


@pytest.fixture(scope="module")
def emit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., ModuleType]]:
    """Generate from an edited document, once for the same edits, and import the result under a name of its own."""
    folder = tmp_path_factory.mktemp("emitted")
    packages: dict[tuple[Edit, ...], str] = {}

    def run(*edits: Edit) -> ModuleType:
        if edits not in packages:
            name = f"emitted_{len(packages)}"
            generate.build(edited(folder, *edits), folder / name)
            packages[edits] = name
        return importlib.import_module(f"{packages[edits]}.models")

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield run
    for module in [module for module in sys.modules if module.partition(".")[0] in packages.values()]:
        del sys.modules[module]


def test_committed_package_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """``scripts/generate --check`` succeeds on the checkout and reports it."""
    assert generate.main(["--check"]) == 0
    assert "is up to date" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda target: (target / "models" / "run.py").write_text("# edited\n"), "changed: models/run.py"),
        (lambda target: (target / "types.py").unlink(), "missing: types.py"),
        (lambda target: (target / "models" / "stray.py").write_text(""), "extra: models/stray.py"),
    ],
    ids=["changed", "missing", "extra"],
)
def test_check_reports_each_difference(
    spoil: Callable[[Path], object], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check fails for a changed, a missing and an extra file and writes nothing; generating corrects all."""
    target = tmp_path / "threadruns_api"
    shutil.copytree(generate.TARGET, target)
    spoil(target)
    arguments = ["--target", str(target)]
    assert generate.main([*arguments, "--check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        line,
        "generated/ does not match the document; run: scripts/generate",
    ]
    assert generate.main(arguments) == 0
    assert generate.main([*arguments, "--check"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["threadruns_api"]


def test_copy_of_the_page_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page in the documentation is checked and written with the package."""
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "TARGET", tmp_path / "threadruns_api")
    monkeypatch.setattr(generate, "PAGE_COPY", tmp_path / "api.html")
    arguments = ["--target", str(generate.TARGET)]
    assert generate.main(arguments) == 0
    assert generate.PAGE_COPY.read_bytes() == (generate.TARGET / "page.html").read_bytes()
    generate.PAGE_COPY.write_text("<p>edited</p>")
    capsys.readouterr()
    assert generate.main([*arguments, "--check"]) == 1
    assert capsys.readouterr().out.splitlines()[0] == "changed: api.html"


def test_generation_is_deterministic(tmp_path: Path) -> None:
    """Generating twice gives the same files."""
    for name in ("one", "two"):
        generate.build(generate.DOCUMENT, tmp_path / name)
    assert generate.differences(tmp_path / "one", tmp_path / "two") == []


def test_new_field(emit: Callable[..., ModuleType]) -> None:
    """A new field of the document is decoded, checked and documented, and may be absent or null."""
    run_type = emit(add_field).Run
    for sent in ({**RUN, FIELD: 1699075072}, {**RUN, FIELD: None}, RUN):
        assert run_type.from_dict(sent).to_dict() == sent
    assert (
        run_type.from_dict(RUN).x_unknown_field is sys.modules[f"{run_type.__module__.partition('.')[0]}.values"].UNSET
    )
    with pytest.raises(ValueError, match=rf"^{FIELD}: expected an integer, got 'high'$"):
        run_type.from_dict({**RUN, FIELD: "high"})
    assert "How urgent the run is" in Path(sys.modules[run_type.__module__].__file__).read_text()


def test_new_enum_value(emit: Callable[..., ModuleType]) -> None:
    """A new enum value is listed, and other values remain plain strings."""
    models = emit(add_enum_value)
    known = importlib.import_module(f"{models.__name__}.run_status").RUN_STATUS_VALUES
    assert NEW_VALUE in known
    assert models.Run.from_dict({**RUN, "status": VALUE}).status == VALUE


def test_new_variant(emit: Callable[..., ModuleType]) -> None:
    """A new kind of tool is decoded to its own class, with its own errors."""
    models = emit(add_variant)
    tool = {"type": TOOL, "ranker": "auto"}
    run = models.Run.from_dict({**RUN, "tools": [tool]})
    assert type(run.tools[0]) is models.XUnknownTool
    assert run.to_dict()["tools"] == [tool]
    with pytest.raises(ValueError, match=r"^tools\[0\]\.ranker: missing$"):
        models.Run.from_dict({**RUN, "tools": [{"type": TOOL}]})


def test_new_parameter(emit: Callable[..., ModuleType]) -> None:
    """A new query parameter is a keyword of the operation, and a list is sent as repeated values."""
    package = emit(add_parameter).__name__.partition(".")[0]
    list_runs = importlib.import_module(f"{package}.api.runs.list_runs").list_runs
    assert list_runs("thread_1", **{PARAMETER: ["queued", "failed"]}).params == {PARAMETER: ["queued", "failed"]}
    assert list_runs("thread_1").params == {}


def test_a_request_header_of_the_document_is_sent(emit: Callable[..., ModuleType]) -> None:
    """A header under x-request-headers is sent with its value, whatever its name and characters."""

    def add_header(document: Document) -> None:
        operation(document)["x-request-headers"] = {"Content-Type": "a/b", "x-odd": 'say "it\'s"'}

    package = emit(add_header).__name__.partition(".")[0]
    list_runs = importlib.import_module(f"{package}.api.runs.list_runs").list_runs
    headers = {"OpenAI-Beta": "assistants=v1", "Content-Type": "a/b", "x-odd": 'say "it\'s"'}
    assert list_runs("thread_1").headers == headers


def test_second_list_endpoint(emit: Callable[..., ModuleType]) -> None:
    """Another list operation builds its request and decodes its page, with a schema that refers to itself."""
    models = emit(add_endpoint)
    package = models.__name__.partition(".")[0]
    request = importlib.import_module(f"{package}.api.runs.list_steps").list_steps("thread_1", "run 1")
    assert (request.method, request.path) == ("GET", "threads/thread_1/runs/run%201/steps")
    assert request.model is models.StepList
    page = {"data": [{"id": "step_2", "parent": {"id": "step_1", "parent": None}}], "has_more": False}
    assert request.model.from_dict(page).to_dict() == page


def test_generated_code_is_typed(tmp_path: Path) -> None:
    """The code of a document with all edits passes the strict type checker."""
    edits = (add_field, add_enum_value, add_variant, add_parameter, add_endpoint, add_operations)
    generate.build(edited(tmp_path, *edits), tmp_path / "emitted")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}", "emitted"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def inconvenient_names(document: Document) -> None:
    names = ["d", "cls", "cast", "source", "get", "fields", "decoded", "new", "type", "list", "dict", "str", "class"]
    names += ["to_dict", "from_dict", "from_json", "additional_properties", "field_dict", "self", "UNSET", "items"]
    schemas(document)["Metadata"] = {
        "type": "object",
        "description": "Names that code likes to use itself.",
        "properties": {name: {"type": "integer", "description": "A number."} for name in names},
    }


def test_property_names_do_not_collide(emit: Callable[..., ModuleType]) -> None:
    """Properties named like variables, methods or keywords of the code are decoded and encoded."""
    model = emit(inconvenient_names).Metadata
    names = ["d", "cls", "cast", "source", "get", "fields", "decoded", "new", "type", "list", "dict", "str", "class"]
    names += ["to_dict", "from_dict", "from_json", "additional_properties", "field_dict", "self", "UNSET", "items"]
    sent = {name: number for number, name in enumerate(names)} | {"unknown": [1]}
    assert model.from_dict(sent).to_dict() == sent
    assert model.from_dict(sent).additional_properties == {"unknown": [1]}


def odd_schemas(document: Document) -> None:
    properties = schemas(document)["Run"]["properties"]
    ref = {"$ref": "#/components/schemas/Usage"}
    properties["untagged"] = {"oneOf": [ref, {"$ref": "#/components/schemas/LastError"}], "description": "x"}
    properties["mixed"] = {
        "oneOf": [{"type": "integer"}, {"type": "array", "items": ref}, {"type": "null"}],
        "description": "x",
    }
    properties["matrix"] = {
        "type": "array",
        "items": {"type": "array", "items": {"type": "integer"}},
        "description": "x",
    }
    properties["anything"] = {"description": "x"}
    properties["when"] = {"type": "string", "format": "date-time", "description": "x"}
    properties["level"] = {"type": "integer", "enum": [1, 2], "description": "x"}
    properties["price"] = {"type": ["number", "null"], "description": "x"}
    schemas(document)["Usage"]["additionalProperties"] = {"$ref": "#/components/schemas/LastError"}


@pytest.mark.parametrize(
    ("key", "good", "bad", "problem"),
    [
        ("untagged", {"code": "server_error", "message": "m"}, 3, "untagged: expected an object, got 3"),
        ("mixed", 3, "3", "mixed: expected an integer or an array or null, got '3'"),
        ("mixed", [], [{}], "mixed[0].prompt_tokens: missing"),
        ("matrix", [[1], []], [[1], ["1"]], "matrix[1][0]: expected an integer, got '1'"),
        ("anything", {"a": [None]}, None, None),
        ("when", "2024-01-01T00:00:00Z", 7, "when: expected a string, got 7"),
        ("level", 3, "3", "level: expected an integer, got '3'"),
        ("price", 1.5, True, "price: expected a number or null, got true"),
        (
            "usage",
            {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2, "x": {"code": "c", "message": "m"}},
            {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2, "x": {"code": "c"}},
            "usage.x.message: missing",
        ),
    ],
)
def test_other_kinds_of_schemas(
    emit: Callable[..., ModuleType], key: str, good: Any, bad: Any, problem: str | None
) -> None:
    """Schemas that the document does not use yet are decoded, rejected with their path, and encoded."""
    models = emit(odd_schemas)
    for decode in (models.Run.from_dict, lambda body: models.Run.from_json(json.dumps(body))):
        assert decode({**RUN, key: good}).to_dict() == {**RUN, key: good}
        if problem is not None:
            with pytest.raises(ValueError) as caught:  # noqa: PT011 - the class is of the emitted package
                decode({**RUN, key: bad})
            assert str(caught.value) == problem


def of_a_union(document: Document) -> None:
    properties = schemas(document)["Run"]["properties"]
    properties["tool"] = {"oneOf": [{"$ref": "#/components/schemas/Tool"}, {"type": "null"}], "description": "x"}
    properties["usages"] = {"type": "array", "items": {"$ref": "#/components/schemas/Usage"}, "description": "x"}
    properties["labels"] = {"oneOf": [{"$ref": "#/components/schemas/Metadata"}, {"type": "null"}], "description": "x"}


def of_a_list(document: Document) -> None:
    tools = {"oneOf": [{"$ref": "#/components/schemas/Tool"}, {"type": "null"}]}
    schemas(document)["Run"]["properties"]["gaps"] = {"type": "array", "items": tools, "description": "x"}


def of_a_map(document: Document) -> None:
    schemas(document)["Metadata"]["additionalProperties"] = {"$ref": "#/components/schemas/Usage"}


def of_a_variant_alone(document: Document) -> None:
    tool = {"$ref": "#/components/schemas/CodeInterpreterTool"}
    schemas(document)["Run"]["properties"]["only"] = {"oneOf": [tool, {"type": "null"}], "description": "x"}


USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


@pytest.mark.parametrize(
    ("edit", "more", "fast"),
    [
        (add_field, {FIELD: None}, True),
        (add_variant, {"tools": [{"type": TOOL, "ranker": "auto"}]}, True),
        (lambda _: None, {"metadata": {"k": "v"}, "top_p": 1}, True),
        (of_a_union, {"tool": {"type": "retrieval"}, "usages": [USAGE, USAGE], "labels": {}}, True),
        (of_a_union, {"tool": None, "usages": [], "labels": None}, True),
        (of_a_list, {"gaps": [None, {"type": "retrieval"}]}, True),
        (of_a_map, {"metadata": {"k": USAGE}}, True),
        (of_a_variant_alone, {"only": {"type": "code_interpreter"}}, True),
        (of_a_variant_alone, {"only": None}, True),
        (odd_schemas, {"matrix": [[1]]}, True),
        (odd_schemas, {"untagged": {"code": "server_error", "message": "m"}}, False),
        (odd_schemas, {"usage": {**USAGE, "x": {"code": "c", "message": "m"}}}, False),
    ],
)
def test_msgspec_reads_what_it_can_tell_apart(
    emit: Callable[..., ModuleType], edit: Edit, more: Document, fast: bool
) -> None:
    """msgspec reads whatever it can tell apart itself, the rest is decoded from dicts; both give the same."""
    models = emit(edit)
    reading = sys.modules[f"{models.__package__.partition('.')[0]}.reading"]
    sent = {**RUN, **more}
    content = json.dumps(sent).encode()
    run = models.Run.from_json(content)
    assert run == models.Run.from_dict(sent)
    assert repr(run) == repr(models.Run.from_dict(sent))
    assert run.to_dict() == sent
    try:
        reading.reader_of(models.Run).strict(content)
    except reading.REFUSED:
        assert not fast
    else:
        assert fast
