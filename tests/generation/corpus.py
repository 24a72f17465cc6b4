"""The corpus: small documents of one feature each, with the outcome that is expected."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parent / "corpus"

Json = Any
Case = dict[str, Any]

THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
"""The schema Thing of a case that has none."""


@cache
def cases() -> tuple[Case, ...]:
    """Return all cases."""
    found: list[Case] = []
    for path in sorted(FOLDER.glob("*.yaml")):
        found += YAML(typ="safe").load(path)
    return tuple(found)


def document(case: Case) -> Json:
    """Return the document of a case: one operation, which returns a Thing unless the case has other responses."""
    success = {"description": "x", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    operation = {
        "operationId": "getThing",
        "tags": ["things"],
        "summary": "Get a thing",
        "parameters": case.get("parameters", []),
        "responses": case.get("responses", {"200": success}),
        **({"requestBody": case["body"]} if "body" in case else {}),
    }
    operation = {key: value for key, value in (operation | case.get("operation", {})).items() if value is not None}
    item = dict(case.get("item", {}))
    if not case.get("without_operation"):
        item[case.get("method", "get")] = operation
    made = {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        **({} if case.get("without_paths") else {"paths": {case.get("path", "/things"): item}}),
        "components": {"schemas": {"Thing": THING, **case.get("schemas", {})}},
    }
    return merged(made, case.get("document", {}))


def merged(base: Json, more: Json) -> Json:
    """Return an object with the keys of another added, at every depth."""
    found = copy.copy(base)
    for key, value in more.items():
        found[key] = (
            merged(found[key], value) if isinstance(found.get(key), dict) and isinstance(value, dict) else value
        )
    return found


def write(case: Case, path: Path) -> Path:
    """Write the document of a case to a file, and return the path."""
    writer = YAML(typ="safe")
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False
    with path.open("w", encoding="utf-8") as file:
        writer.dump(document(case), file)
    return path
