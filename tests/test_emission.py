"""The generator's private view of the document: whatever of it is renamed in an upgrade, generation fails loudly."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, nodes
from openapi_python_client.parser import GeneratorData, properties
from openapi_python_client.parser.bodies import Body
from openapi_python_client.parser.openapi import Endpoint, EndpointCollection
from openapi_python_client.parser.properties.protocol import Value
from openapi_python_client.parser.properties.schemas import Class
from openapi_python_client.parser.responses import HTTPStatusPattern, Response
from openapi_python_client.schema import UntrustedString

import _emission
import generate
from tests.support.documents import edited

CLASSES: dict[type, tuple[str, ...]] = {
    properties.ModelProperty: ("model", "prop", "p", "variant"),
    properties.ListProperty: ("prop",),
    properties.UnionProperty: ("prop", "union"),
    properties.ConstProperty: ("prop",),
    properties.LiteralEnumProperty: ("prop", "enum"),
    properties.StringProperty: ("prop",),
    Endpoint: ("endpoint",),
    Response: ("response",),
    HTTPStatusPattern: ("status_code",),
    Body: ("body",),
    Class: ("class_info",),
    Value: ("value",),
    UntrustedString: ("name", "title"),
    GeneratorData: ("data", "openapi"),
    EndpointCollection: ("collection",),
}
"""The classes of the view, with the names under which this repository holds their objects."""

EMISSION = Path(_emission.__file__).parent
OURS = (str(generate.TEMPLATES), str(EMISSION), str(Path(generate.__file__)), "<template>")


def attributes_in_use() -> Iterator[tuple[str, str]]:
    """Yield each attribute that the templates and `_emission` read, with the name of its holder."""
    environment = Environment(extensions=["jinja2.ext.do"])
    for path in generate.TEMPLATES.glob("*.jinja"):
        for node in environment.parse(path.read_text()).find_all(nodes.Getattr):
            holder = node.node
            yield (holder.name if isinstance(holder, nodes.Name) else getattr(holder, "attr", "")), node.attr
    for path in EMISSION.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                holder = node.value
                yield (holder.id if isinstance(holder, ast.Name) else getattr(holder, "attr", "")), node.attr


def used() -> list[tuple[type, str]]:
    """Return the attributes in use, each with the class of the view that has it."""
    found = {
        (kind, attribute)
        for holder, attribute in attributes_in_use()
        for kind, holders in CLASSES.items()
        if holder in holders and (hasattr(kind, attribute) or attribute in getattr(kind, "__annotations__", {}))
    }
    return sorted(found, key=lambda pair: (pair[0].__name__, pair[1]))


def is_ours(frame: Any) -> bool:
    """Return whether a frame, or the template that called it, is this repository's."""
    while frame is not None and "jinja2" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(OURS)


def test_attributes_are_found() -> None:
    """The list of attributes in use has those that everything depends on, and none is of an unknown holder."""
    names = {f"{kind.__name__}.{attribute}" for kind, attribute in used()}
    assert names >= {
        "ModelProperty.class_info",
        "ModelProperty.required_properties",
        "ModelProperty.additional_properties",
        "ListProperty.inner_property",
        "UnionProperty.inner_properties",
        "ConstProperty.value",
        "LiteralEnumProperty.values",
        "Endpoint.path_parameters",
        "Response.status_code",
        "Class.module_name",
        "GeneratorData.models",
    }


def add_body(document: dict[str, Any]) -> None:
    """Let an operation have a body, as no operation of the document has one."""
    schema = {"$ref": "#/components/schemas/Usage"}
    operations = document["paths"]["/threads/{thread_id}/runs"]
    body = {"description": "x", "required": True, "content": {"application/json": {"schema": schema}}}
    operations["post"] = {
        **operations["get"],
        "operationId": "createRun",
        "summary": "Create a run",
        "requestBody": body,
    }


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document that has all that templates know."""
    return edited(tmp_path_factory.mktemp("document"), add_body)


def test_the_document_is_generated(document: Path, tmp_path: Path) -> None:
    """With every attribute there, the package is generated."""
    generate.build(document, tmp_path / "emitted")


@pytest.mark.parametrize(("kind", "attribute"), used(), ids=lambda value: getattr(value, "__name__", value))
def test_a_renamed_attribute_is_noticed(
    kind: type, attribute: str, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an attribute of the generator gone for this repository, nothing is generated."""
    original: Callable[[Any, str], Any] = kind.__getattribute__

    def renamed(self: Any, name: str) -> Any:
        if name == attribute and type(self) is kind and is_ours(sys._getframe(1)):
            raise AttributeError(f"{kind.__name__} has no attribute {name!r}")
        return original(self, name)

    monkeypatch.setattr(generate, "find", lambda *_, **__: [])  # the document is valid; this saves half of the time
    monkeypatch.setattr(kind, "__getattribute__", renamed)
    with pytest.raises(Exception, match=attribute):
        generate.build(document, tmp_path / "emitted")
