"""Tests of the document check with invalid documents."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from _document import check

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "openapi.yaml"
OPERATION = "/paths/~1threads~1{thread_id}~1runs/get"
SCHEMAS = "/components/schemas"
RESPONSES = f"{OPERATION}/responses"
TEXT = DOCUMENT.read_text(encoding="utf-8")

EDITS = [
    # name, old text (occurs once), new text, pointer, a word of the description
    ("a tab", "  title: threadruns", "\ttitle: threadruns", "(document)", "YAML"),
    ("a bracket left open", "tags: [runs]", "tags: [runs", "(document)", "YAML"),
    ("the same key twice", "  title: threadruns", "  title: threadruns\n  title: again", "(document)", "duplicate"),
    ("a number as key", '"429":', "429:", f"{RESPONSES}/429", "quote it"),
    (
        "a date as value",
        'example: "2020-10-01"',
        "example: 2020-10-01",
        "/components/headers/Version/example",
        "quote it",
    ),
    ("a version that is a number", "openapi: 3.1.0", "openapi: 3.1", "/openapi", "string"),
    ("another version", "openapi: 3.1.0", "openapi: 3.0.3", "/openapi", "3.0.3"),
    ("no title", "  title: threadruns\n", "", "/info", "title"),
    ("an unknown place", "in: path", "in: pfad", f"{OPERATION}/parameters/0/in", "pfad"),
    ("an unknown method", "    get:\n", "    fetch:\n", "/paths/~1threads~1{thread_id}~1runs/fetch", "fetch"),
    (
        "a link to no operation",
        "nextPage:\n              operationId: listRuns",
        "nextPage:\n              operationId: x",
        f"{RESPONSES}/200/links/nextPage/operationId",
        "'x'",
    ),
    ("an unknown scheme", "- bearer: []", "- basic: []", f"{OPERATION}/security/0/basic", "basic"),
    (
        "a broken reference",
        'documented:\n                  $ref: "#/components/examples/DocumentedPage"',
        'documented:\n                  $ref: "#/components/examples/Page"',
        f"{RESPONSES}/200/content/application~1json/examples/documented/$ref",
        "Page",
    ),
    ("an unknown type", "RunId:\n      type: string", "RunId:\n      type: text", f"{SCHEMAS}/RunId/type", "text"),
    ("a broken pattern", "pattern: ^run_[!-.0-~]+$", "pattern: ^run_[!-.0-~+$", f"{SCHEMAS}/RunId/pattern", "regex"),
    ("a bound that is text", "minimum: 1000000000", "minimum: some", f"{SCHEMAS}/Timestamp/minimum", "number"),
    ("a misspelt keyword", "minimum: 1000000000", "minimun: 1000000000", f"{SCHEMAS}/Timestamp/minimun", "minimun"),
    ("a number that is not finite", "minimum: 1000000000", "minimum: .nan", f"{SCHEMAS}/Timestamp/minimum", "nan"),
    (
        "a keyword of OpenAPI 3.0",
        "RunId:\n      type: string",
        "RunId:\n      nullable: true\n      type: string",
        f"{SCHEMAS}/RunId/nullable",
        "nullable",
    ),
    (
        "a required key without schema",
        "required: [code, message]",
        "required: [code, massage]",
        f"{SCHEMAS}/LastError/required/1",
        "massage",
    ),
    ("a parameter twice", "- name: before\n", "- name: after\n", f"{OPERATION}/parameters/4", "twice"),
    ("a path parameter of another name", "- name: thread_id\n", "- name: thread\n", OPERATION, "{thread_id}"),
    (
        "a path without its parameter",
        "/threads/{thread_id}/runs:",
        "/threads/runs:",
        "/paths/~1threads~1runs/get/parameters/0",
        "{thread_id}",
    ),
    (
        "a property without description",
        "\n          description: The state of the run.",
        "",
        f"{SCHEMAS}/Run/properties/status",
        "description",
    ),
    (
        "a schema without description",
        "\n      description: The kind of failure that ended a run.",
        "",
        f"{SCHEMAS}/LastErrorCode",
        "description",
    ),
    (
        "a parameter without description",
        "\n          description: The thread whose runs are listed.",
        "",
        f"{OPERATION}/parameters/0",
        "description",
    ),
    (
        "a response without description",
        "description: A page of runs.",
        'description: ""',
        f"{RESPONSES}/200",
        "description",
    ),
    (
        "a default outside the enum",
        "      default: desc",
        "      default: newest",
        f"{SCHEMAS}/Order/default",
        "newest",
    ),
    (
        "a parameter's example out of bounds",
        "example: 20\n",
        "example: 200\n",
        f"{OPERATION}/parameters/1/example",
        "200",
    ),
    (
        "a schema's example out of bounds",
        "examples: [1699075072]",
        "examples: [1699075072000]",
        f"{SCHEMAS}/Timestamp/examples/0",
        "1699075072000",
    ),
    (
        "a body's example that its schema refuses",
        "has_more: false\n    EmptyPage",
        "has_more: 0\n    EmptyPage",
        "/components/examples/DocumentedPage/value/has_more",
        "boolean",
    ),
    (
        "an error's example that its schema refuses",
        "param: limit",
        "param: 7",
        f"{RESPONSES}/400/content/application~1json/examples/limitTooLarge/value/error/param",
        "7",
    ),
]


def test_document_has_no_problems() -> None:
    """The committed document has no problem."""
    assert check.problems(DOCUMENT) == []


@pytest.mark.parametrize(
    ("old", "new", "pointer", "word"), [edit[1:] for edit in EDITS], ids=[edit[0] for edit in EDITS]
)
def test_one_mistake_is_one_problem(old: str, new: str, pointer: str, word: str, tmp_path: Path) -> None:
    """A document with one mistake has one problem, with pointer, line and description."""
    assert TEXT.count(old) == 1, "the edit must be one change"
    path = tmp_path / "openapi.yaml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    found = check.problems(path)
    assert len(found) == 1, found
    name, line, where, sentence = found[0].split(":", 3)
    assert (name, where.strip()) == ("openapi.yaml", pointer)
    assert word in sentence
    assert "; " in sentence, "it has no next step"
    token = pointer.rpartition("/")[2].replace("~1", "/")
    if pointer != "(document)" and not token.isdecimal():
        assert token in path.read_text(encoding="utf-8").splitlines()[int(line) - 1]
    elif pointer == "(document)":
        assert abs(int(line) - TEXT[: TEXT.index(old)].count("\n") - 1) <= 2


def test_invalid_utf8(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are rejected with their position."""
    path = tmp_path / "openapi.yaml"
    path.write_bytes(b"openapi: 3.1.0\ninfo: \xff")
    assert check.problems(path) == ["openapi.yaml:2: (document): byte 21 is not UTF-8; save the file as UTF-8"]


def test_deeply_nested_file(tmp_path: Path) -> None:
    """A file of ten thousand brackets is a problem and not a crash."""
    path = tmp_path / "openapi.yaml"
    path.write_text("[" * 10_000, encoding="utf-8")
    (found,) = check.problems(path)
    assert "deeper than 100 levels" in found


@pytest.mark.parametrize(
    "text",
    [
        "info: &a\n  more: *a\n",
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise("abcdefghi")),
    ],
    ids=["holds itself", "grows without end"],
)
def test_aliases_are_limited(text: str, tmp_path: Path) -> None:
    """A document with recursive or exponential aliases is rejected at once."""
    path = tmp_path / "openapi.yaml"
    path.write_text(text, encoding="utf-8")
    (found,) = check.problems(path)
    assert "more than 100000 values" in found


def test_extensions_are_not_read(tmp_path: Path) -> None:
    """An extension among the paths may have any content, such as a reference that leads nowhere."""
    path = tmp_path / "openapi.yaml"
    path.write_text(TEXT.replace("\npaths:\n", "\npaths:\n  x-more: {$ref: nowhere}\n"), encoding="utf-8")
    assert check.problems(path) == []


def test_alias_is_accepted(tmp_path: Path) -> None:
    """An alias is treated like the part that it refers to."""
    path = tmp_path / "openapi.yaml"
    marked = TEXT.replace("tags: [runs]", "tags: &tags [runs]")
    path.write_text(f"{marked}x-again: *tags\n", encoding="utf-8")
    assert check.problems(path) == []


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_no_edit_breaks_the_check(data: st.DataObject) -> None:
    """With any value in any place of the document, the check returns a list of problems."""
    document = YAML(typ="safe", pure=True).load(TEXT)
    node = document
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not node[key] or not isinstance(node[key], dict | list) or data.draw(st.integers(0, 3)) == 0:
            break
        node = node[key]
    node[key] = data.draw(st.sampled_from([None, 0, 1.5, "", "x", [], ["x"], [{}], {}, {"x": {}}, {"$ref": "#/x"}]))
    for problem in check.find(document):
        assert "; " in problem.sentence, "it has no next step"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
)
def test_other_values_have_problems(anything: object) -> None:
    """Any JSON value that is not an OpenAPI document has at least one problem."""
    found = list(check.find(anything))
    assert found
    assert all("; " in problem.sentence for problem in found)
