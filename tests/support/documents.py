"""Edited documents: the document as data, written to a file after changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

import generate

Document = dict[str, Any]
Edit = Callable[[Document], None]


def edited(folder: Path, *edits: Edit) -> Path:
    """Write the document after some edits into a folder, and return its path."""
    document = YAML(typ="safe").load(generate.DOCUMENT)
    for edit in edits:
        edit(document)
    path = folder / "edited.yaml"
    writer = YAML(typ="safe")
    writer.sort_base_mapping_type_on_output = False
    with path.open("w", encoding="utf-8") as file:
        writer.dump(document, file)
    return path


def schemas(document: Document) -> dict[str, Any]:
    """Return the component schemas."""
    found: dict[str, Any] = document["components"]["schemas"]
    return found


def operation(document: Document) -> dict[str, Any]:
    """Return the operation that lists runs."""
    found: dict[str, Any] = document["paths"]["/threads/{thread_id}/runs"]["get"]
    return found


def add_operations(document: Document) -> None:
    """Add operations that do not list: one returns an object, one sends a JSON body, one has no content."""
    listed = operation(document)
    responses = {status: each for status, each in listed["responses"].items() if not status.startswith("2")}
    headers = [each for each in listed["parameters"] if each["in"] == "header"]
    thread = listed["parameters"][0]
    run = {
        "name": "run_id",
        "in": "path",
        "required": True,
        "description": "The run.",
        "schema": {"$ref": "#/components/schemas/RunId"},
        "example": "run_abc123",
    }
    common = {"tags": ["runs"], "security": listed["security"]}

    def described(name: str, summary: str, parameters: list[Any], success: dict[str, Any]) -> dict[str, Any]:
        return {
            "operationId": name,
            "summary": summary,
            "description": f"{summary}.",
            **common,
            "parameters": [*parameters, *headers],
            "responses": {**success, **responses},
        }

    def content(schema: str) -> dict[str, Any]:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}

    schemas(document)["NewRun"] = {
        "type": "object",
        "description": "The run to create.",
        "required": ["assistant_id"],
        "properties": {
            "assistant_id": {"$ref": "#/components/schemas/AssistantId", "description": "The assistant."},
            "instructions": {"type": ["string", "null"], "description": "What the assistant does."},
            "tools": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Tool"},
                "description": "The tools that the run may call.",
            },
            "temperature": {"type": "number", "description": "The temperature."},
            "metadata": {"$ref": "#/components/schemas/Metadata", "description": "Notes."},
        },
    }
    found = {"200": {"description": "The run.", "content": content("Run")}}
    create = described("createRun", "Create a run", [thread], found)
    create["requestBody"] = {"required": True, "description": "The run to create.", "content": content("NewRun")}
    document["paths"]["/threads/{thread_id}/runs"]["post"] = create
    document["paths"]["/threads/{thread_id}/runs/{run_id}"] = {
        "get": described("retrieveRun", "Retrieve a run", [thread, run], found),
        "delete": described("deleteRun", "Delete a run", [thread, run], {"204": {"description": "It is deleted."}}),
    }
