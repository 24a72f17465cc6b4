"""Rules of OpenAPI and HTTP that more than one part of the generator follows."""

from __future__ import annotations

from collections.abc import Iterator

from _document.source import Json

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

IGNORED_HEADERS = ("accept", "authorization", "content-type")
"""Header parameters that OpenAPI ignores, because it describes them elsewhere."""

STYLES = {"query": "form", "path": "simple", "header": "simple", "cookie": "form"}
"""The default style by the place of a parameter."""

PATH_SAFE = "/:@$&'()*+,;=~-._"
"""Characters that need no encoding in the path of a URL."""


def paths_of(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield the paths of a document with their items; other keys are extensions."""
    yield from ((path, item) for path, item in (document.get("paths") or {}).items() if path.startswith("/"))


def responses_of(operation: Json) -> dict[str, Json]:
    """Return the responses of an operation by status; other keys are extensions."""
    responses = operation.get("responses") or {}
    return {status: response for status, response in responses.items() if not status.startswith("x-")}


def style_of(parameter: Json, place: str) -> tuple[str, bool]:
    """Return the style of a parameter or header, and whether its parts are sent separately.

    Args:
        parameter: The parameter or header.
        place: ``query``, ``path``, ``header`` or ``cookie``.
    """
    style = parameter.get("style", STYLES[place])
    return style, bool(parameter.get("explode", style == "form"))


def is_json(kind: str) -> bool:
    """Return whether a media type is JSON."""
    media_type = kind.partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")
