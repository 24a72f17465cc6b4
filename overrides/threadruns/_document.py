"""The OpenAPI document as data, for the server and the contract rules.

It is read as a resource of the generated package; no generated model is imported.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jsonschema_rs

PATH = "/threads/{thread_id}/runs"
"""The path of the operation in the document."""

BETA = "OpenAI-Beta"
"""The header with the version of the API."""


@cache
def _folder() -> Path:
    # Not importlib.resources, whose import takes a tenth of the time of a first page. A package in a zip archive would
    # have no folder, but it could not load its compiled dependencies either.
    spec = find_spec("threadruns_api")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def path(form: str = "yaml") -> Path:
    """Return the path of the document that ships with the generated package.

    Args:
        form: ``yaml`` or ``json``.
    """
    return _folder() / f"openapi.{form}"


@cache
def source() -> str:
    """Return the text of ``openapi.yaml``."""
    return path().read_text(encoding="utf-8")


@cache
def page() -> str:
    """Return the documentation page, as HTML."""
    return (_folder() / "page.html").read_text(encoding="utf-8")


@cache
def document() -> dict[str, Any]:
    """Return the parsed document, which is shared and must not be changed."""
    parsed: dict[str, Any] = json.loads(path("json").read_bytes())
    return parsed


def schema(name: str) -> dict[str, Any]:
    """Return a component schema by its name.

    Raises:
        KeyError: The document has no such schema.
    """
    found: dict[str, Any] = document()["components"]["schemas"][name]
    return found


@cache
def query_parameters(operation: str) -> dict[str, dict[str, Any]]:
    """Return the schemas of the query parameters of an operation by name, references followed.

    Args:
        operation: The ``operationId``, or the name of the generated function, which differs from it in case and
            underscores. Parameters are named as those of the function.
    """
    paths: dict[str, dict[str, Any]] = document()["paths"]
    specs: list[dict[str, Any]] = []
    for item in paths.values():
        for each in item.values():
            if "operationId" in each and _plain(each["operationId"]) == _plain(operation):
                specs = [resolve(spec) for spec in (*item.get("parameters", ()), *each.get("parameters", ()))]
    return {spec["name"].replace("-", "_"): resolve(spec["schema"]) for spec in specs if spec["in"] == "query"}


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """Return a node of the document, or the component that it refers to."""
    while "$ref" in node:
        found: Any = document()
        for key in node["$ref"].split("/")[1:]:
            found = found[key.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


@cache
def parameters(place: str) -> dict[str, dict[str, Any]]:
    """Return the parameters of the operation by name, references followed.

    Args:
        place: ``query``, ``header`` or ``path``.
    """
    item = document()["paths"][PATH]
    specs = map(resolve, (*item.get("parameters", ()), *item["get"]["parameters"]))
    return {spec["name"]: {**spec, "schema": resolve(spec["schema"])} for spec in specs if spec["in"] == place}


@cache
def parameter(name: str) -> dict[str, Any]:
    """Return the schema of a parameter of the operation, with references resolved.

    Raises:
        KeyError: The operation has no such parameter.
    """
    found: dict[str, Any] = {**parameters("path"), **parameters("header"), **parameters("query")}[name]["schema"]
    return found


def beta() -> str:
    """Return the value of the beta header."""
    (value,) = parameter(BETA)["enum"]
    return str(value)


@cache
def body_schema(status: int) -> str | None:
    """Return the name of the schema of the operation's body for a status; None if the status is not documented."""
    responses = document()["paths"][PATH]["get"]["responses"]
    keys = (str(status), f"{status // 100}XX", "default")
    found = next((resolve(responses[key]) for key in keys if key in responses), None)
    if found is None:
        return None
    reference: str = found["content"]["application/json"]["schema"]["$ref"]
    return reference.rpartition("/")[2]


@cache
def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """Return a validator for a component schema; needs jsonschema-rs."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    )


def violation(name: str, value: Any) -> str | None:
    """Describe how a parsed value violates a component schema; None if it is valid.

    Returns:
        A path and a problem, such as ``data[3].usage.total_tokens: "7" is not of type "integer"``, in 300 characters at
        most.
    """
    import jsonschema_rs

    try:
        # Not iter_errors, which builds all errors at once, each with a copy of the invalid value.
        validator(name).validate(value)
    except jsonschema_rs.ValidationError as refusal:
        error = refusal
    except ValueError:
        # jsonschema-rs cannot copy an invalid value of more than 255 levels.
        return "a value that the schema refuses is nested too deep to be shown"
    else:
        return None
    reasons = _reasons(error)
    place = reasons[0].instance_path
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
    problem = " or ".join(dict.fromkeys(reason.message for reason in reasons if reason.instance_path == place))
    return _shorten(f"{path}: {problem}" if path else problem)


def _reasons(error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError]:
    """Return the errors that explain an error.

    For ``oneOf``, those are the errors of the variants that have the type of the value.
    """
    branches = getattr(error.kind, "context", None)
    if not branches:
        return [error]

    def is_other_type(branch: list[jsonschema_rs.ValidationError]) -> bool:
        return any(
            reason.schema_path[-1] == "const"
            or (reason.schema_path[-1] == "type" and reason.instance_path == error.instance_path)
            for reason in branch
        )

    relevant = [branch for branch in branches if not is_other_type(branch)] or branches
    firsts = [min(branch, key=lambda reason: reason.schema_path[-1] != "const") for branch in relevant]
    return [reason for first in firsts for reason in _reasons(first)]


def _shorten(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:140]} ... {text[-155:]}"
