"""Tests of pages as compatible servers send them, with invalid values that raise, are skipped or are kept."""

from __future__ import annotations

import csv
import io
import json
import logging
from typing import Any

import pytest
from click.testing import CliRunner

from tests.document.bodies import FIFTH, FIRST, SECOND, WAITING, Json, listed
from tests.support.canned import response, run_canned_server
from tests.support.clients import WALKS, open_client
from threadruns import UNSET, APIResponseValidationError, Drift, UnknownVariant, write_csv, write_json_lines
from threadruns._cli.list import command

GOOD: Json = {**SECOND, "id": "run_good"}


def without(run: Json, *keys: str) -> Json:
    """Return a run without some keys."""
    return {key: value for key, value in run.items() if key not in keys}


ODD_RUNS: dict[str, tuple[Json, dict[tuple[Any, ...], str]]] = {
    "null metadata": ({**FIRST, "metadata": None}, {("metadata",): "expected an object, got null"}),
    "array for metadata": ({**FIRST, "metadata": []}, {("metadata",): "expected an object, got an array"}),
    "nulls in optional fields": (
        {
            **FIFTH,
            **dict.fromkeys(
                ("temperature", "top_p", "tool_choice", "response_format", "truncation_strategy", "file_ids")
            ),
        },
        {
            ("temperature",): "expected a number, got null",
            ("top_p",): "expected a number, got null",
            ("tool_choice",): "expected a string or an object, got null",
            ("response_format",): "expected a string or an object, got null",
            ("truncation_strategy",): "expected an object, got null",
            ("file_ids",): "expected an array, got null",
        },
    ),
    "empty usage": (
        {**FIRST, "usage": {}},
        {("usage", key): "missing" for key in ("prompt_tokens", "completion_tokens", "total_tokens")},
    ),
    "fraction in a time": (
        {**FIRST, "created_at": 1700000000.25},
        {("created_at",): "expected an integer, got 1700000000.25"},
    ),
    "missing keys": (
        {**without(FIRST, "tools", "model", "expires_at", "assistant_id"), "agent_id": "asst_1"},
        {(key,): "missing" for key in ("tools", "model", "expires_at", "assistant_id")},
    ),
    "empty object": ({**FIRST, "object": ""}, {("object",): "expected 'thread.run', got ''"}),
    "number for an id": ({**FIRST, "id": 7}, {("id",): "expected a string, got 7"}),
    "no id and no time": (without(FIRST, "id", "created_at"), {("id",): "missing", ("created_at",): "missing"}),
    "text for a time": ({**FIRST, "created_at": "now"}, {("created_at",): "expected an integer, got 'now'"}),
    "text for an object": ({**FIRST, "last_error": "failed"}, {("last_error",): "expected an object, got 'failed'"}),
    "null among tools": (
        {**FIRST, "tools": [None, {"type": "retrieval"}]},
        {("tools", 0): "expected an object, got null"},
    ),
    "tool without a type": ({**FIRST, "tools": [{"name": "f"}]}, {("tools", 0, "type"): "missing"}),
    "deep in an action": (
        {
            **WAITING,
            "required_action": {
                "type": "submit_tool_outputs",
                "submit_tool_outputs": {"tool_calls": [{"id": 1, "type": "function", "function": None}]},
            },
        },
        {
            ("required_action", "submit_tool_outputs", "tool_calls", 0, "id"): "expected a string, got 1",
            ("required_action", "submit_tool_outputs", "tool_calls", 0, "function"): "expected an object, got null",
        },
    ),
    "numbers in metadata": ({**FIRST, "metadata": {"k": 1}}, {("metadata", "k"): "expected a string, got 1"}),
}
"""Runs that a strict decoder refuses, and what is wrong with each."""


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("name", ODD_RUNS)
def test_odd_run(name: str, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """An odd run raises with the other run attached, is left out, or is kept as it was received, each problem named."""
    odd, problems = ODD_RUNS[name]
    body = response(200, {**listed(), "data": [GOOD, odd]})
    with run_canned_server(body) as server:
        with open_client(None, kind, api_key="sk", base_url=server.url) as client:
            with pytest.raises(APIResponseValidationError, match='invalid="keep"') as caught:
                client.runs.list("thread_a")
            assert [run.id for run in caught.value.items] == ["run_good"]
            assert problems[caught.value.path[2:]] == caught.value.problem
        with open_client(None, kind, api_key="sk", base_url=server.url, invalid="skip") as client:
            page = client.runs.list("thread_a")
            assert [run.id for run in page.data] == ["run_good"]
            assert [skipped.raw for skipped in page.skipped] == [odd]
        with caplog.at_level(logging.WARNING), open_client(None, kind, api_key="sk", base_url=server.url) as client:
            page = client.runs.list("thread_a", invalid="keep")
            assert [run.to_dict() for run in page.data] == [GOOD, odd]
            assert {kept.path: kept.problem for kept in page.kept} == {
                ("data", 1, *path): problem for path, problem in problems.items()
            }
            assert {(kept.page, kept.item) for kept in page.kept} == {
                (1, odd["id"] if isinstance(odd.get("id"), str) else None)
            }
            assert f"{len(problems)} invalid values of the page were kept" in caplog.text
            walk = iter(page)
            assert [run.to_dict() for run in walk] == [GOOD, odd]
            assert (walk.kept, walk.skipped) == (len(problems), 0)
            assert walk.token
            assert sum(Drift(page.data).invalid.values()) + sum(Drift(page.data).values.values()) >= len(problems)


ODD_PAGES: dict[str, Any] = {
    "bare": {"data": [GOOD, FIRST], "has_more": None},
    "data alone": {"data": [GOOD, FIRST]},
    "no object": without(listed(GOOD, FIRST), "object"),
    "null object": {**listed(GOOD, FIRST), "object": None},
    "no ids": without(listed(GOOD, FIRST), "first_id", "last_id"),
    "numbers for ids": {**listed(GOOD, FIRST), "first_id": 1, "last_id": 2},
    "text for has_more": {**listed(GOOD, FIRST), "has_more": "false"},
    "null has_more": {**listed(GOOD, FIRST), "has_more": None},
}


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("name", ODD_PAGES)
def test_odd_page(name: str, kind: str) -> None:
    """A page without its envelope is an error that names the option, or is read with `keep`, and is the last one."""
    with (
        run_canned_server(response(200, ODD_PAGES[name])) as server,
        open_client(None, kind, api_key="sk", base_url=server.url) as client,
    ):
        for mode in ("raise", "skip"):
            with pytest.raises(APIResponseValidationError, match='invalid="keep"'):
                client.runs.list("thread_a", invalid=mode)
        requests = len(server.heads)
        page = client.runs.list("thread_a", invalid="keep")
        assert [run.id for run in page] == ["run_good", FIRST["id"]]
        assert (page.has_more, page.first_id, page.last_id) == (False, "run_good", FIRST["id"])
        assert page.kept
        assert all(kept.item is None and kept.page == 1 for kept in page.kept)
        assert len(server.heads) == requests + 1


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("body", [{"data": None}, {"data": {}}, {}, [], [FIRST], None, "page", b"<html>", b""])
def test_no_page_at_all(body: Any, kind: str) -> None:
    """A body without a list of items is an error in every mode."""
    with (
        run_canned_server(response(200, body)) as server,
        open_client(None, kind, api_key="sk", base_url=server.url) as client,
    ):
        for mode in ("raise", "skip", "keep"):
            with pytest.raises(APIResponseValidationError):
                client.runs.list("thread_a", invalid=mode)


@pytest.mark.parametrize("kind", WALKS)
def test_items_that_are_not_runs(kind: str) -> None:
    """Items that are not objects are left out and listed, in every mode that does not raise."""
    body = {**listed(), "data": [GOOD, None, 7, "run", [], {"x": 1}]}
    with (
        run_canned_server(response(200, body)) as server,
        open_client(None, kind, api_key="sk", base_url=server.url, invalid="keep") as client,
    ):
        page = client.runs.list("thread_a")
        assert [run.to_dict() for run in page.data] == [GOOD, {"x": 1}]
        assert [(skipped.path, skipped.raw) for skipped in page.skipped] == [
            (("data", place), body["data"][place]) for place in range(1, 5)
        ]
        assert len(list(page)) == 2


@pytest.mark.parametrize("mode", ["raise", "skip", "keep"])
@pytest.mark.parametrize("kind", WALKS)
def test_unknown_actions_and_calls(kind: str, mode: Any) -> None:
    """An action or a call of another type is an `UnknownVariant` in every mode."""
    approval = {"type": "submit_tool_approval", "submit_tool_approval": {"tool_calls": []}}
    empty = {"type": "", "submit_tool_outputs": None}
    calls = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [{"type": "mcp", "label": "x"}]}}
    sent = [{**FIRST, "id": f"run_{n}", "required_action": action} for n, action in enumerate((approval, empty, calls))]
    with (
        run_canned_server(response(200, listed(*sent))) as server,
        open_client(None, kind, api_key="sk", base_url=server.url, invalid=mode) as client,
    ):
        page = client.runs.list("thread_a")
        assert [run.to_dict() for run in page.data] == sent
        assert not page.kept
        assert isinstance(page.data[0].required_action, UnknownVariant)
        assert page.data[0].required_action.type == "submit_tool_approval"
        assert Drift(page.data).values == {
            ("required_action.type", "submit_tool_approval"): 1,
            ("required_action.type", ""): 1,
            ("required_action.submit_tool_outputs.tool_calls[].type", "mcp"): 1,
        }


@pytest.mark.parametrize("kind", WALKS)
def test_pages_of_kept_runs_are_numbered(kind: str) -> None:
    """A kept value names the page of the list on which it was received; the next page starts after the last id."""
    first = {**listed(GOOD, {**FIRST, "usage": {}}), "has_more": True}
    second = listed({**FIRST, "id": "run_last", "metadata": None})
    with (
        run_canned_server(response(200, first), response(200, second)) as server,
        open_client(None, kind, api_key="sk", base_url=server.url, invalid="keep") as client,
    ):
        pages = list(client.runs.list("thread_a").iter_pages())
    assert [[(kept.page, kept.item) for kept in page.kept] for page in pages] == [
        [(1, FIRST["id"])] * 3,
        [(2, "run_last")],
    ]
    assert pages[0].data[1].usage.total_tokens is UNSET
    assert f"after={FIRST['id']}" in server.heads[1]


def test_drift_counts_invalid_values() -> None:
    """Values of another type and missing keys are counted by path, in a list and in a map too."""
    odd = {**without(FIFTH, "model"), "metadata": {"k": 1}, "usage": {}, "tools": [None, {"type": "retrieval"}]}
    body = response(200, {**listed(), "data": [odd, odd, {**FIRST, "temperature": None}]})
    with (
        run_canned_server(body) as server,
        open_client(None, "sync", api_key="sk", base_url=server.url, invalid="keep") as client,
    ):
        drift = Drift(client.runs.list("thread_a").data)
    assert drift.invalid == {
        ("model", "missing"): 2,
        ("metadata.*", "integer"): 2,
        ("tools[]", "null"): 2,
        ("usage.prompt_tokens", "missing"): 2,
        ("usage.completion_tokens", "missing"): 2,
        ("usage.total_tokens", "missing"): 2,
        ("temperature", "null"): 1,
    }
    assert "       1  invalid value temperature: null" in str(drift).splitlines()


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_command_line(form: str) -> None:
    """The command lists odd runs with the others and exits with 1; --invalid leaves them out or stops."""
    runs = [GOOD, *({**odd, "id": f"run_{n}"} for n, (odd, _) in enumerate(ODD_RUNS.values()) if "id" in odd)]
    runs += [without(FIRST, "id", "created_at", "status", "model"), {**FIRST, "id": "run_usage", "usage": "none"}]
    with run_canned_server(response(200, {**listed(), "data": runs})) as server:
        call = ["thread_a", "--base-url", server.url, "--api-key", "sk", "--format", form]
        kept = CliRunner().invoke(command, call)
        skipped = CliRunner().invoke(command, [*call, "--invalid", "skip"])
        raised = CliRunner().invoke(command, [*call, "--invalid", "raise"])
    assert (kept.exit_code, skipped.exit_code, raised.exit_code) == (1, 1, 1)
    assert "invalid values were kept, 0 runs left out" in kept.stderr
    assert "0 invalid values were kept, 15 runs left out" in skipped.stderr
    assert 'invalid="keep"' in raised.stderr
    assert "Traceback" not in kept.output + skipped.output + raised.output
    if form == "json":
        assert [json.loads(line) for line in kept.stdout.splitlines()] == runs
        assert [json.loads(line)["id"] for line in skipped.stdout.splitlines()] == ["run_good", "run_7"]
    else:
        assert all(run["id"] in kept.stdout for run in runs if "id" in run)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("mode", ["raise", "skip", "keep"])
def test_half_of_a_surrogate_pair(kind: str, mode: Any) -> None:
    """Half of a surrogate pair costs no page, in values and keys of any depth, and files have its escape."""
    half = "cut \ud83d"
    sent = {**FIRST, "id": "run_half", "instructions": half, "metadata": {half: half}, half: [{half: half}]}
    with (
        run_canned_server(response(200, listed(GOOD, sent))) as server,
        open_client(None, kind, api_key="sk", base_url=server.url, invalid=mode) as client,
    ):
        page = client.runs.list("thread_a")
    assert [run.to_dict() for run in page.data] == [GOOD, sent]
    assert not page.kept
    lines, table = io.BytesIO(), io.StringIO()
    write_json_lines(page.data, lines)
    write_csv(page.data, table)
    assert [json.loads(line) for line in lines.getvalue().splitlines()] == [GOOD, sent]
    rows = list(csv.DictReader(io.StringIO(table.getvalue().encode().decode(), newline="")))
    assert rows[1]["instructions"] == "cut \\ud83d"


@pytest.mark.parametrize("kind", WALKS)
def test_id_with_half_of_a_surrogate_pair(kind: str) -> None:
    """An id that no address can hold ends the list with an error after its page, if another page follows."""
    body = {**listed({**FIRST, "id": "run_\ud83d"}), "has_more": True}
    with (
        run_canned_server(response(200, body)) as server,
        open_client(None, kind, api_key="sk", base_url=server.url) as client,
    ):
        walk = iter(client.runs.list("thread_a"))
        assert next(walk).id == "run_\ud83d"
        assert json.loads(walk.token)["arguments"]["after"] == "run_\ud83d"


@pytest.mark.parametrize("kind", WALKS)
def test_byte_order_mark(kind: str) -> None:
    """A byte order mark before a page or an error is skipped."""
    good = response(200, b"\xef\xbb\xbf" + json.dumps(listed(GOOD)).encode())
    error = response(400, b'\xef\xbb\xbf{"error": {"message": "cut \\ud83d", "code": "c"}}')
    with (
        run_canned_server(good, error) as server,
        open_client(None, kind, api_key="sk", base_url=server.url, max_retries=0) as client,
    ):
        assert [run.id for run in client.runs.list("thread_a").data] == ["run_good"]
        with pytest.raises(Exception, match="cut ") as caught:
            client.runs.list("thread_a")
        assert caught.value.code == "c"
        assert str(caught.value).encode("utf-8", "backslashreplace")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_words_that_are_not_numbers(word: str) -> None:
    """NaN and Infinity make a page invalid in every mode; the error names the place and the word."""
    text = json.dumps(listed(GOOD, {**FIRST, "x": [{"y": "@"}]})).replace('"@"', word)
    with (
        run_canned_server(response(200, text.encode())) as server,
        open_client(None, "sync", api_key="sk", base_url=server.url) as client,
    ):
        for mode in ("raise", "skip", "keep"):
            with pytest.raises(APIResponseValidationError, match=rf"not JSON \({word} at data\[1\]\.x\[0\]\.y\)"):
                client.runs.list("thread_a", invalid=mode)
