"""Documents for tests of samples, and the programs that run samples."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DOCUMENT: dict[str, Any] = YAML(typ="safe", pure=True).load(Path(__file__).parents[3] / "openapi.yaml")

NASTY = (
    "$HOME ${HOME} $(id) `id` %s %d %% %n \\n \\\\ \\u0041 \\( \\{ \"double\" 'single' '''three''' \"\"\"",
    "#{x} #$x #@x {{x}} {{$processEnv HOME}} {x} <%= x %> ?? ??= ??/ ?> <!-- --> </script> @x @{x} | |> // /* */ -- !",
)
"""Texts with whatever a language may take for its own."""
UNICODE = "\u00e9 \u20ac \U0001f600 \u2028 \x7f"


def plain_document() -> dict[str, Any]:
    """Return a document whose operation has no cursor, so that samples print one page."""
    document = deepcopy(DOCUMENT)
    operation = document["paths"]["/threads/{thread_id}/runs"]["get"]
    operation["parameters"] = [each for each in operation["parameters"] if each["name"] not in ("after", "before")]
    return document


def idless_document() -> dict[str, Any]:
    """Return a document whose items may have no id, so that samples print whole items."""
    document = deepcopy(DOCUMENT)
    document["components"]["schemas"]["Run"]["required"].remove("id")
    return document


def nasty_document() -> dict[str, Any]:
    """Return a document with special characters of all languages in every place of a request."""
    document = deepcopy(DOCUMENT)
    text = {"type": "string"}

    def parameter(name: str, place: str, value: Any, **more: Any) -> dict[str, Any]:
        return {"name": name, "in": place, "required": True, "schema": text, "example": value, **more}

    document["paths"] = {
        "/things/$count('all')/{thing}": {
            "post": {
                "operationId": "makeThing",
                "tags": ["things"],
                "summary": "Make a thing",
                "description": "Makes a thing.",
                "security": [{"bearer": []}],
                "parameters": [
                    parameter("thing", "path", f"{NASTY[0]} {UNICODE} a/b?c"),
                    parameter("first", "query", f"{NASTY[1]} & = + ; , {UNICODE}"),
                    parameter("list[]", "query", [*NASTY, "x"]),
                    parameter("X-First", "header", NASTY[0]),
                    parameter("X-Second", "header", NASTY[1]),
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"type": "object"},
                            "example": {"text": [*NASTY, UNICODE, "\t\n\r\x00\x1f"], "number": 1.5, "none": None},
                        }
                    },
                },
                "responses": {"201": {"description": "Made."}},
            }
        }
    }
    return document
