"""Tests of writing runs to files."""

from __future__ import annotations

import csv
import io
import json

from tests.support.clients import open_client
from tests.support.runs import run, runs
from tests.support.unknown import FIELD, VALUE
from threadruns import Run, write_csv, write_json_lines
from threadruns._document import document
from threadruns.testing import serve


def test_json_lines_lose_nothing() -> None:
    """Each line contains everything that the server sent, including unknown fields and values."""
    served = [run(0), run(1, status=VALUE, **{FIELD: "high"}, instructions="a\nb é \u2028")]
    file = io.BytesIO()
    with serve(runs=served) as server, open_client(server) as client:
        assert write_json_lines(client.runs.list("thread_a", order="asc"), file) == 2
    assert [json.loads(line) for line in file.getvalue().splitlines()] == served


def test_csv() -> None:
    """A row has strings as they are, other values as JSON, and unknown fields in the last column."""
    odd = run(1, instructions='say "hi",\nthen go', **{FIELD: "high"}, metadata={"a": "b"})
    file = io.StringIO()
    assert write_csv([Run.from_dict(run(0)), Run.from_dict(odd)], file) == 2
    file.seek(0)
    first, second = csv.DictReader(file)
    assert list(first) == [*(name for name in second if name != "other"), "other"]
    assert set(first) == {*document()["components"]["schemas"]["Run"]["properties"], "other"}
    assert (first["id"], first["created_at"], first["instructions"]) == ("run_a0000", "1700000000", "")
    assert second["instructions"] == 'say "hi",\nthen go'
    assert json.loads(second["metadata"]) == {"a": "b"}
    assert json.loads(second["tools"]) == [{"type": "code_interpreter"}]
    assert json.loads(second["other"]) == {FIELD: "high"}
    assert first["other"] == ""


def test_nothing_to_write() -> None:
    """Without runs the files are empty."""
    binary, text = io.BytesIO(), io.StringIO()
    assert (write_json_lines([], binary), write_csv([], text)) == (0, 0)
    assert (binary.getvalue(), text.getvalue()) == (b"", "")


def test_runs_are_written_as_they_arrive() -> None:
    """Lines are written during the iteration, so that runs before an error are kept."""
    file = io.BytesIO()
    with serve(runs=runs(5), faults=["status-403:every=2"]) as server, open_client(server) as client:
        try:
            write_json_lines(client.runs.list("thread_a", limit=2), file)
        except Exception as error:
            assert "403" in str(error)
    assert len(file.getvalue().splitlines()) == 2
