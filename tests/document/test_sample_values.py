"""Tests of the values that are made from the schemas of the document."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from threadruns._document import document, schema, violation
from threadruns._samples import complete, sample

NAMES = sorted(document()["components"]["schemas"])
PAGE = document()["components"]["examples"]["DocumentedPage"]["value"]


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_valid(name: str) -> None:
    """The sample of each schema is valid against it."""
    value = sample(schema(name))
    # The ends of a page depend on its runs, which a schema cannot express for a single value.
    assert violation(name, {**value, "first_id": None, "last_id": None} if name == "RunList" else value) is None


@pytest.mark.parametrize("key", schema("Run")["required"])
def test_missing_fields_are_added(key: str) -> None:
    """A required field that an object lacks is added; nothing else changes."""
    run = {name: value for name, value in PAGE["data"][0].items() if name != key}
    completed = complete("Run", run)
    assert {**completed, **run} == completed
    assert set(completed) - set(run) == {key}
    assert violation("Run", completed) is None


def test_nested_objects_are_completed() -> None:
    """Required fields are added in nested objects, arrays and variants too, and the argument is not changed."""
    value: dict[str, Any] = {**PAGE["data"][0], "usage": {}, "tools": [{"type": "function", "function": {}}]}
    before = copy.deepcopy(value)
    completed = complete("Run", value)
    assert violation("Run", completed) is None
    assert value == before
    assert complete("Run", completed) == completed
