"""Tests of ``threadruns list``: output, errors and exit codes."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner, Result

from tests.support.clients import exposed_text
from tests.support.runs import ids, run, runs
from threadruns._cli import check
from threadruns._cli.list import command
from threadruns.testing import RunningServer, serve


def invoke(server: RunningServer, *args: str, **environment: str) -> Result:
    """Run the command against a server."""
    variables = {"OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.url, **environment}
    return CliRunner().invoke(command, args, env=variables)


def test_table() -> None:
    """The table shows id, status, time, model and tokens of each run, and the number of runs by status."""
    with serve(runs=[run(0), run(3, status="in_progress", usage=None)]) as server:
        result = invoke(server, "thread_a")
    assert result.exit_code == 0
    assert [line.rstrip() for line in result.stdout.splitlines()] == [
        "run        status       created (UTC)        model        tokens",
        "run_a0003  in_progress  2023-11-14 22:13:21  gpt-4-turbo",
        "run_a0000  completed    2023-11-14 22:13:20  gpt-4-turbo     579",
        "2 runs: 1 in_progress, 1 completed",
    ]


def test_json_and_csv() -> None:
    """The formats json and csv write JSON lines and CSV."""
    with serve(runs=runs(5)) as server:
        result = invoke(server, "thread_a", "--format", "json")
        assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ids(5)
        result = invoke(server, "thread_a", "--format", "csv", "--order", "asc")
        assert [row["id"] for row in csv.DictReader(result.stdout.splitlines())] == ids(5)[::-1]


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (["--limit", "2"], ids(5)[:2]),
        (["--after", "run_a0003"], ids(5)[2:]),
        (["--before", "run_a0002"], ids(5)[:2][::-1]),
        (["--order", "asc", "--limit", "3"], ids(5)[::-1][:3]),
    ],
)
def test_limit_order_and_cursors(args: list[str], shown: list[str]) -> None:
    """Limit, order and cursors select the runs."""
    with serve(runs=runs(5)) as server:
        result = invoke(server, "thread_a", "--format", "json", *args)
        assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == shown


def test_limit_beyond_a_page() -> None:
    """A limit larger than a page takes several pages."""
    with serve(runs=runs(250)) as server:
        result = invoke(server, "thread_a", "--format", "json", "--limit", "150")
        assert len(result.stdout.splitlines()) == 150
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("args", "environment", "code", "message"),
    [
        (["thread_none"], {}, 1, "Error: GET /threads/thread_none/runs: 404 Not Found: No thread found"),
        (["thread_a"], {"OPENAI_API_KEY": "wrong"}, 1, "Error: GET /threads/thread_a/runs: 401 Unauthorized"),
        (
            ["thread_a"],
            {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
            1,
            "Error: GET /threads/thread_a/runs: no complete",
        ),
        (["thread_a"], {"OPENAI_API_KEY": ""}, 2, "Error: There is no API key"),
        ([".."], {}, 2, "Error: thread_id must be one path segment"),
        (["thread_a", "--limit", "0"], {}, 2, "Error: Invalid value for '--limit'"),
        (["thread_a", "--order", "up"], {}, 2, "Error: Invalid value for '--order'"),
        ([], {}, 2, "Error: Missing argument 'THREAD_ID'"),
    ],
)
def test_errors(args: list[str], environment: dict[str, str], code: int, message: str) -> None:
    """An error is one sentence on stderr; the exit code is 1 for a failed request and 2 for an invalid argument."""
    with serve(runs=runs(1)) as server:
        result = invoke(server, *args, **environment)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_runs_before_an_error_are_shown() -> None:
    """If a later page fails, the runs before it are shown, and the exit code is 1."""
    with serve(runs=runs(150), faults=["status-403:every=2"]) as server:
        result = invoke(server, "thread_a")
    assert result.exit_code == 1
    assert "100 runs: 100 completed" in result.stdout
    assert "403" in result.stderr


def test_markup_and_control_characters_have_no_effect() -> None:
    """Markup and escape sequences from a server have no effect on the terminal."""
    with serve(runs=[run(0, model="[red]x[/red]\x1b[31m\x07")]) as server:
        result = invoke(server, "thread_a")
    assert "[red]x[/red]" in result.stdout
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout


def test_help() -> None:
    """The help has an example and names the environment variables."""
    result = CliRunner().invoke(command, ["--help"])
    assert result.exit_code == 0
    assert "threadruns list thread_abc123 --limit 10" in result.stdout
    assert "OPENAI_API_KEY" in result.stdout
    assert "OPENAI_BASE_URL" in result.stdout


@pytest.mark.parametrize("by_option", [False, True])
def test_no_variable_shows_the_key(by_option: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the command fails unexpectedly, no local variable in the traceback shows the key."""
    key = "sk-secret-of-the-test"

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("threadruns._cli.list.show", fail)
    with serve(runs=runs(1), api_key=key) as server:
        options = ["--api-key", key] if by_option else []
        result = invoke(server, "thread_a", *options, OPENAI_API_KEY="" if by_option else key)
    assert isinstance(result.exception, ZeroDivisionError)
    ours = [line for line in exposed_text(result.exception).splitlines() if "threadruns/_" in line]
    assert any("/_cli/list.py command" in line for line in ours)
    assert not [line for line in ours if "sk-secret" in line]
    assert "Secret(hidden)" in "".join(ours)


@pytest.mark.parametrize("by_option", [False, True])
def test_no_variable_of_the_check_shows_the_key(by_option: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same holds for ``threadruns check``, also after the check has ended."""
    key = "sk-secret-of-the-test"

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(check, "_print_report", fail)
    with serve(runs=runs(1), api_key=key) as server:
        options = ["--api-key", key] if by_option else []
        environment = {"OPENAI_API_KEY": "" if by_option else key}
        args = [server.url, "--thread", "thread_a", "--fail-fast", *options]
        result = CliRunner().invoke(check.command, args, env=environment)
    assert isinstance(result.exception, ZeroDivisionError)
    ours = [line for line in exposed_text(result.exception).splitlines() if "threadruns/_" in line]
    assert any("/_cli/check.py command" in line for line in ours)
    assert not [line for line in ours if "sk-secret" in line]
    assert "Secret(hidden)" in "".join(ours)
