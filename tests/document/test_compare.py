"""Tests of the rules by which two documents are compared."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from ruamel.yaml import YAML

import generate
from _compare import Change, compare
from _compare.comparison import COMPARED
from _document.check import find
from _document.parts import KEYWORDS
from tests.generation import corpus

Json = Any
DOCUMENT: Json = YAML(typ="safe").load(generate.DOCUMENT)
OPERATION = "/paths/~1threads~1{thread_id}~1runs/get"
SCHEMAS = "/components/schemas"
CALLERS, SERVERS, BOTH, NEITHER = (True, False), (False, True), (True, True), (False, False)

NAMED = {
    "Name": {"type": "string"},
    "Cat": {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
    },
    "Dog": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "dog"}}},
    "Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}, "size": {"minimum": 1}}},
}


def with_schema(schema: Json, direction: str, components: Json = NAMED) -> Json:
    """Return a document with one schema in a request body or in a response."""
    content = {"application/json": {"schema": schema}}
    empty = {"description": "x"}
    operation = {
        "operationId": "call",
        "responses": {"200": empty | ({"content": content} if direction == "response" else {})},
    }
    if direction == "request":
        operation["requestBody"] = {"required": True, "content": content}
    return {"openapi": "3.1.0", "paths": {"/x": {"post": operation}}, "components": {"schemas": components}}


def between(old: Json, new: Json, direction: str) -> list[Change]:
    return compare(with_schema(old, direction), with_schema(new, direction))


def verdicts(changes: list[Change]) -> tuple[bool, bool]:
    return any(change.callers for change in changes), any(change.servers for change in changes)


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def of(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


NULL = {"type": "null"}
TEXT = {"type": "string"}
PETS = {"oneOf": [ref("Cat"), ref("Dog")]}

NARROWER = {
    "a value is removed": ({"enum": ["a", "b"]}, {"enum": ["a"]}),
    "a list of values is added": (TEXT, {"type": "string", "enum": ["a"]}),
    "a constant of two values": ({"enum": [1, 2]}, {"const": 1.0}),
    "a type is removed": ({"type": ["string", "integer"]}, TEXT),
    "a type is added to none": ({}, TEXT),
    "number to integer": ({"type": "number"}, {"type": "integer"}),
    "null of a list of types is removed": ({"type": ["string", "null"]}, TEXT),
    "null of alternatives is removed": ({"oneOf": [ref("Cat"), NULL]}, ref("Cat")),
    "an alternative is removed": (PETS, {"oneOf": [ref("Cat")]}),
    "an alternative of a union with more keywords is removed": (
        {"type": "object", "maxProperties": 3, **PETS},
        {"type": "object", "maxProperties": 3, "oneOf": [ref("Cat")]},
    ),
    "a higher minimum": ({"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 2}),
    "a lower maximum": ({"type": "integer", "maximum": 100}, {"type": "integer", "maximum": 50}),
    "an exclusive minimum": ({"type": "number", "minimum": 1}, {"type": "number", "exclusiveMinimum": 1}),
    "an exclusive maximum": ({"maximum": 1}, {"exclusiveMaximum": 1}),
    "a longer text": ({"minLength": 1}, {"minLength": 2}),
    "a shorter text": ({"maxLength": 9}, {"maxLength": 8}),
    "fewer items": ({"type": "array"}, {"type": "array", "maxItems": 3}),
    "more items": ({"type": "array"}, {"type": "array", "minItems": 1}),
    "unique items": ({"type": "array"}, {"type": "array", "uniqueItems": True}),
    "fewer properties": ({"type": "object"}, {"type": "object", "maxProperties": 3}),
    "more properties": ({"type": "object"}, {"type": "object", "minProperties": 1}),
    "more matching items": ({"contains": TEXT}, {"contains": TEXT, "minContains": 2}),
    "fewer matching items": ({"contains": TEXT, "maxContains": 4}, {"contains": TEXT, "maxContains": 3}),
    "a contained item": ({"type": "array"}, {"type": "array", "contains": {}}),
    "a pattern is added": (TEXT, {"type": "string", "pattern": "^a"}),
    "a second pattern": ({"pattern": "a"}, {"allOf": [{"pattern": "a"}, {"pattern": "b"}]}),
    "a format is added": (TEXT, {"type": "string", "format": "date"}),
    "a shorter format": ({"type": "integer", "format": "int64"}, {"type": "integer", "format": "int32"}),
    "a multiple is added": ({"type": "integer"}, {"type": "integer", "multipleOf": 5}),
    "a larger multiple": ({"multipleOf": 0.1}, {"multipleOf": 0.3}),
    "an encoding is added": (TEXT, {"type": "string", "contentEncoding": "base64"}),
    "a media type of a text is added": (TEXT, {"type": "string", "contentMediaType": "application/json"}),
    "a schema of a text is added": (TEXT, {"type": "string", "contentSchema": {"type": "object"}}),
    "a property is required": (of(a=TEXT), of(a=TEXT) | {"required": ["a"]}),
    "an undeclared property is required": ({"type": "object"}, {"type": "object", "required": ["a"]}),
    "a property has another type": (of(a={}), of(a=TEXT)),
    "items have another type": ({"type": "array", "items": {}}, {"type": "array", "items": TEXT}),
    "a first item has another type": ({"type": "array"}, {"type": "array", "prefixItems": [TEXT]}),
    "no other items": (
        {"type": "array", "prefixItems": [TEXT]},
        {"prefixItems": [TEXT], "type": "array", "items": False},
    ),
    "no unevaluated items": ({"type": "array"}, {"type": "array", "unevaluatedItems": False}),
    "an object is closed": (of(a=TEXT), of(a=TEXT) | {"additionalProperties": False}),
    "an object is closed by unevaluatedProperties": (of(a=TEXT), of(a=TEXT) | {"unevaluatedProperties": False}),
    "other properties have a type": ({"type": "object"}, {"type": "object", "additionalProperties": TEXT}),
    "names have a length": ({"type": "object"}, {"type": "object", "propertyNames": {"maxLength": 3}}),
    "a pattern of names": ({"type": "object"}, {"type": "object", "patternProperties": {"^x": TEXT}}),
    "a dependency": (of(a={}, b={}), of(a={}, b={}) | {"dependentRequired": {"a": ["b"]}}),
    "a dependent schema": (of(a={}, b={}), of(a={}, b={}) | {"dependentSchemas": {"a": {"required": ["b"]}}}),
    "an exclusion is added": (TEXT, {"type": "string", "not": {"const": ""}}),
    "an exclusion is larger": ({"not": {"enum": [1]}}, {"not": {"enum": [1, 2]}}),
    "a consequence is added": (
        of(a={}) | {"if": {"required": ["a"]}},
        of(a={}) | {"if": {"required": ["a"]}, "then": of(a=TEXT)},
    ),
    "a consequence is narrower": (
        of(a={}) | {"if": {"required": ["a"]}, "else": of(b={})},
        of(a={}) | {"if": {"required": ["a"]}, "else": of(b=TEXT)},
    ),
    "a condition is added": (of(a={}), of(a={}) | {"if": {"required": ["a"]}, "then": {"minProperties": 2}}),
    "allOf with a new part": (ref("Cat"), {"allOf": [ref("Cat"), {"required": ["lives"]}]}),
    "false": (TEXT, False),
}
"""Pairs of schemas of which the second permits fewer values, and no others."""


@pytest.mark.parametrize("old", NARROWER)
def test_values_that_are_no_longer_valid(old: str) -> None:
    """A request that is no longer valid breaks callers, a response servers; the inverse breaks the other side."""
    before, after = NARROWER[old]
    assert verdicts(between(before, after, "request")) == CALLERS
    assert verdicts(between(before, after, "response")) == SERVERS
    assert verdicts(between(after, before, "request")) == SERVERS
    assert verdicts(between(after, before, "response")) == CALLERS


UNDECIDED = {
    "another pattern": ({"pattern": "a"}, {"pattern": "b"}),
    "another format": ({"format": "date"}, {"format": "uuid"}),
    "another type": (TEXT, {"type": "integer"}),
    "another multiple": ({"multipleOf": 2}, {"multipleOf": 3}),
    "another condition": (
        {"if": {"minProperties": 1}, "then": {"required": ["a"]}},
        {"if": {"minProperties": 2}, "then": {"required": ["a"]}},
    ),
    "other exclusions": ({"not": {"allOf": [ref("Cat")]}}, {"not": ref("Dog")}),
    "another discriminator": (
        PETS | {"discriminator": {"propertyName": "kind"}},
        PETS | {"discriminator": {"propertyName": "sort"}},
    ),
    "a mapping to another schema": (
        PETS | {"discriminator": {"propertyName": "kind", "mapping": {"x": "Cat"}}},
        PETS | {"discriminator": {"propertyName": "kind", "mapping": {"x": "Dog"}}},
    ),
    "contained items with a maximum": (
        {"contains": TEXT, "maxContains": 2},
        {"contains": {"type": "string", "minLength": 1}, "maxContains": 2},
    ),
    "anyOf of alternatives that overlap to oneOf": ({"anyOf": [TEXT, ref("Name")]}, {"oneOf": [TEXT, ref("Name")]}),
    "an alternative that overlaps": ({"oneOf": [{"minimum": 1}]}, {"oneOf": [{"minimum": 1}, {"maximum": 9}]}),
    "another name in XML": (TEXT | {"xml": {"name": "a"}}, TEXT | {"xml": {"name": "b"}}),
}
"""Pairs of schemas of which each permits values that the other does not, or may do so."""


@pytest.mark.parametrize("name", UNDECIDED)
@pytest.mark.parametrize("direction", ["request", "response"])
def test_values_of_which_some_come_and_some_go(name: str, direction: str) -> None:
    """A change that may add and remove values breaks both sides, in both directions."""
    assert verdicts(between(*UNDECIDED[name], direction)) == BOTH


SAME = {
    "a reference in place of its target": (ref("Name"), TEXT),
    "allOf in place of its parts": ({"allOf": [TEXT, {"minLength": 2}]}, {"type": "string", "minLength": 2}),
    "allOf of one reference": ({"allOf": [ref("Cat")], "description": "x"}, ref("Cat")),
    "a constant as enum": ({"const": "a"}, {"enum": ["a"]}),
    "values in another order": ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}),
    "types in another order": ({"type": ["string", "null"]}, {"type": ["null", "string"]}),
    "null as type and as alternative": ({"type": ["string", "null"]}, {"anyOf": [NULL, TEXT]}),
    "anyOf in place of oneOf": (PETS, {"anyOf": PETS["oneOf"]}),
    "alternatives that overlap": ({"oneOf": [TEXT, ref("Name")]}, {"oneOf": [ref("Name"), TEXT]}),
    "alternatives in another order": (PETS, {"oneOf": PETS["oneOf"][::-1]}),
    "nested alternatives": ({"oneOf": [PETS, NULL]}, {"oneOf": [*PETS["oneOf"], NULL]}),
    "exclusive bounds of integers": (
        {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 3},
        {"type": "integer", "minimum": 1, "maximum": 2},
    ),
    "bounds that always hold": (TEXT, {"type": "string", "minLength": 0}),
    "keywords of other types": (TEXT, {"type": "string", "minimum": 3, "items": TEXT, "required": ["a"]}),
    "true and an empty schema": ({"type": "array", "items": True}, {"type": "array", "items": {}}),
    "texts": (TEXT, {**TEXT, "title": "x", "description": "x", "examples": ["x"], "example": "x", "$comment": "x"}),
    "definitions": ({"$ref": "#/components/schemas/Name"}, {"allOf": [ref("Name")], "$defs": {"x": TEXT}}),
    "a schema that refers to itself": (ref("Node"), {"allOf": [ref("Node")]}),
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("direction", ["request", "response"])
def test_another_form_of_the_same_schema(name: str, direction: str) -> None:
    """Schemas that permit the same values have no changes, however they are written."""
    before, after = SAME[name]
    assert between(before, after, direction) == []
    assert between(after, before, direction) == []


OPTIONAL, REQUIRED = of(a=TEXT), of(a=TEXT) | {"required": ["a"]}
CLOSED = {"type": "object", "additionalProperties": False}
MAP = {"type": "object", "additionalProperties": {"type": "integer"}}


@pytest.mark.parametrize(
    ("old", "new", "in_request", "in_response"),
    [
        (of(), OPTIONAL, SERVERS, NEITHER),
        (of(), REQUIRED, BOTH, SERVERS),
        (CLOSED, CLOSED | OPTIONAL, SERVERS, CALLERS),
        (MAP, MAP | of(a={"type": "integer", "minimum": 0}), BOTH, SERVERS),
        (OPTIONAL, of(), CALLERS, CALLERS),
        (REQUIRED, of(), CALLERS, CALLERS),
        (CLOSED | OPTIONAL, CLOSED, CALLERS, BOTH),
        (OPTIONAL, of(a=TEXT | {"readOnly": True}), CALLERS, NEITHER),
        (OPTIONAL, of(a=TEXT | {"writeOnly": True}), NEITHER, CALLERS),
        (REQUIRED, of(a=TEXT | {"readOnly": True}) | {"required": ["a"]}, CALLERS, NEITHER),
        (of(a=TEXT), of(a=TEXT | {"default": "x"}), SERVERS, SERVERS),
        (of(a=TEXT | {"default": "x"}), of(a=TEXT), CALLERS, CALLERS),
        (of(a=TEXT | {"default": "x"}), of(a=TEXT | {"default": "y"}), BOTH, BOTH),
        (REQUIRED, of(a=TEXT | {"default": "x"}) | {"required": ["a"]}, NEITHER, NEITHER),
        (of(a=TEXT), of(a=TEXT | {"deprecated": True}), NEITHER, NEITHER),
        (PETS, PETS | {"discriminator": {"propertyName": "kind"}}, NEITHER, NEITHER),
        (PETS | {"discriminator": {"propertyName": "kind"}}, PETS, SERVERS, CALLERS),
    ],
)
def test_properties_defaults_and_discriminators(
    old: Json, new: Json, in_request: tuple[bool, bool], in_response: tuple[bool, bool]
) -> None:
    """A property that one document does not declare, a default and a discriminator have rules of their own."""
    assert verdicts(between(old, new, "request")) == in_request
    assert verdicts(between(old, new, "response")) == in_response


def test_every_keyword_has_a_rule() -> None:
    """Each keyword that a document may use has a rule, so no change of one goes unseen."""
    assert KEYWORDS == COMPARED


def path(document: Json) -> Json:
    return document["paths"]["/threads/{thread_id}/runs"]


def get(document: Json) -> Json:
    return path(document)["get"]


def schema(document: Json, name: str) -> Json:
    return document["components"]["schemas"][name]


def limit(document: Json) -> Json:
    return get(document)["parameters"][1]


def rename_path_parameter(document: Json) -> None:
    get(document)["parameters"][0]["name"] = "id"
    document["paths"] = {"/threads/{id}/runs": path(document)}


def move_parameter_to_the_path(document: Json) -> None:
    path(document)["parameters"] = [get(document)["parameters"].pop(0)]


def move_parameter_to_the_components(document: Json) -> None:
    document["components"]["parameters"] = {"Limit": limit(document)}
    get(document)["parameters"][1] = {"$ref": "#/components/parameters/Limit"}


def rename_component(document: Json) -> None:
    document["components"]["schemas"]["Tokens"] = document["components"]["schemas"].pop("Usage")
    schema(document, "Run")["properties"]["usage"]["oneOf"][0] = ref("Tokens")


def refer_to_a_copy(document: Json) -> None:
    document["components"]["schemas"]["Tokens"] = copy.deepcopy(schema(document, "Usage"))
    schema(document, "Run")["properties"]["usage"]["oneOf"][0] = ref("Tokens")


def add_variant(document: Json) -> None:
    document["components"]["schemas"]["WebTool"] = of(type={"const": "web"}) | {"required": ["type"]}
    schema(document, "Tool")["oneOf"].append(ref("WebTool"))
    schema(document, "Tool")["discriminator"]["mapping"]["web"] = "#/components/schemas/WebTool"


def change_texts(document: Json) -> None:
    document["info"]["description"] = document["info"]["title"] = "x"
    document["components"]["examples"].pop("EmptyPage")
    get(document)["responses"]["200"]["content"]["application/json"].pop("examples")
    schema(document, "Run")["description"] = "x"


def scheme(document: Json) -> Json:
    return document["components"]["securitySchemes"]


PARAMETERS = f"{OPERATION}/parameters"
RESPONSES = f"{OPERATION}/responses"
CONTENT = "content/application~1json"

EDITS: list[tuple[Callable[[Json], Any], dict[str, tuple[bool, bool]]]] = [
    (lambda d: limit(d)["schema"].update(maximum=50), {f"{PARAMETERS}/1/schema/maximum": CALLERS}),
    (lambda d: limit(d)["schema"].update(maximum=200), {f"{PARAMETERS}/1/schema/maximum": SERVERS}),
    (lambda d: limit(d)["schema"].update(default=10), {f"{PARAMETERS}/1/schema/default": BOTH}),
    (lambda d: limit(d).update(required=True), {f"{PARAMETERS}/1/required": CALLERS}),
    (lambda d: limit(d).update(style="pipeDelimited"), {f"{PARAMETERS}/1/style": BOTH}),
    (lambda d: limit(d).update(explode=False), {}),
    (lambda d: limit(d).update(deprecated=True), {f"{PARAMETERS}/1/deprecated": NEITHER}),
    (lambda d: limit(d).update(allowReserved=True), {f"{PARAMETERS}/1/allowReserved": BOTH}),
    (lambda d: get(d)["parameters"].pop(1), {f"{PARAMETERS}/1": CALLERS}),
    (lambda d: limit(d).update(name="size"), {f"{PARAMETERS}/1": BOTH}),
    (lambda d: get(d)["parameters"].append({"name": "q", "in": "query", "schema": TEXT}), {f"{PARAMETERS}/6": SERVERS}),
    (
        lambda d: get(d)["parameters"].append({"name": "q", "in": "query", "required": True, "schema": TEXT}),
        {f"{PARAMETERS}/6": BOTH},
    ),
    (lambda d: get(d)["parameters"].append({"name": "Accept", "in": "header", "schema": TEXT}), {}),
    (lambda d: get(d)["parameters"].insert(0, get(d)["parameters"].pop()), {}),
    (lambda d: get(d)["parameters"][5].update(name="openai-beta"), {}),
    (move_parameter_to_the_path, {}),
    (move_parameter_to_the_components, {}),
    (rename_path_parameter, {"/paths/~1threads~1{id}~1runs/get/parameters/0/name": CALLERS}),
    (lambda d: schema(d, "RunStatus")["enum"].append("lost"), {f"{SCHEMAS}/RunStatus/enum": CALLERS}),
    (lambda d: schema(d, "RunStatus")["enum"].remove("failed"), {f"{SCHEMAS}/RunStatus/enum": SERVERS}),
    (lambda d: schema(d, "Order")["enum"].append("random"), {f"{SCHEMAS}/Order/enum": SERVERS}),
    (lambda d: schema(d, "RunId").update(pattern="^run_"), {f"{SCHEMAS}/RunId/pattern": BOTH}),
    (lambda d: schema(d, "RunId").update(maxLength=99), {f"{SCHEMAS}/RunId/maxLength": BOTH}),
    (lambda d: schema(d, "Run")["required"].remove("model"), {f"{SCHEMAS}/Run/properties/model": CALLERS}),
    (lambda d: schema(d, "Run")["required"].append("usage"), {f"{SCHEMAS}/Run/properties/usage": SERVERS}),
    (lambda d: schema(d, "Run")["properties"].update(x={}), {f"{SCHEMAS}/Run/properties/x": NEITHER}),
    (lambda d: schema(d, "Run")["properties"].pop("top_p"), {f"{SCHEMAS}/Run/properties/top_p": CALLERS}),
    (
        lambda d: schema(d, "Run")["properties"]["model"].update(type=["string", "null"]),
        {f"{SCHEMAS}/Run/properties/model/type": CALLERS},
    ),
    (
        lambda d: schema(d, "Run")["properties"].update(usage=ref("Usage")),
        {f"{SCHEMAS}/Run/properties/usage/oneOf": SERVERS},
    ),
    (add_variant, {f"{SCHEMAS}/Tool/oneOf": CALLERS, f"{SCHEMAS}/Tool/discriminator/mapping/web": CALLERS}),
    (lambda d: schema(d, "Metadata").update(maxProperties=32), {f"{SCHEMAS}/Metadata/maxProperties": CALLERS}),
    (
        lambda d: schema(d, "Metadata")["additionalProperties"].update(type=["string", "null"]),
        {f"{SCHEMAS}/Metadata/additionalProperties/type": CALLERS},
    ),
    (
        lambda d: schema(d, "RunList").pop("else"),
        {f"{SCHEMAS}/RunList/else/properties/{name}/const": CALLERS for name in ("first_id", "last_id", "has_more")},
    ),
    (rename_component, {f"{SCHEMAS}/Usage": CALLERS}),
    (refer_to_a_copy, {}),
    (change_texts, {}),
    (lambda d: d["components"]["schemas"].update(Unused=TEXT), {}),
    (lambda d: get(d)["responses"].update({"503": get(d)["responses"]["5XX"]}), {}),
    (lambda d: get(d)["responses"].update({"418": {"description": "x"}}), {f"{RESPONSES}/418": CALLERS}),
    (lambda d: get(d)["responses"].update(default={"description": "x"}), {f"{RESPONSES}/default": CALLERS}),
    (lambda d: get(d)["responses"].pop("429"), {f"{RESPONSES}/429": SERVERS}),
    (
        lambda d: get(d)["responses"]["200"]["content"].update({"text/csv": {}}),
        {f"{RESPONSES}/200/content/text~1csv": CALLERS},
    ),
    (lambda d: get(d)["responses"]["404"].pop("content"), {f"{RESPONSES}/404/{CONTENT}": BOTH}),
    (
        lambda d: get(d)["responses"]["429"]["headers"].pop("Retry-After"),
        {f"{RESPONSES}/429/headers/Retry-After": CALLERS},
    ),
    (
        lambda d: get(d)["responses"]["429"]["headers"]["Retry-After"].update(required=True),
        {f"{RESPONSES}/429/headers/Retry-After/required": SERVERS},
    ),
    (
        lambda d: get(d)["responses"]["401"]["headers"]["WWW-Authenticate"].pop("required"),
        {f"{RESPONSES}/401/headers/WWW-Authenticate/required": CALLERS},
    ),
    (
        lambda d: d["components"]["headers"]["RequestId"]["schema"].update(maxLength=9),
        {"/components/headers/RequestId/schema/maxLength": SERVERS},
    ),
    (lambda d: get(d)["responses"]["200"]["links"].pop("nextPage"), {f"{RESPONSES}/200/links/nextPage": CALLERS}),
    (lambda d: get(d).update(operationId="allRuns"), {f"{OPERATION}/operationId": CALLERS}),
    (lambda d: get(d).update(tags=["threads"]), {f"{OPERATION}/tags": CALLERS}),
    (lambda d: get(d).update(deprecated=True), {f"{OPERATION}/deprecated": NEITHER}),
    (lambda d: path(d).pop("get"), {OPERATION: CALLERS}),
    (lambda d: path(d).update(post=get(d)), {OPERATION.replace("get", "post"): SERVERS}),
    (lambda d: get(d).update(requestBody={"content": {}}), {f"{OPERATION}/requestBody": SERVERS}),
    (lambda d: get(d).update(security=[{}]), {f"{OPERATION}/security": SERVERS}),
    (lambda d: get(d).update(security=[{"bearer": []}, {}]), {f"{OPERATION}/security": SERVERS}),
    (lambda d: get(d).update(security=[{"bearer": ["admin"]}]), {f"{OPERATION}/security": CALLERS}),
    (lambda d: d.update(security=get(d).pop("security")), {}),
    (lambda d: scheme(d).update(bearer={"type": "http", "scheme": "Bearer"}), {}),
    (
        lambda d: scheme(d).update(bearer={"type": "apiKey", "in": "header", "name": "k"}),
        {f"{OPERATION}/security": BOTH},
    ),
    (lambda d: d["servers"].pop(0), {"/servers/0": CALLERS}),
    (lambda d: d["servers"].append({"url": "/v1"}), {"/servers/2": NEITHER}),
    (lambda d: get(d).update(servers=[{"url": "/v2"}]), {f"{OPERATION}/servers/0": NEITHER}),
    (lambda d: get(d).pop("x-request-headers"), {f"{OPERATION}/x-request-headers": NEITHER}),
    (lambda d: d.update(webhooks={"done": {"post": {**get(d), "parameters": []}}}), {"/webhooks/done/post": CALLERS}),
]


@pytest.mark.parametrize(("edit", "expected"), EDITS, ids=[re.sub(r".*get/?", "", str([*e])[2:-2]) for _, e in EDITS])
def test_edits_of_the_document(edit: Callable[[Json], Any], expected: dict[str, tuple[bool, bool]]) -> None:
    """Each edit of the document gives the expected changes, each with its place and both verdicts."""
    edited = copy.deepcopy(DOCUMENT)
    edit(edited)
    found: dict[str, tuple[bool, bool]] = {}
    for change in compare(DOCUMENT, edited):
        before = found.get(change.pointer, NEITHER)
        found[change.pointer] = (before[0] or change.callers, before[1] or change.servers)
    assert found == expected


def test_a_change_names_its_place_and_its_part() -> None:
    """A change of a component is listed once, with its pointer, a short name and the old and the new value."""
    edited = copy.deepcopy(DOCUMENT)
    limit(edited)["schema"]["maximum"] = 50
    schema(edited, "Timestamp")["maximum"] = 5_000_000_000
    schema(edited, "Run")["properties"]["usage"]["oneOf"].pop()
    assert compare(DOCUMENT, edited) == [
        Change(f"{PARAMETERS}/1/schema/maximum", "listRuns.limit", "the maximum is 50 instead of 100", True, False),
        Change(f"{SCHEMAS}/Run/properties/usage/oneOf", "Run.usage", "null is no longer permitted", False, True),
        Change(
            f"{SCHEMAS}/Timestamp/maximum", "Timestamp", "the maximum is 5000000000 instead of 9999999999", False, True
        ),
    ]


def test_a_reference_in_place_of_another() -> None:
    """A schema that refers to a component in one document only has the changes, at each place that refers to it."""
    edited = copy.deepcopy(DOCUMENT)
    for name in ("prompt_tokens", "total_tokens"):
        schema(edited, "Usage")["properties"][name] = {"type": "integer", "minimum": 0}
    places = [f"{SCHEMAS}/Usage/properties/{name}" for name in ("prompt_tokens", "total_tokens")]
    names = ["Usage.prompt_tokens", "Usage.total_tokens"]
    assert compare(DOCUMENT, edited) == [
        Change(place, name, "the maximum 2147483647 is removed", callers=True)
        for place, name in zip(places, names, strict=True)
    ]
    assert compare(edited, DOCUMENT) == [
        Change(place, name, "the maximum 2147483647 is added", servers=True)
        for place, name in zip(places, names, strict=True)
    ]
    for name in ("prompt_tokens", "total_tokens"):
        schema(edited, "Usage")["properties"][name] = {}
    assert {change.pointer for change in compare(DOCUMENT, edited)} == set(places)


def test_a_component_of_both_directions_has_both_verdicts() -> None:
    """A change of a component that requests and responses use is listed once, with the verdicts of both."""
    documents = [with_schema(ref("Name"), "request", {"Name": {"enum": values}}) for values in (["a"], ["a", "b"])]
    for document in documents:
        operation = document["paths"]["/x"]["post"]
        operation["responses"]["200"]["content"] = operation["requestBody"]["content"]
    change = Change(f"{SCHEMAS}/Name/enum", "Name", 'the value "b" is added', callers=True, servers=True)
    assert compare(*documents) == [change]


def test_callbacks_have_the_roles_exchanged() -> None:
    """A callback is a request of the server: a new value in its body breaks the caller, which receives it."""
    documents = [with_schema({"enum": values}, "request") for values in (["a"], ["a", "b"])]
    for document in documents:
        operation = document["paths"]["/x"].pop("post")
        document["paths"]["/x"]["put"] = {
            "responses": {},
            "callbacks": {"done": {"{$request.body#/url}": {"post": operation}}},
        }
    assert verdicts(compare(*documents)) == CALLERS


@pytest.mark.parametrize("name", sorted({path.stem for path in corpus.FOLDER.glob("*.yaml")}))
def test_documents_of_the_corpus(name: str) -> None:
    """Each valid document of the corpus of the generator is the same as itself, and is compared with the next one."""
    documents = [corpus.document(case) for case in YAML(typ="safe").load(corpus.FOLDER / f"{name}.yaml")]
    valid = [document for document in documents if not next(find(document, project_rules=False), None)]
    for one, other in pairwise(valid):
        assert compare(one, one) == []
        assert all(change.name and change.text for change in compare(one, other))


@pytest.mark.parametrize("value", [1.5, [], {"propertyName": 1, "mapping": []}, {"mapping": {"a": 1}}])
def test_discriminators_that_are_not_valid(value: Json) -> None:
    """A discriminator that no meta-schema checks may have any value."""
    assert between(PETS | {"discriminator": value}, PETS | {"discriminator": value}, "request") == []


def test_a_parameter_that_refers_to_itself() -> None:
    """A parameter that refers to itself does not end in an endless loop."""
    document = with_schema(TEXT, "request")
    document["components"]["parameters"] = {"A": {"$ref": "#/components/parameters/A"}}
    document["paths"]["/x"]["post"]["parameters"] = [{"$ref": "#/components/parameters/A"}]
    assert compare(document, document) == []


def test_deep_chains_of_components() -> None:
    """A chain of thousands of components is compared to its end."""
    count = 3000
    chain = {f"S{i}": of(next=ref(f"S{i + 1}")) for i in range(count)}
    ends = ({f"S{count}": {"type": type_}} for type_ in ("string", "integer"))
    changes = compare(*(with_schema(ref("S0"), "response", chain | end) for end in ends))
    assert [change.pointer for change in changes] == [f"{SCHEMAS}/S{count}/type"]
