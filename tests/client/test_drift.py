"""Tests of the drift report."""

from __future__ import annotations

import pytest

from tests.support.clients import WALKS, open_client
from tests.support.runs import run, runs
from tests.support.unknown import FIELD, TOOL, VALUE
from threadruns import Drift, Run
from threadruns.testing import serve


def test_no_drift() -> None:
    """Runs that match the document have no drift."""
    drift = Drift(Run.from_dict(raw) for raw in runs(5))
    assert not drift
    assert str(drift) == "5 compared with the document; no drift."


@pytest.mark.parametrize("kind", WALKS)
def test_unknown_fields_and_values(kind: str) -> None:
    """Unknown fields, enum values and variants are counted by path, except inside free-form maps."""
    odd = run(
        1,
        status=VALUE,
        **{FIELD: "high"},
        metadata={"anything": "goes"},
        tools=[
            {"type": TOOL},
            {"type": "function", "function": {"name": "f", "x_strict": True, "parameters": {"type": "zebra"}}},
        ],
        truncation_strategy={"type": "first_messages", "last_messages": None},
        tool_choice=VALUE,
        response_format={"type": "x_json_schema", "x_json_schema": {}},
        last_error={"code": "gremlins", "message": "m"},
    )
    with serve(runs=[run(0), odd, {**odd, "id": "run_a0002"}]) as server, open_client(server, kind) as client:
        drift = Drift(client.runs.list("thread_a"))
    assert drift.items == 3
    assert drift.fields == {FIELD: 2, "tools[].function.x_strict": 2, "response_format.x_json_schema": 2}
    assert drift.values == {
        ("status", VALUE): 2,
        ("tools[].type", TOOL): 2,
        ("truncation_strategy.type", "first_messages"): 2,
        ("tool_choice", VALUE): 2,
        ("response_format.type", "x_json_schema"): 2,
        ("last_error.code", "gremlins"): 2,
    }
    assert "       2  unknown field tools[].function.x_strict" in str(drift).splitlines()
    assert f"       2  unknown value status = {VALUE!r}" in str(drift).splitlines()
