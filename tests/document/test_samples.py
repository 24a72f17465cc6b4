"""Tests of the request samples."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

import generate
from _documentation.operations import Operation, operations
from _documentation.samples import LANGUAGES, Language, SampleError, add_samples, document_with_samples, samples
from tests.document.samples import DOCUMENT, nasty_document
from tests.document.samples.checks import check_answers, check_request
from tests.document.samples.toolchains import GRAMMARS, TOOLCHAINS
from threadruns._document import document, source

NAMES = [
    *("Shell", "JavaScript", "Java", "Swift", "Go", "PHP", "Python", "Python", "HTTP", "C", "C#", "Objective-C"),
    *("Ruby", "OCaml", "Dart", "R"),
]
PATH = "/threads/{thread_id}/runs"
RUN_HERE = ("Shell", "Python (threadruns)", "Python (httpx)")
"""What a machine with the tests can run; ``tox -e samples`` runs the other languages too."""


def by_label(raw: dict[str, Any]) -> dict[str, str]:
    """Return the samples of the first operation of a document by their labels."""
    return {sample.language.label: sample.source for sample in samples(next(operations(raw)))}


def edited() -> dict[str, Any]:
    return deepcopy(DOCUMENT)


def operation_of(raw: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = raw["paths"][PATH]["get"]
    return operation


def test_packaged_document_has_samples() -> None:
    """The packaged document has a sample in each language; ``openapi.yaml`` has none."""
    shipped = document()["paths"][PATH]["get"]["x-codeSamples"]
    assert [sample["lang"] for sample in shipped] == NAMES
    assert len({sample["label"] for sample in shipped}) == len(NAMES)
    assert {sample["label"]: sample["source"] for sample in shipped} == by_label(DOCUMENT)
    assert "x-codeSamples" not in generate.DOCUMENT.read_text(encoding="utf-8")


def test_packaged_document_is_otherwise_unchanged() -> None:
    """The packaged copies add only samples; every line of the original is kept in order."""
    assert YAML(typ="safe").load(source()) == document()
    without = deepcopy(document())
    del without["paths"][PATH]["get"]["x-codeSamples"]
    assert without == DOCUMENT
    lines = iter(source().splitlines())
    assert all(line in lines for line in generate.DOCUMENT.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.label)
def test_samples_use_environment_variables(language: Language) -> None:
    """A sample reads the two variables and contains neither an address nor a key."""
    text = by_label(DOCUMENT)[language.label]
    assert "127.0.0.1" not in text
    assert "sk-" not in text
    if language.library != "threadruns":  # our client reads both by itself
        assert "OPENAI_BASE_URL" in text
        assert "OPENAI_API_KEY" in text


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.label)
def test_samples_send_no_cursor(language: Language) -> None:
    """No sample sends the example of a cursor, which belongs to another thread."""
    text = by_label(DOCUMENT)[language.label]
    assert "before" not in text
    assert "run_abc" not in text
    assert "limit" in text or language.library


def test_edited_document() -> None:
    """Another path, parameter, header and status appear in the sample of each language."""
    raw = edited()
    spec = operation_of(raw)
    spec["parameters"] += [
        {"name": "run_status", "in": "query", "schema": {"type": "string"}, "example": "in progress"},
        {"name": "X-Trace", "in": "header", "schema": {"type": "string", "default": "on"}},
        {"name": "no_value", "in": "query", "schema": {"type": "string"}},
    ]
    spec["responses"]["202"] = spec["responses"].pop("200")
    raw["paths"] = {"/v9/threads/{thread_id}/runs": {"get": spec}}
    for label, text in by_label(raw).items():
        if label == "Python (threadruns)":
            assert 'run_status="in progress"' in text
            continue
        assert "/v9/threads/thread_abc123/runs?limit=20&order=desc&run_status=in%20progress" in text, label
        assert "X-Trace" in text, label
        assert "no_value" not in text, label
        assert "200" not in text, label
        assert "202" in text or label == "HTTP", label


def test_second_operation() -> None:
    """A second operation has samples, except for our client, which does not support it."""
    raw = edited()
    spec = deepcopy(operation_of(raw))
    spec |= {"operationId": "getRun", "responses": {"200": {"description": "A run."}}}
    raw["paths"]["/runs/{thread_id}"] = {"parameters": [spec["parameters"].pop(0)], "get": spec}
    add_samples(raw)
    added = raw["paths"]["/runs/{thread_id}"]["get"]["x-codeSamples"]
    assert [sample["label"] for sample in added] == [each.label for each in LANGUAGES if each.library != "threadruns"]
    assert all("/runs/thread_abc123" in sample["source"] for sample in added)
    assert not any("has_more" in sample["source"] for sample in added)


def test_request_body() -> None:
    """A POST sends the example of its body, or the required keys with valid values."""
    schema = {
        "type": "object",
        "required": ["model", "count", "mode", "inner", "list"],
        "properties": {
            "model": {"type": "string", "minLength": 1},
            "count": {"type": "integer", "minimum": 3},
            "mode": {"enum": ["fast", "slow"]},
            "inner": {"allOf": [{"type": "object", "required": ["on"], "properties": {"on": {"type": "boolean"}}}]},
            "list": {"type": "array", "items": {"oneOf": [{"type": "null"}, {"const": "x"}]}},
            "optional": {"type": "string"},
        },
    }
    raw = nasty_document()
    media = raw["paths"]["/things/$count('all')/{thing}"]["post"]["requestBody"]["content"]["application/json"]
    assert json.loads(next(operations(raw)).body or "") == media["example"]
    del media["example"]
    media["schema"] = schema
    body = json.loads(next(operations(raw)).body or "")
    assert body == {"model": "string", "count": 3, "mode": "fast", "inner": {"on": True}, "list": ["x"]}


@pytest.mark.parametrize(
    ("parameter", "query"),
    [
        ({"example": ["a b", "c,d"]}, "q=a%20b&q=c%2Cd"),
        ({"example": ["a", "b"], "explode": False}, "q=a,b"),
        ({"example": ["a", "b"], "style": "pipeDelimited"}, "q=a%7Cb"),
        ({"example": {"k": 1, "l": True}}, "k=1&l=true"),
        ({"example": {"k": "v"}, "style": "deepObject", "explode": True}, "q%5Bk%5D=v"),
        ({"example": {"k": "v"}, "explode": False}, "q=k%2Cv"),
        ({"example": 1.5}, "q=1.5"),
        ({"example": False}, "q=false"),
        ({"examples": {"one": {"value": "é&="}}}, "q=%C3%A9%26%3D"),
        ({"schema": {"type": "string", "examples": ["s"]}}, "q=s"),
        ({"required": True, "schema": {"type": "string", "format": "date"}}, "q=2024-04-12"),
    ],
)
def test_parameter_styles(parameter: dict[str, Any], query: str) -> None:
    """Lists, objects and other values are percent-encoded in the style of their parameter."""
    spec = {"responses": {}, "parameters": [{"name": "q", "in": "query", "schema": {}, **parameter}]}
    assert Operation({}, "/x", "GET", spec).target == f"/x?{query}"


def test_path_parameters() -> None:
    """A path parameter by reference, or at path level, is encoded as one segment."""
    raw = edited()
    spec = operation_of(raw)
    thread_id = spec["parameters"].pop(0)
    raw["components"]["parameters"] = {"Thread": {**thread_id, "example": "a/b?c%2Fé"}}
    raw["paths"][PATH]["parameters"] = [{"$ref": "#/components/parameters/Thread"}]
    assert next(operations(raw)).target.startswith("/threads/a%2Fb%3Fc%252F%C3%A9/runs?")


@pytest.mark.parametrize(
    ("security", "scheme", "line"),
    [
        ([{"bearer": []}], {"type": "http", "scheme": "Bearer"}, '"Authorization": "Bearer " + process.env'),
        ([{"bearer": []}], {"type": "apiKey", "in": "header", "name": "api-key"}, '"api-key": process.env'),
        ([], {"type": "http", "scheme": "bearer"}, None),
    ],
)
def test_security_scheme(security: list[Any], scheme: dict[str, Any], line: str | None) -> None:
    """The security scheme determines the header of the key; an operation without one sends no key."""
    raw = edited()
    operation_of(raw)["security"] = security
    raw["components"]["securitySchemes"]["bearer"] = scheme
    text = by_label(raw)["JavaScript"]
    assert line in text if line else "OPENAI_API_KEY" not in text


def test_invalid_header(tmp_path: Path) -> None:
    """A line break in the example of a header is reported, and no sample is generated."""
    raw = edited()
    operation_of(raw)["parameters"][-1] |= {"schema": {"type": "string"}, "example": "a\r\nX-Evil: b"}
    with pytest.raises(SampleError, match=r"^GET /threads/\{thread_id\}/runs: the example of header 'OpenAI-Beta' has"):
        add_samples(raw)
    path = tmp_path / "edited.yaml"
    YAML(typ="safe").dump(raw, path)
    with pytest.raises(generate.GenerateError, match=r"^edited\.yaml: GET .* give it another example\.$"):
        generate.add_reference(path, raw, tmp_path)


def test_comments_are_kept() -> None:
    """The packaged YAML keeps the comments, quotes and line breaks of the original."""
    path = Path(generate.DOCUMENT)
    assert document_with_samples(path).splitlines()[:20] == path.read_text(encoding="utf-8").splitlines()[:20]


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30) | st.text(
    "$#{}%\\\"'`?@!n07u(/ =", max_size=12
)


def read(language: str, literal: str) -> str:
    """Read a string literal as the language does, and see that nothing in it is the language's own to replace."""
    if language in ("JavaScript", "Java", "Go", "C#", "R"):
        assert not re.search("[\x85\u2028\u2029]", literal)
        return str(json.loads(literal))
    if language == "Python":
        return str(ast.literal_eval(literal))
    if language == "Shell":
        (word,) = shlex.split(literal)
        return word
    quote = "'" if language in ("PHP", "Dart") else '"'
    inside = literal.removeprefix("@")
    assert inside[0] == inside[-1] == quote
    inside = inside[1:-1]
    if language == "PHP":
        assert not re.sub(r"\\[\\']", "", inside).count("'")
        return re.sub(r"\\([\\'])", r"\1", inside)
    escape = {"OCaml": r"\\(\d{3}|.)", "C": r"\\([0-7]{3}|.)", "Objective-C": r"\\([0-7]{3}|.)"}.get(
        language, r"\\(u\{[0-9a-f]+\}|.)"
    )
    rest = re.sub(escape, "", inside)
    assert not set(rest) & {quote, "\\", "\n", "\r", *{"Dart": "$", "Ruby": "#"}.get(language, "")}
    assert "??" not in inside or language not in ("C", "Objective-C")

    def character(match: re.Match[str]) -> str:
        code = match[1]
        if len(code) == 1:
            assert code in "\\\"'nrt$#?"
            return {"n": "\n", "r": "\r", "t": "\t"}.get(code, code)
        return chr(int(code[2:-1], 16) if code[0] == "u" else int(code, 10 if language == "OCaml" else 8))

    return re.sub(escape, character, inside)


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each.name != "HTTP"], ids=lambda each: each.label)
@given(text=TEXTS)
def test_literals(language: Language, text: str) -> None:
    """Any text of a document becomes a literal that the language reads as the same text."""
    # A URL, a header and JSON hold no control character, but for a tab.
    text = re.sub(r"[\x00-\x08\x0a-\x1f]", "", text)
    assert read(language.name, language.literal(text)) == text


@given(text=TEXTS)
def test_texts_beside_a_variable(text: str) -> None:
    """In shell strings and in ``.http`` files, no part of a text is read as a variable."""
    shell, http = (each for each in LANGUAGES if each.name in ("Shell", "HTTP"))
    inside = shell.inside(text)
    assert re.sub(r"\\([\\\"$`])", r"\1", inside) == text
    assert not re.search(r"[\"$`]", re.sub(r"\\.", "", inside))
    assert "{{" not in http.inside(text)
    body = http.literal(json.dumps([text, "{{x}}"]))
    assert "{{" not in body
    assert json.loads(body) == [text, "{{x}}"]


@pytest.mark.parametrize("label", RUN_HERE)
def test_samples_run(label: str) -> None:
    """Each sample lists runs of a real server, reports a wrong key, and sends special characters unchanged."""
    if label == "Shell" and shutil.which("curl") is None:
        pytest.skip("no curl here; Debian's package is called curl")
    sample = next(each for each in samples(next(operations(DOCUMENT))) if each.language.label == label)
    assert check_answers(TOOLCHAINS[label], sample).endswith("401 told")
    if label != "Python (threadruns)":
        nasty = next(operations(nasty_document()))
        sample = next(each for each in samples(nasty) if each.language.label == label)
        assert check_request(TOOLCHAINS[label], sample, nasty)


def test_every_language_is_tested() -> None:
    """Each language has a toolchain that runs its sample or a grammar that parses it."""
    assert {each.label for each in LANGUAGES} == {*TOOLCHAINS, *GRAMMARS}
