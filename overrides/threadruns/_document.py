"""The document as data: what the server and the contract rules know of the API, they read from here.

The copy that ships with the generated package is read as a resource; no generated model is imported.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jsonschema_rs

PATH = "/threads/{thread_id}/runs"
"""The path of the one operation, as the document spells it."""


@cache
def source() -> str:
    """Return the text of ``openapi.yaml``."""
    return files("threadruns_api").joinpath("openapi.yaml").read_text(encoding="utf-8")


@cache
def document() -> dict[str, Any]:
    """Return the document, parsed. Shared: do not change it."""
    parsed: dict[str, Any] = json.loads(files("threadruns_api").joinpath("openapi.json").read_bytes())
    return parsed


def schema(name: str) -> dict[str, Any]:
    """Return the component schema of this name.

    Raises:
        KeyError: The document has no such schema.
    """
    found: dict[str, Any] = document()["components"]["schemas"][name]
    return found


@cache
def parameter(name: str) -> dict[str, Any]:
    """Return the schema of a parameter of the operation, references followed.

    Raises:
        KeyError: The operation has no such parameter.
    """
    for spec in document()["paths"][PATH]["get"]["parameters"]:
        if spec["name"] == name:
            found: dict[str, Any] = spec["schema"]
            return schema(found["$ref"].rpartition("/")[2]) if "$ref" in found else found
    raise KeyError(name)


@cache
def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """Return a validator for the component schema of this name; needs jsonschema-rs."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    )
