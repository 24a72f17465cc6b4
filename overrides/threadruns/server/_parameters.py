"""Validation of parameters by their schemas in the document.

A parameter that the document gets is validated without a change here; what it selects is up to the store.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from threadruns._document import document, resolve
from threadruns.server._messages import HTTPError

if TYPE_CHECKING:
    import jsonschema_rs

MAX_SHOWN_CHARS = 100
"""The largest number of characters of an invalid value that an error repeats."""

MAX_DIGITS = 20
"""The number of characters from which an integer is beyond every bound; Python refuses to convert thousands."""

ANNOTATIONS = frozenset(("type", "items", "title", "description", "default", "example", "examples", "deprecated"))
"""The keywords that restrict no value of the right type."""

CHECKED = ANNOTATIONS | {
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "pattern",
    "minLength",
    "maxLength",
}
"""The keywords whose errors have a sentence of their own; jsonschema-rs checks the others."""


def parse_parameters(specs: Mapping[str, Mapping[str, Any]], pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the values of parameters, with defaults; None for one that is absent.

    Args:
        specs: The parameters of the document by name; parameters without one are ignored.
        pairs: The names and values of the request, in their order.

    Raises:
        HTTPError: A value is invalid, a required parameter is missing, or one is given twice.
    """
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if name in given and name in specs and "array" not in _types(specs[name]["schema"]):
            message = f"Invalid '{name}': the parameter is given more than once."
            raise HTTPError(400, message, param=name, code="duplicate_parameter")
        given.setdefault(name, []).append(value)
    return {name: parse_parameter(name, spec, given.get(name, [])) for name, spec in specs.items()}


def parse_parameter(name: str, spec: Mapping[str, Any], values: Sequence[str]) -> Any:
    """Return the value of one parameter; its default, or None, if it is absent.

    Args:
        name: The name of the parameter.
        spec: The parameter in the document.
        values: Its values in the request: several only if its schema is an array.

    Raises:
        HTTPError: A value is invalid, or the parameter is required and missing.
    """
    schema = spec["schema"]
    if not values:
        if spec.get("required"):
            raise HTTPError(
                400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
            )
        return schema.get("default")
    if "array" in _types(schema):
        items = resolve(schema.get("items", {}))
        parsed = [_parse(name, items, value) for value in values]
        if not ANNOTATIONS.issuperset(schema):
            _validate(name, schema, parsed)
        return parsed
    return _parse(name, schema, values[0])


def _parse(name: str, schema: Mapping[str, Any], value: str) -> Any:
    if "enum" in schema:
        parsed = _listed(name, [each for each in schema["enum"] if each is not None], value)
        if not ANNOTATIONS.issuperset(schema.keys() - {"enum"}):
            _validate(name, schema, parsed)
        return parsed
    kinds = _types(schema) or ["string"]
    for kind in kinds[:-1]:
        try:
            return _parse_as(kind, name, schema, value)
        except HTTPError:  # It may still be a value of another type.
            pass
    return _parse_as(kinds[-1], name, schema, value)


def _types(schema: Mapping[str, Any]) -> list[str]:
    """Return the types that a value may have; null is left out, because it cannot be written in a query."""
    if "type" not in schema:
        return [kind for each in schema.get("anyOf") or schema.get("oneOf") or () for kind in _types(resolve(each))]
    kinds: str | list[str] = schema["type"]
    return [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]


def _parse_as(kind: str, name: str, schema: Mapping[str, Any], value: str) -> Any:
    parsed = _read(kind, name, schema, value)
    if not CHECKED.issuperset(schema):
        _validate(name, schema, parsed)
    return parsed


def _read(kind: str, name: str, schema: Mapping[str, Any], value: str) -> Any:
    match kind:
        case "integer":
            return _integer(name, schema, value)
        case "number":
            return _number(name, schema, value)
        case "boolean":
            return _listed(name, (True, False), value)
        case _:
            return _text(name, schema, value)


def _integer(name: str, schema: Mapping[str, Any], value: str) -> int:
    if not re.fullmatch(r"-?(0|[1-9][0-9]*)", value, re.ASCII):
        raise _wrong_type(name, "an integer", value)
    negative = value.startswith("-")
    if len(value) >= MAX_DIGITS:
        low, high = schema.get("minimum"), schema.get("maximum")
        bound = low if negative else high
        if bound is None:
            raise _wrong_type(name, "an integer of 64 bits", value)
        number: int = bound + (-1 if negative else 1)
    else:
        number = int(value)
    _check_bounds(name, schema, number, value, "integer")
    return number


def _number(name: str, schema: Mapping[str, Any], value: str) -> float:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?", value, re.ASCII):
        raise _wrong_type(name, "a number", value)
    number = float(value)
    _check_bounds(name, schema, number, value, "decimal")
    if not math.isfinite(number):
        raise _wrong_type(name, "a number of 64 bits", value)
    return number


def _check_bounds(name: str, schema: Mapping[str, Any], number: float, value: str, kind: str) -> None:
    for bound, wrong, side, sign, end in (
        (schema.get("minimum"), operator.lt, "below minimum", ">=", "below_min_value"),
        (schema.get("exclusiveMinimum"), operator.le, "below minimum", ">", "below_min_value"),
        (schema.get("maximum"), operator.gt, "above maximum", "<=", "above_max_value"),
        (schema.get("exclusiveMaximum"), operator.ge, "above maximum", "<", "above_max_value"),
    ):
        if bound is not None and wrong(number, bound):
            message = f"Invalid '{name}': {kind} {side} value. Expected a value {sign} {bound}, but got"
            raise HTTPError(400, f"{message} {shown(value)} instead.", param=name, code=f"{kind}_{end}")


def _listed(name: str, values: Sequence[Any], value: str) -> Any:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in values]
    if value not in texts:
        supported = " and ".join(f"'{each}'" for each in texts)
        message = f"Invalid value: '{shown(value)}'. Supported values are: {supported}."
        raise HTTPError(400, message, param=name, code="invalid_value")
    return values[texts.index(value)]


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator({**json.loads(schema), "components": document()["components"]})


def _validate(name: str, schema: Mapping[str, Any], parsed: Any) -> None:
    """Check a value by all keywords of its schema."""
    import jsonschema_rs

    try:
        _validator(json.dumps(schema)).validate(parsed)
    except jsonschema_rs.ValidationError as error:
        message = f"Invalid '{name}': {shown(error.message)}."
        raise HTTPError(400, message, param=name, code="invalid_value") from None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # In Python, "$" also matches before a line feed at the end.
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


def _text(name: str, schema: Mapping[str, Any], value: str) -> str:
    pattern, low, high = schema.get("pattern"), schema.get("minLength", 0), schema.get("maxLength", len(value))
    fits = pattern is None or _compiled(pattern).search(value)
    if not fits or not low <= len(value) <= high:
        example = next(iter(schema.get("examples", ())), None)
        such = f", such as '{example}'" if example else ""
        message = f"Invalid '{name}': '{shown(value)}'. Expected {_description(schema)}{such}."
        raise HTTPError(400, message, param=name, code="invalid_value")
    return value


def _description(schema: Mapping[str, Any]) -> str:
    """Return the beginning of the description of a schema, as the object of "Expected"."""
    text = str(schema.get("description", "another value"))
    first = re.split(r"[:,.;]", text)[0]
    return first[:1].lower() + first[1:]


def _wrong_type(name: str, wanted: str, value: str) -> HTTPError:
    message = f"Invalid type for '{name}': expected {wanted}, but got '{shown(value)}' instead."
    return HTTPError(400, message, param=name, code="invalid_type")


def shown(value: str) -> str:
    """Return a value as an error repeats it: its beginning, if it is long."""
    return value if len(value) <= MAX_SHOWN_CHARS else f"{value[:MAX_SHOWN_CHARS]}..."
