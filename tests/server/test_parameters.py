"""Tests of the validation of parameters by any schema that a document may give them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadruns.server._messages import HTTPError
from threadruns.server._parameters import parse_parameters

INTEGER = {"type": "integer", "minimum": 3, "maximum": 50}


def parse(schema: dict[str, Any], *values: str, **spec: Any) -> Any:
    """Return the value of a parameter ``q`` with a schema."""
    return parse_parameters({"q": {**spec, "schema": schema}}, [("q", value) for value in values])["q"]


@pytest.mark.parametrize(
    ("schema", "values", "parsed"),
    [
        (INTEGER, ["7"], 7),
        (INTEGER, [], None),
        ({**INTEGER, "default": 5}, [], 5),
        ({"type": "integer"}, ["-12"], -12),
        ({"type": "number", "maximum": 1}, ["0.25"], 0.25),
        ({"type": "boolean"}, ["true"], True),
        ({"type": "boolean"}, ["false"], False),
        ({"enum": ["a", "b"]}, ["b"], "b"),
        ({"type": "string", "pattern": "^x[0-9]$"}, ["x1"], "x1"),
        ({"type": "string", "pattern": "z"}, ["xyz!"], "xyz!"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, ["a", "b", "a"], ["a", "b", "a"]),
        ({"type": "array", "items": INTEGER}, [], None),
        ({}, ["anything"], "anything"),
        ({"type": "integer", "enum": [1, 2]}, ["1"], 1),
        ({"enum": ["a", 2, True, None]}, ["2"], 2),
        ({"enum": ["a", 2, True, None]}, ["true"], True),
        ({"type": ["integer", "null"], "maximum": 5}, ["4"], 4),
        ({"type": ["integer", "string"]}, ["4"], 4),
        ({"type": ["integer", "string"]}, ["four"], "four"),
        ({"anyOf": [{"type": "integer", "maximum": 5}, {"type": "null"}]}, ["4"], 4),
        ({"type": ["array", "null"], "items": {"type": "integer"}, "maxItems": 2}, ["1", "2"], [1, 2]),
        ({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5}, ["4"], 4),
        ({"type": "integer", "multipleOf": 5}, ["10"], 10),
    ],
)
def test_valid_values(schema: dict[str, Any], values: list[str], parsed: Any) -> None:
    """A valid value is read as its type; an absent one is the default, or None."""
    found = parse(schema, *values)
    assert found == parsed
    assert type(found) is type(parsed)


@pytest.mark.parametrize(
    ("schema", "values", "code"),
    [
        (INTEGER, ["2"], "integer_below_min_value"),
        (INTEGER, ["51"], "integer_above_max_value"),
        (INTEGER, ["-" + "9" * 5000], "integer_below_min_value"),
        (INTEGER, ["9" * 5000], "integer_above_max_value"),
        ({"type": "integer"}, ["9" * 5000], "invalid_type"),
        (INTEGER, ["07"], "invalid_type"),
        (INTEGER, ["7", "7"], "duplicate_parameter"),
        ({"type": "number", "minimum": 0}, ["-0.5"], "decimal_below_min_value"),
        ({"type": "number"}, ["nan"], "invalid_type"),
        ({"type": "boolean"}, ["True"], "invalid_value"),
        ({"enum": ["a", "b"]}, ["c"], "invalid_value"),
        ({"type": "string", "pattern": "^x[0-9]$"}, ["x1\n"], "invalid_value"),
        ({"type": "string", "minLength": 2}, ["x"], "invalid_value"),
        ({"type": "string", "maxLength": 2}, ["xyz"], "invalid_value"),
        ({"type": "array", "items": {"enum": ["a"]}}, ["a", "b"], "invalid_value"),
        ({"type": "integer", "enum": [1, 2]}, ["3"], "invalid_value"),
        ({"type": "integer", "enum": [1, 2], "maximum": 1}, ["2"], "invalid_value"),
        ({"enum": ["a", None]}, ["null"], "invalid_value"),
        ({"type": ["integer", "null"], "maximum": 5}, ["abc"], "invalid_type"),
        ({"type": ["integer", "null"], "maximum": 5}, ["6"], "integer_above_max_value"),
        ({"anyOf": [{"type": "integer", "maximum": 5}, {"type": "null"}]}, ["6"], "invalid_value"),
        ({"type": "integer", "exclusiveMinimum": 3}, ["3"], "integer_below_min_value"),
        ({"type": "number", "exclusiveMaximum": 1}, ["1.0"], "decimal_above_max_value"),
        ({"type": "number"}, ["1e999"], "invalid_type"),
        ({"type": "number"}, ["9" * 5000], "invalid_type"),
        ({"type": "number", "maximum": 1}, ["1e999"], "decimal_above_max_value"),
        ({"type": "integer", "multipleOf": 5}, ["11"], "invalid_value"),
        ({"type": "string", "not": {"const": "x"}}, ["x"], "invalid_value"),
        ({"type": "array", "maxItems": 2}, ["a", "b", "c"], "invalid_value"),
        ({"type": "array", "minItems": 2}, ["a"], "invalid_value"),
        ({"type": "array", "uniqueItems": True}, ["a", "a"], "invalid_value"),
        ({"type": "string", "maxLength": 9999, "not": {"minLength": 1}}, ["x" * 5000], "invalid_value"),
    ],
)
def test_invalid_values(schema: dict[str, Any], values: list[str], code: str) -> None:
    """An invalid value gives 400 with the name of the parameter, a code and a short sentence."""
    with pytest.raises(HTTPError) as caught:
        parse(schema, *values)
    assert caught.value.status == 400
    assert (caught.value.detail["param"], caught.value.detail["code"]) == ("q", code)
    assert len(caught.value.detail["message"]) < 300


def test_required_parameter() -> None:
    """A missing required parameter gives 400; parameters that the document does not name are ignored."""
    with pytest.raises(HTTPError, match="Missing required parameter: 'q'"):
        parse({}, required=True)
    assert parse_parameters({}, [("other", "1"), ("other", "2")]) == {}


@given(st.integers(-200, 200), st.integers(-99, 99), st.integers(0, 99))
def test_integers_are_accepted_exactly_within_their_bounds(value: int, low: int, width: int) -> None:
    """An integer is accepted if and only if it is within the bounds of its schema."""
    schema = {"type": "integer", "minimum": low, "maximum": low + width}
    if low <= value <= low + width:
        assert parse(schema, str(value)) == value
    else:
        with pytest.raises(HTTPError, match="Expected a value"):
            parse(schema, str(value))
