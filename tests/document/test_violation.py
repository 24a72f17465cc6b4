"""How the document's schemas are applied to a body: the place and the reason of a fault, in bounded time and space."""

from __future__ import annotations

import time
from typing import Any

import pytest

from threadruns._document import violation

from . import bodies
from .negatives import LIST, NEGATIVES, Negative

LISTS = [case for case in NEGATIVES if case.schema == LIST]


def nested(depth: int) -> list[Any]:
    """Return arrays in arrays."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("run", bodies.RUNS.values(), ids=bodies.RUNS)
def test_a_valid_body_has_no_violation(run: bodies.Json) -> None:
    """A list of runs of any period is accepted."""
    assert violation("RunList", bodies.listed(run)) is None


@pytest.mark.parametrize("case", LISTS, ids=[case.name for case in LISTS])
def test_a_violation_says_where(case: Negative) -> None:
    """The sentence opens with the place of the fault, as a reader would write it."""
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
            'data[0].tools[0].type: "code_interpreter" was expected or "retrieval" was expected or '
            '"function" was expected',
        ),
        (bodies.FIFTH, {"tool_choice": "any"}, 'data[0].tool_choice: "any" is not one of "none" or "auto"'),
    ],
)
def test_a_fault_inside_an_alternative_is_named_itself(run: bodies.Json, change: bodies.Json, sentence: str) -> None:
    """What is wrong with the alternative that was meant is said, not that none fits."""
    assert violation("RunList", bodies.listed(run | change)) == sentence


@pytest.mark.parametrize("depth", [100, 300, 10_000])
def test_a_body_nested_deep_is_judged(depth: int) -> None:
    """Depth alone is no fault where anything may stand, and a fault that is deep is one."""
    body = bodies.listed(bodies.FIRST)
    body["data"][0]["unknown_field"] = nested(depth)
    assert violation("RunList", body) is None
    body["data"][0]["metadata"] = nested(depth)
    assert violation("RunList", body)
    assert violation("RunList", nested(depth))


def test_a_body_of_fifty_megabytes_is_judged_in_a_sentence() -> None:
    """A huge value is refused, or accepted, without a huge message."""
    long = "x" * 50_000_000
    started = time.process_time()
    for body in (long, [long], bodies.listed(bodies.FIRST | {"model": [long]}), {"error": long}):
        assert len(violation("RunList", body) or "") <= 300
    assert violation("RunList", bodies.listed(bodies.FIRST | {"instructions": long})) is None
    assert time.process_time() - started < 30
