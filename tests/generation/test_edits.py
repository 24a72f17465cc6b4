"""Tests of the generator with edited documents of the corpus: each ends with a package or with a reason."""

from __future__ import annotations

import copy
import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import generate
from _document.source import Source
from _documentation.page import page
from _documentation.samples import add_samples
from tests.generation.corpus import Json, cases, document

THING = {"$ref": "#/components/schemas/Thing"}
DOCUMENTS = [document(case) for case in cases()]
SCHEMAS = [
    {},
    THING,
    {"type": "object"},
    {"type": ["string", "null"]},
    {"oneOf": [{"type": "string"}, THING]},
    {"allOf": [THING]},
    {"allOf": [THING, {"required": ["id"]}]},
    {"anyOf": [THING, {"const": "x"}, {"type": "null"}]},
    {"type": "array", "items": THING},
    {"additionalProperties": THING},
    {"properties": {"x": THING}, "required": ["x"]},
    {"enum": ["a", 1, None]},
    {"const": None},
    *(schema for made in DOCUMENTS for schema in made["components"]["schemas"].values()),
]
OTHERS = [
    None,
    True,
    False,
    0,
    1.5,
    "",
    "x",
    "it's \"\\",
    "\n",
    [],
    ["x"],
    [{}],
    {"x": {}},
    {"$ref": "#/x"},
    {"$ref": 5},
]
KEYWORDS = [
    "items",
    "properties",
    "additionalProperties",
    "allOf",
    "oneOf",
    "anyOf",
    "enum",
    "const",
    "type",
    "required",
]
KEYWORDS += ["description", "title", "discriminator", "readOnly", "default", "$ref", "content", "parameters", "schema"]


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.data())
def test_no_edit_breaks_the_generator(data: st.DataObject) -> None:
    """With any value in any place, a document is generated as valid Python, or refused with place and reason."""
    edited = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        edit(data, edited)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "package"
        try:
            generate.emit(Source("edited.yaml", edited, None), target)
        except generate.GenerateError as error:
            for line in str(error).splitlines():
                assert re.match(r"edited\.yaml:\d+: (/.*|\(document\)): \S", line), line
            return
        for path in target.rglob("*.py"):
            compile(path.read_text(encoding="utf-8"), str(path), "exec")
    page(edited)
    add_samples(edited)


def edit(data: st.DataObject, made: Json) -> None:
    """Change one value of a document."""
    # An earlier edit may have replaced the components.
    components = made.get("components")
    schemas = components.get("schemas") if isinstance(components, dict) else None
    node = schemas if isinstance(schemas, dict | list) and data.draw(st.booleans()) else made
    while True:
        keys = [*node] if isinstance(node, dict) else [*range(len(node))]
        if isinstance(node, dict) and data.draw(st.integers(0, 5)) == 0:
            keys += KEYWORDS
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        inner = node.get(key) if isinstance(node, dict) else node[key]
        if not isinstance(inner, dict | list) or data.draw(st.integers(0, 4)) == 0:
            break
        node = inner
    schema = st.sampled_from(SCHEMAS)
    value = st.one_of(schema, st.lists(schema, min_size=1, max_size=3), st.sampled_from(OTHERS))
    node[key] = copy.deepcopy(data.draw(value))


def test_schemas_that_contain_each_other_end() -> None:
    """Intersections of schemas that contain each other are finite, as each pair is merged once."""
    left = {"properties": {"next": {"$ref": "#/components/schemas/Left"}, "x": {"type": "string"}}}
    right = {"properties": {"next": {"$ref": "#/components/schemas/Right"}, "y": {"type": "integer"}}}
    both = {"allOf": [{"$ref": "#/components/schemas/Left"}, {"$ref": "#/components/schemas/Right"}]}
    made = document({"schemas": {"Left": left, "Right": right, "Thing": both}})
    with tempfile.TemporaryDirectory() as folder:
        generate.emit(Source("edited.yaml", made, None), Path(folder) / "package")
        assert len([*(Path(folder) / "package" / "models").iterdir()]) < 10
