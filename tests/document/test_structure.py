"""Tests of the structure of a document: each mistake is one problem, with its place, its fault and what to do."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _document import check
from _document.messages import message
from _document.references import spell
from _document.structure import structure

Json = Any

DOCUMENT: Json = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1", "license": {"name": "MIT"}},
    "servers": [{"url": "https://example.com", "variables": {"zone": {"default": "a", "enum": ["a"]}}}],
    "paths": {
        "/things": {
            "get": {
                "operationId": "listThings",
                "tags": ["things"],
                "parameters": [{"name": "kind", "in": "query", "style": "form", "schema": {"type": "string"}}],
                "security": [{"key": []}],
                "responses": {
                    "200": {
                        "description": "x",
                        "headers": {"X-Count": {"schema": {"type": "integer"}, "style": "simple"}},
                        "content": {"application/json": {"schema": {}, "examples": {"one": {"value": 1}}}},
                        "links": {"next": {"operationId": "listThings"}},
                    }
                },
            }
        }
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "name": "key", "in": "header"}}, "schemas": {}},
}
"""A valid document."""

PARAMETER = "/paths/~1things/get/parameters/0"
RESPONSES = "/paths/~1things/get/responses"
RESPONSE = f"{RESPONSES}/200"
SCHEME = "/components/securitySchemes/key"
STATUS = "write one such as '200', a range such as '2XX', or 'default'"


def parts(document: Json) -> dict[str, Json]:
    """Return the parts of a document that the cases edit."""
    operation = document["paths"]["/things"]["get"]
    return {
        "document": document,
        "info": document["info"],
        "variable": document["servers"][0]["variables"]["zone"],
        "paths": document["paths"],
        "item": document["paths"]["/things"],
        "operation": operation,
        "parameter": operation["parameters"][0],
        "responses": operation["responses"],
        "response": operation["responses"]["200"],
        "header": operation["responses"]["200"]["headers"]["X-Count"],
        "media": operation["responses"]["200"]["content"]["application/json"],
        "scheme": document["components"]["securitySchemes"]["key"],
        "components": document["components"],
    }


GONE = object()
"""In place of a value: the key is removed."""

CASES: list[tuple[str, str, Json, str, str]] = [
    # part, key, new value, pointer, sentence
    ("info", "title", GONE, "/info", "the key 'title' is missing; add it"),
    ("info", "title", 1, "/info/title", "1 is not a string; quote it"),
    ("info", "title", None, "/info/title", "it has no value, but must be a string; write a string"),
    ("info", "sumary", "x", "/info/sumary", "the key 'sumary' is not permitted here; did you mean 'summary'?"),
    ("info", "colour", "x", "/info/colour", "the key 'colour' is not permitted here; correct or remove it"),
    (
        "info",
        "license",
        {"name": "MIT", "identifier": "MIT", "url": "x"},
        "/info/license",
        "'identifier' and 'url' exclude each other; remove one of them",
    ),
    ("document", "openapi", 3.1, "/openapi", "3.1 is not a string; quote it"),
    ("document", "tag", [], "/tag", "the key 'tag' is not permitted here; did you mean 'tags'?"),
    ("document", "servers", {}, "/servers", "it is an object, not an array; write an array"),
    ("variable", "default", GONE, "/servers/0/variables/zone", "the key 'default' is missing; add it"),
    ("variable", "enum", [], "/servers/0/variables/zone/enum", "it is empty; add an entry"),
    ("paths", "things", {}, "/paths/things", "the path 'things' does not begin with '/'; add the slash"),
    ("item", "gte", {}, "/paths/~1things/gte", "the key 'gte' is not permitted here; did you mean 'get'?"),
    ("item", "get", [], "/paths/~1things/get", "it is an array, not an object; write an object"),
    ("operation", "tags", "things", "/paths/~1things/get/tags", "'things' is not an array; write an array"),
    (
        "operation",
        "security",
        [{"key": "x"}],
        "/paths/~1things/get/security/0/key",
        "'x' is not an array; write an array",
    ),
    ("operation", "deprecated", "yes", "/paths/~1things/get/deprecated", "'yes' is not a boolean; write a boolean"),
    ("operation", "requestBody", {}, "/paths/~1things/get/requestBody", "the key 'content' is missing; add it"),
    (
        "parameter",
        "in",
        "querry",
        f"{PARAMETER}/in",
        "'querry' is not 'query', 'header', 'path' or 'cookie'; did you mean 'query'?",
    ),
    ("parameter", "in", GONE, PARAMETER, "the key 'in' is missing; add it"),
    (
        "parameter",
        "style",
        "simple",
        f"{PARAMETER}/style",
        "'simple' is not 'form', 'spaceDelimited', 'pipeDelimited' or 'deepObject'; write one of them",
    ),
    ("parameter", "content", {"a/b": {}}, PARAMETER, "'schema' and 'content' exclude each other; remove one of them"),
    ("parameter", "enum", ["a"], f"{PARAMETER}/enum", "the key 'enum' is not permitted here; move it into 'schema'"),
    ("responses", "200", GONE, RESPONSES, "it has no response; add one, such as '200'"),
    ("responses", "600", {"description": "x"}, f"{RESPONSES}/600", f"'600' is not a status; {STATUS}"),
    ("response", "description", GONE, RESPONSE, "the key 'description' is missing; add it"),
    (
        "responses",
        "404",
        {"$ref": "#/components/responses/None", "headers": {}},
        f"{RESPONSES}/404/headers",
        "the key 'headers' is not permitted beside '$ref'; remove it",
    ),
    (
        "response",
        "links",
        {"next": {}},
        f"{RESPONSE}/links/next",
        "the key 'operationRef' or 'operationId' is missing; add one of them",
    ),
    ("header", "style", "form", f"{RESPONSE}/headers/X-Count/style", "'form' is not 'simple'; write 'simple'"),
    (
        "media",
        "examples",
        {"one": {"value": 1, "externalValue": "x"}},
        f"{RESPONSE}/content/application~1json/examples/one",
        "'value' and 'externalValue' exclude each other; remove one of them",
    ),
    (
        "media",
        "schema",
        "x",
        f"{RESPONSE}/content/application~1json/schema",
        "'x' is not an object or a boolean; write an object or a boolean",
    ),
    ("scheme", "in", GONE, SCHEME, "the key 'in' is missing; add it"),
    (
        "scheme",
        "bearerFormat",
        "x",
        f"{SCHEME}/bearerFormat",
        "the key 'bearerFormat' does not fit the other keys of its object; remove it, or correct the others",
    ),
    (
        "components",
        "schemas",
        {"a b": {}},
        "/components/schemas/a b",
        "the name 'a b' does not match the pattern ^[a-zA-Z0-9._-]+$; use letters, digits, '.', '_' and '-'",
    ),
]

PARAMETERS: list[tuple[Json, str, str]] = [
    # parameter, pointer below it, sentence
    ({"name": "a", "in": "query"}, "", "the key 'schema' or 'content' is missing; add one of them"),
    ({"name": "a", "in": "path", "schema": {}}, "", "the key 'required' is missing; add 'required: true'"),
    ({"name": "a", "in": "path", "schema": {}, "required": False}, "/required", "false is not true; write true"),
    ({"name": "a", "in": "query", "content": {}}, "/content", "it is empty; add an entry"),
    (
        {"name": "a", "in": "query", "content": {"a/b": {}, "c/d": {}}},
        "/content",
        "it has 2 entries, more than 1; remove entries",
    ),
    ({"nam": "a", "in": "query", "schema": {}}, "/nam", "the key 'nam' is not permitted here; did you mean 'name'?"),
    (
        {"name": "/", "in": "path", "required": True, "schema": {}},
        "/name",
        "'/' does not match the pattern [^/#?]+$; correct it",
    ),
    (None, "", "it has no value, but must be an object; write an object"),
    ({"name": "a", "in": "query", "schema": {}, "style": 1}, "/style", None),
]

SCHEMAS: list[tuple[Json, str, str]] = [
    # schema, pointer below it, sentence
    ({"type": None}, "/type", "null is not {types}; quote it"),
    ({"type": "sting"}, "/type", "'sting' is not {types}; did you mean 'string'?"),
    ({"type": ["string", "text"]}, "/type/1", "'text' is not {types}; write one of them"),
    ({"type": 5}, "/type", "5 is not {types}; write one of them"),
    ({"type": []}, "/type", "it is empty; add an entry"),
    ({"required": ["a", "a"]}, "/required", "'a' is listed twice; remove one of them"),
    ({"required": "a"}, "/required", "'a' is not an array; write an array"),
    ({"minLength": -1}, "/minLength", "-1 is not at least 0; write a number that is at least 0"),
    ({"multipleOf": 0}, "/multipleOf", "0 is not more than 0; write a number that is more than 0"),
    ({"pattern": "["}, "/pattern", "'[' is not a valid regex; correct it"),
    ({"patternProperties": {"[": {}}}, "/patternProperties/[", "the name '[' is not a valid regex; correct it"),
    ({"properties": {"a": 4}}, "/properties/a", "4 is not an object or a boolean; write an object or a boolean"),
    ({"items": [{}]}, "/items", "it is an array, not an object or a boolean; write an object or a boolean"),
]
TYPES = "'array', 'boolean', 'integer', 'null', 'number', 'object' or 'string'"


def found(document: Json) -> list[tuple[str, str]]:
    """Return the problems of a document: pointers and sentences."""
    return [(spell(problem.pointer), problem.sentence) for problem in check.find(document, project_rules=False)]


def test_the_document_is_valid() -> None:
    """The document that the cases edit has no problem."""
    assert found(DOCUMENT) == []


@pytest.mark.parametrize(("part", "key", "value", "pointer", "sentence"), CASES, ids=[case[4] for case in CASES])
def test_a_mistake_of_structure(part: str, key: str, value: Json, pointer: str, sentence: str) -> None:
    """A mistake is one problem, which names the place, what is wrong, and what to do."""
    document = copy.deepcopy(DOCUMENT)
    owner = parts(document)[part]
    if value is GONE:
        del owner[key]
    else:
        owner[key] = value
    assert found(document) == [(pointer, sentence)]


@pytest.mark.parametrize(("parameter", "below", "sentence"), PARAMETERS, ids=str)
def test_a_mistake_of_a_parameter(parameter: Json, below: str, sentence: str | None) -> None:
    """A mistake in a parameter is one problem, even where the validator no longer recognizes its other keys."""
    document = copy.deepcopy(DOCUMENT)
    document["paths"]["/things"]["get"]["parameters"] = [parameter]
    [(pointer, text)] = found(document)
    assert pointer == PARAMETER + below
    assert "; " in text if sentence is None else text == sentence


@pytest.mark.parametrize(("schema", "below", "sentence"), SCHEMAS, ids=str)
def test_a_mistake_of_a_schema(schema: Json, below: str, sentence: str) -> None:
    """A keyword with a value that it cannot have is one problem, with the same words."""
    document = copy.deepcopy(DOCUMENT)
    document["components"]["schemas"]["Thing"] = schema
    assert found(document) == [(f"/components/schemas/Thing{below}", sentence.format(types=TYPES))]


def test_a_misspelt_key_is_not_missing_too() -> None:
    """A required key that is misspelt is one problem; two that are absent are two."""
    document = copy.deepcopy(DOCUMENT)
    document["info"] = {"titel": "Things", "version": "1"}
    assert found(document) == [("/info/titel", "the key 'titel' is not permitted here; did you mean 'title'?")]
    document["info"] = {}
    assert [sentence for _, sentence in found(document)] == [
        "the key 'title' is missing; add it",
        "the key 'version' is missing; add it",
    ]


BOUNDS: list[tuple[Json, Json, str]] = [
    # schema, value, fault and remedy
    ({"minItems": 2}, [1], "it has 1 entries, fewer than 2; add entries"),
    ({"maxItems": 1}, [1, 2], "it has 2 entries, more than 1; remove entries"),
    ({"minLength": 2}, "a", "'a' has 1 characters, fewer than 2; lengthen it"),
    ({"maxLength": 1}, "ab", "'ab' has 2 characters, more than 1; shorten it"),
    ({"maximum": 1}, 2, "2 is not at most 1; write a number that is at most 1"),
    ({"exclusiveMaximum": 1}, 1, "1 is not less than 1; write a number that is less than 1"),
    ({"const": {"a": 1}}, 2, '2 is not {"a": 1}; write {"a": 1}'),
    ({"enum": [1, 2]}, 3, "3 is not 1 or 2; write one of them"),
    (
        {"properties": {"b": {}}, "additionalProperties": False},
        {"a": 1},
        "the key 'a' is not permitted here; correct or remove it",
    ),
    ({"properties": {"a": False}}, {"a": 1}, "1 is not permitted here; remove it"),
    ({"not": {"type": "string"}}, "a" * 99, f"'{'a' * 56}... is not permitted here; correct it"),
    ({"oneOf": [{}, {}]}, 1, "1 fits more than one of the alternatives; make them differ"),
    ({"anyOf": [{"type": "string"}, {"type": "object", "required": ["b"]}]}, {}, "the key 'b' is missing; add it"),
    ({"multipleOf": 2}, 3, "3 is not a multiple of 2; correct it"),
]


@pytest.mark.parametrize(("schema", "value", "sentence"), BOUNDS, ids=str)
def test_a_value_that_a_schema_rejects(schema: Json, value: Json, sentence: str) -> None:
    """Each keyword of a schema has a sentence about the value."""
    [error] = jsonschema_rs.Draft202012Validator(schema).iter_errors(value)
    _, fault, remedy = message(error, schema)
    assert f"{fault}; {remedy}" == sentence


def nodes(node: Json, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the places of all values in a document."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, child in pairs for place in [(*at, key), *nodes(child, (*at, key))]]


WRONG = st.sampled_from([GONE, None, 0, 1.5, True, "", "x", [], ["x"], [{}], {}, {"x": {}}, {"x-a": 1}, {"$ref": 1}])


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_every_problem_has_a_next_step(data: st.DataObject) -> None:
    """With any value in any place, and any key renamed, each problem is in the document and has a next step."""
    document = copy.deepcopy(DOCUMENT)
    *above, last = data.draw(st.sampled_from(nodes(document)))
    owner = document
    for key in above:
        owner = owner[key]
    if isinstance(owner, dict) and data.draw(st.booleans()):
        owner[data.draw(st.sampled_from(["x", f"{last}s", str(last)[1:], "type", "schema"]))] = owner.pop(last)
    elif (value := data.draw(WRONG)) is GONE:
        del owner[last]
    else:
        owner[last] = value
    for pointer, fault, remedy in structure(document):
        assert fault
        assert remedy
        assert len(fault) + len(remedy) < 250
        node = document
        for token in pointer[:-1]:
            node = node[str(token)] if isinstance(node, dict) else node[token]
