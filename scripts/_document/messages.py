"""Errors of a JSON Schema validator as sentences: what is wrong, and what to do.

A validator describes each keyword that failed. The sentences are about the part of the document instead, and name the
keys and values to write.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple

from jsonschema_rs import ValidationError, ValidationErrorKind

from _document.source import Json, Pointer

Kind = ValidationErrorKind

TYPES = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "null": "null",
}


class Message(NamedTuple):
    """An error in words.

    Attributes:
        pointer: The place in the document.
        fault: What is wrong.
        remedy: What to do.
    """

    pointer: Pointer
    fault: str
    remedy: str


def message(error: ValidationError, owner: Json = None) -> Message:
    """Return an error in words.

    Args:
        error: The error.
        owner: The schema whose keyword failed, for more exact advice.
    """
    at = tuple(error.instance_path)
    value, kind = error.instance, error.kind
    match kind:
        case Kind.AnyOf() | Kind.OneOfNotValid() | Kind.OneOfMultipleValid():
            return _of_alternatives(error, owner)
        case Kind.PropertyNames():
            inner = message(kind.error)
            return Message((*at, str(kind.error.instance)), f"the name {inner.fault}", inner.remedy)
        case Kind.AdditionalProperties() | Kind.UnevaluatedProperties():
            key = kind.unexpected[0]
            return Message((*at, key), f"the key {key!r} is not permitted here", "correct or remove it")
        case Kind.Required():
            constant = ((owner or {}).get("properties") or {}).get(kind.property, {}).get("const")
            line = "it" if constant is None else repr(f"{kind.property}: {json.dumps(constant)}")
            return Message(at, f"the key {kind.property!r} is missing", f"add {line}")
        case Kind.Not():
            schema: Json = kind.schema
            keys = schema.get("required", []) if isinstance(schema, dict) else []
            before = [key for key in error.schema_path if isinstance(value, dict) and key in value and key not in keys]
            both = [*before[-1:], *keys]
            if len(both) > 1:
                return Message(at, f"{listed(both, 'and')} exclude each other", "remove one of them")
            return Message(at, f"{shown(value)} is not permitted here", "correct it")
        case Kind.Type():
            return Message(at, *_of_type(value, kind.types))
        case Kind.Enum() | Kind.Constant():
            options = kind.options if isinstance(kind, Kind.Enum) else [kind.expected_value]
            return Message(at, *_of_options(value, list(options)))
        case _:
            return Message(at, *_of_bound(value, kind, error.message))


def listed(words: Iterable[Json], conjunction: str) -> str:
    """Return values as a list in words, such as ``'a', 'b' or 'c'``."""
    *others, last = map(shown, words)
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def shown(value: Json) -> str:
    """Return a value as short text: a string in single quotes, other values as JSON."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def similar(word: str, options: Iterable[str]) -> str | None:
    """Return the option that a word may be a misspelling of; None if none is similar."""
    return next(iter(get_close_matches(word, sorted(options), 1, cutoff=0.65)), None)


def nearest(word: str, options: Iterable[str], otherwise: str) -> str:
    """Return the question whether the most similar option was meant; another text if none is similar."""
    near = similar(word, options)
    return f"did you mean {near!r}?" if near else otherwise


def _of_alternatives(error: ValidationError, owner: Json) -> Message:
    """Return the message of the alternative that comes closest to being valid."""
    at, kind = tuple(error.instance_path), error.kind
    alternatives = (owner or {}).get("oneOf", (owner or {}).get("anyOf", []))
    keys = [key for each in alternatives for key in (each.get("required", []) if isinstance(each, dict) else [])]
    if keys and isinstance(error.instance, dict) and all({*each} == {"required"} for each in alternatives):
        present = [key for key in keys if key in error.instance]
        if present:
            return Message(at, f"{listed(present, 'and')} exclude each other", "remove one of them")
        return Message(at, f"the key {listed(keys, 'or')} is missing", "add one of them")
    if not isinstance(kind, Kind.AnyOf | Kind.OneOfNotValid):
        return Message(at, f"{shown(error.instance)} fits more than one of the alternatives", "make them differ")
    closest = max((errors for errors in kind.context if errors), key=_rank, default=None)
    if closest is None:
        return Message(at, f"{shown(error.instance)} fits none of the alternatives", "correct it")
    return message(closest[0])


def _rank(errors: list[ValidationError]) -> tuple[int, int]:
    """Return how close an alternative comes: the deeper its first error, and the less it is about the whole value."""
    kind = errors[0].kind
    return len(errors[0].instance_path), 0 if isinstance(kind, Kind.Type) else 1 if isinstance(kind, Kind.Enum) else 2


def _of_type(value: Json, types: list[str]) -> tuple[str, str]:
    names = [TYPES[kind] for kind in sorted(types, key=[*TYPES].index)]
    wanted = " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    if value is None:
        return f"it has no value, but must be {wanted}", f"write {wanted}"
    if isinstance(value, dict | list):
        return f"it is {TYPES['object' if isinstance(value, dict) else 'array']}, not {wanted}", f"write {wanted}"
    is_unquoted = "string" in types and not isinstance(value, str)
    return f"{shown(value)} is not {wanted}", "quote it" if is_unquoted else f"write {wanted}"


def _of_options(value: Json, options: list[Json]) -> tuple[str, str]:
    fault = f"{shown(value)} is not {listed(options, 'or')}"
    if not isinstance(value, str) and not isinstance(value, dict | list) and json.dumps(value) in options:
        return fault, "quote it"
    if len(options) == 1:
        return fault, f"write {shown(options[0])}"
    texts = [option for option in options if isinstance(option, str)]
    return fault, nearest(value, texts, "write one of them") if isinstance(value, str) else "write one of them"


def _of_bound(value: Json, kind: Any, text: str) -> tuple[str, str]:
    """Return what is wrong with a value that a bound, a pattern or a format rejects."""
    match kind:
        case Kind.MinItems() | Kind.MinProperties() if not value:
            return "it is empty", "add an entry"
        case Kind.MinItems() | Kind.MinProperties():
            return f"it has {len(value)} entries, fewer than {kind.limit}", "add entries"
        case Kind.MaxItems() | Kind.MaxProperties():
            return f"it has {len(value)} entries, more than {kind.limit}", "remove entries"
        case Kind.MinLength():
            return f"{shown(value)} has {len(value)} characters, fewer than {kind.limit}", "lengthen it"
        case Kind.MaxLength():
            return f"{shown(value)} has {len(value)} characters, more than {kind.limit}", "shorten it"
        case Kind.UniqueItems():
            twice = next((part for number, part in enumerate(value) if part in value[:number]), value)
            return f"{shown(twice)} is listed twice", "remove one of them"
        case Kind.Minimum() | Kind.ExclusiveMinimum():
            more = "at least" if isinstance(kind, Kind.Minimum) else "more than"
            return f"{shown(value)} is not {more} {kind.limit}", f"write a number that is {more} {kind.limit}"
        case Kind.Maximum() | Kind.ExclusiveMaximum():
            less = "at most" if isinstance(kind, Kind.Maximum) else "less than"
            return f"{shown(value)} is not {less} {kind.limit}", f"write a number that is {less} {kind.limit}"
        case Kind.Pattern():
            return f"{shown(value)} does not match the pattern {kind.pattern}", "correct it"
        case Kind.Format():
            return f"{shown(value)} is not a valid {kind.format}", "correct it"
        case Kind.FalseSchema():
            return f"{shown(value)} is not permitted here", "remove it"
        case _:
            return text if len(text) <= 200 else f"...{text[-160:]}", "correct it"
