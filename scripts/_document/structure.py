"""The structure of a document: the objects of OpenAPI 3.1, their keys, and the types of their values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from jsonschema_rs import Draft202012Validator, ValidationError
from openapi_spec_validator.schemas import schema_v31

from _document.messages import Kind, Message, message, nearest, similar
from _document.parts import KEYWORDS
from _document.source import Json, Pointer

SCHEMA: Json = dict(schema_v31)
"""The JSON Schema of OpenAPI 3.1."""

PATHS = SCHEMA["$defs"]["paths"]
REFERENCE = SCHEMA["$defs"]["reference"]
RESPONSES = SCHEMA["$defs"]["responses"]


def structure(document: Json) -> Iterator[Message]:
    """Yield what does not have the structure of a document of OpenAPI 3.1.

    One mistake is yielded once. A value of another type has no other mistake; a misspelt key is not missing too; and a
    key that its object has is not unexpected if a mistake in the object keeps the validator from recognizing it.
    """
    for found in _messages(document):
        yield found._replace(pointer=_pointer(document, found.pointer))


def _messages(document: Json) -> Iterator[Message]:
    errors = list(Draft202012Validator(SCHEMA).iter_errors(document))
    typed = {tuple(error.instance_path) for error in errors if isinstance(error.kind, Kind.Type)}
    errors = [each for each in errors if isinstance(each.kind, Kind.Type) or tuple(each.instance_path) not in typed]
    unexpected: dict[Pointer, set[str]] = defaultdict(set)
    for error in errors:
        if isinstance(error.kind, Kind.UnevaluatedProperties):
            unexpected[tuple(error.instance_path)].update(error.kind.unexpected)
    others = [tuple(error.instance_path) for error in errors if not isinstance(error.kind, Kind.UnevaluatedProperties)]
    for error in errors:
        at, owner = tuple(error.instance_path), _owner(error)
        if isinstance(error.kind, Kind.UnevaluatedProperties):
            known = _keys(owner)
            has_mistake = any(other[: len(at)] == at for other in others)
            for key in error.kind.unexpected:
                if not (key in known and has_mistake):
                    yield Message((*at, key), *_unexpected(key, owner, known))
        elif owner is RESPONSES["then"]:
            if not unexpected[at]:
                yield Message(at, "it has no response", "add one, such as '200'")
        elif isinstance(error.kind, Kind.Required) and similar(error.kind.property, unexpected[at]):
            pass  # misspelt
        elif owner is not RESPONSES or not isinstance(error.kind, Kind.MinProperties):
            found = message(error, owner)
            is_name = isinstance(error.kind, Kind.PropertyNames)
            yield found._replace(remedy="use letters, digits, '.', '_' and '-'") if is_name else found


def _pointer(document: Json, pointer: Pointer) -> Pointer:
    """Return a pointer of the validator, which has numbers for keys such as ``200`` too, with keys as strings."""
    found: list[str | int] = []
    node = document
    for token in pointer:
        key = token if isinstance(node, list) else str(token)
        node = node[key] if isinstance(node, list) else node.get(key) if isinstance(node, dict) else None
        found.append(key)
    return tuple(found)


def _owner(error: ValidationError) -> Json:
    """Return the schema whose keyword failed; None if it is in another document."""
    node = SCHEMA
    for token in error.schema_path[:-1]:
        node = node.get(token) if isinstance(node, dict) else node[int(token)]
    return node


def _keys(schema: Json) -> set[str]:
    """Return the keys that objects of a schema may have, whatever their other keys are."""
    if not isinstance(schema, dict):
        return set()
    inner = [*schema.get("allOf", []), *schema.get("dependentSchemas", {}).values()]
    inner += [schema.get(key) for key in ("if", "then", "else")]
    if "$ref" in schema:
        inner.append(_target(schema["$ref"]))
    return {*schema.get("properties", {})}.union(*map(_keys, inner))


def _target(reference: str) -> Json:
    node = SCHEMA
    for token in reference.removeprefix("#/").split("/"):
        node = node[token]
    return node


def _unexpected(key: str, owner: Json, known: set[str]) -> tuple[str, str]:
    """Return what is wrong with a key that its object does not have, and what to do."""
    if owner is PATHS:
        return f"the path {key!r} does not begin with '/'", "add the slash"
    if owner is RESPONSES:
        return f"{key!r} is not a status", "write one such as '200', a range such as '2XX', or 'default'"
    if owner is REFERENCE:
        return f"the key {key!r} is not permitted beside '$ref'", "remove it"
    if key in known:
        return f"the key {key!r} does not fit the other keys of its object", "remove it, or correct the others"
    if key in KEYWORDS and "schema" in known:
        return f"the key {key!r} is not permitted here", "move it into 'schema'"
    return f"the key {key!r} is not permitted here", nearest(key, known, "correct or remove it")
