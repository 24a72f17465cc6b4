"""Tests of the message that describes how a body breaks a schema, and of its limits."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.support.unknown import FIELD
from threadruns._document import schema, violation

from . import bodies
from .negatives import LIST, NEGATIVES, Negative

*_FIRST, _LAST = (f'"{value}"' for value in schema("ToolChoiceMode")["enum"])
CHOICES = f"{', '.join(_FIRST)} or {_LAST}"
TOOLS = " or ".join(f'"{name}" was expected' for name in schema("Tool")["discriminator"]["mapping"])
LISTS = [case for case in NEGATIVES if case.schema == LIST]


def nested(depth: int) -> list[Any]:
    """Return nested arrays."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("run", bodies.RUNS.values(), ids=bodies.RUNS)
def test_valid_body(run: bodies.Json) -> None:
    """A list of runs of any period is accepted."""
    assert violation("RunList", bodies.listed(run)) is None


@pytest.mark.parametrize("case", LISTS, ids=[case.name for case in LISTS])
def test_message_begins_with_the_place(case: Negative) -> None:
    """The message begins with the readable place of the fault."""
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in case.path).lstrip(".")
    found = violation("RunList", case.body)
    assert found
    assert found.startswith(f"{place}: ") if place else ": " not in found[:20]


@pytest.mark.parametrize(
    ("run", "change", "sentence"),
    [
        (bodies.SECOND, {"usage": 7}, 'data[0].usage: 7 is not of type "object" or 7 is not of type "null"'),
        (
            bodies.SECOND,
            {"usage": {**bodies.SECOND["usage"], "total_tokens": "7"}},
            'data[0].usage.total_tokens: "7" is not of type "integer"',
        ),
        (bodies.FIRST, {"tools": [{"type": "function"}]}, 'data[0].tools[0]: "function" is a required property'),
        (
            bodies.FIRST,
            {"tools": [{"type": "browser"}]},
            f"data[0].tools[0].type: {TOOLS}",
        ),
        (bodies.FIFTH, {"tool_choice": "any"}, f'data[0].tool_choice: "any" is not one of {CHOICES}'),
    ],
)
def test_fault_inside_an_alternative(run: bodies.Json, change: bodies.Json, sentence: str) -> None:
    """The message describes the fault in the alternative of the same kind as the value."""
    assert violation("RunList", bodies.listed(run | change)) == sentence


@pytest.mark.parametrize("depth", [100, 300, 10_000])
def test_deeply_nested_body(depth: int) -> None:
    """Depth alone is not a fault where any value is permitted, and a deep fault is found."""
    body = bodies.listed(bodies.FIRST)
    body["data"][0][FIELD] = nested(depth)
    assert violation("RunList", body) is None
    body["data"][0]["metadata"] = nested(depth)
    assert violation("RunList", body)
    assert violation("RunList", nested(depth))


def test_huge_body() -> None:
    """A huge value is accepted or rejected with a short message."""
    long = "x" * 50_000_000
    started = time.process_time()
    for body in (long, [long], bodies.listed(bodies.FIRST | {"model": [long]}), {"error": long}):
        assert len(violation("RunList", body) or "") <= 300
    assert violation("RunList", bodies.listed(bodies.FIRST | {"instructions": long})) is None
    assert time.process_time() - started < 30
