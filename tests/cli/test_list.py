"""Tests of ``threadruns list``: output, errors and exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.support.canned import response, run_canned_server
from tests.support.clients import exposed_text
from tests.support.limits import MAX_LIMIT
from tests.support.runs import ids, page, run, runs
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
    with serve(runs=runs(2 * MAX_LIMIT)) as server:
        result = invoke(server, "thread_a", "--format", "json", "--limit", str(MAX_LIMIT + 1))
        assert len(result.stdout.splitlines()) == MAX_LIMIT + 1
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("args", "environment", "code", "message"),
    [
        (["thread_none"], {}, 3, "Error: GET /threads/thread_none/runs: 404 Not Found: No thread found"),
        (["thread_a"], {"OPENAI_API_KEY": "wrong"}, 3, "Error: GET /threads/thread_a/runs: 401 Unauthorized"),
        (
            ["thread_a"],
            {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
            3,
            "Error: GET /threads/thread_a/runs: no complete",
        ),
        (["thread_a"], {"OPENAI_API_KEY": ""}, 2, "Error: There is no API key"),
        (
            ["thread_a"],
            {"OPENAI_BASE_URL": ""},
            2,
            "Error: There is no base URL: use --base-url, or set OPENAI_BASE_URL",
        ),
        (["thread_a", "--base-url", " "], {}, 2, "Error: There is no base URL"),
        (["thread_a", "--after", ""], {}, 2, "Error: after is ''; it must be a string that is not empty"),
        (["thread_a", "--before", ""], {}, 2, "Error: before is ''; it must be a string that is not empty"),
        ([".."], {}, 2, "Error: thread_id must be one path segment"),
        (["thread_a", "--limit", "0"], {}, 2, "Error: Invalid value for '--limit'"),
        (["thread_a", "--order", "up"], {}, 2, "Error: Invalid value for '--order'"),
        ([], {}, 2, "Error: Missing argument 'THREAD_ID'"),
    ],
)
def test_errors(args: list[str], environment: dict[str, str], code: int, message: str) -> None:
    """Errors are sentences on stderr with an exit code: 3 if the list could not be read, 2 for a wrong call."""
    with serve(runs=runs(1)) as server:
        result = invoke(server, *args, **environment)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_runs_before_an_error_are_shown() -> None:
    """A list that ends early is shown up to its end; summary and exit code say that it is not complete."""
    with serve(runs=runs(MAX_LIMIT + 50), faults=["status-403:every=2"]) as server:
        result = invoke(server, "thread_a")
    assert result.exit_code == 3
    assert result.stdout.splitlines()[-1] == f"NOT COMPLETE, only {MAX_LIMIT} runs: {MAX_LIMIT} completed"
    assert "403" in result.stderr
    assert f"The output ends after {MAX_LIMIT} runs." in result.stderr


def test_server_that_departs() -> None:
    """A server whose pages break the contract is told apart by exit code 1."""
    with run_canned_server(response(200, {"object": "list", "data": []})) as server:
        result = CliRunner().invoke(command, ["thread_a", "--base-url", server.url, "--api-key", "sk"])
    assert result.exit_code == 1


EVIL = "\x1b]0;x\x07\x1b[31m\x9b1m\u202eevil\u2066\x7f"


def test_a_number_beyond_the_range_of_a_float() -> None:
    """An unknown field with such a number ends the output with an error that names it, without a traceback."""
    body = json.dumps(page([run(1), {**run(0), "cost": "NUMBER"}])).replace('"NUMBER"', "1e999").encode()
    with run_canned_server(response(200, body, {"content-type": "application/json"})) as server:
        variables = {"OPENAI_API_KEY": "sk", "OPENAI_BASE_URL": server.url}
        result = CliRunner().invoke(command, ["thread_a", "--format", "json"], env=variables)
    assert result.exit_code == 1
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [run(1)["id"]]
    assert result.stderr == (
        "Error: Run 2 cannot be written: cost: not JSON: number out of range. The output ends before it.\n"
    )


def test_markup_and_control_characters_have_no_effect() -> None:
    """Markup and control characters in what a server sends have no effect on the terminal, the summary included."""
    with serve(runs=[run(0, model=f"[red]x[/red]{EVIL}", status=EVIL)], permissive=True) as server:
        result = invoke(server, "thread_a")
    assert "[red]x[/red]" in result.stdout
    assert "evil" in result.stdout.splitlines()[-1]
    assert all(line.isprintable() for line in result.stdout.splitlines())


@pytest.mark.parametrize("status", [200, 400])
def test_error_of_the_server_is_text(status: int) -> None:
    """Control characters in an error of the server do not reach standard error."""
    body = response(status, {"error": {"message": EVIL}}, {"x-request-id": "\x1b[31m\x9b"})
    with run_canned_server(body) as server:
        result = CliRunner().invoke(command, ["thread_a", "--base-url", server.url, "--api-key", "sk"])
    assert "evil" in result.stderr
    assert all(line.isprintable() for line in result.stderr.splitlines())


def on_a_terminal(*args: str) -> str:
    """Return what the command writes to a terminal."""
    leader, follower = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "threadruns", "list", *args], stdout=follower) as process:
        os.close(follower)
        shown = b""
        with suppress(OSError):  # Linux raises EIO when the last writer is gone.
            while part := os.read(leader, 65536):
                shown += part
        process.wait(30)
    os.close(leader)
    assert process.returncode == 0
    return shown.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_formats_on_a_terminal() -> None:
    """On a terminal, JSON escapes control characters and loses nothing, and CSV replaces them."""
    sent = run(0, instructions=f"a\nb{EVIL}")
    with serve(runs=[sent]) as server:
        call = ["thread_a", "--base-url", server.url, "--api-key", server.api_key]
        lines = on_a_terminal(*call, "--format", "json").splitlines()
        assert json.loads(lines[0]) == sent
        table = on_a_terminal(*call, "--format", "csv").splitlines()
    assert "evil" in lines[0]
    assert any("evil" in line for line in table)
    assert all(line.isprintable() for line in [*lines, *table])


def start(server_url: str, *args: str, stdout: Any = subprocess.PIPE, **environment: str) -> subprocess.Popen[bytes]:
    """Start the command."""
    return subprocess.Popen(
        [sys.executable, "-m", "threadruns", "list", "thread_a", *args],
        env={**os.environ, "OPENAI_API_KEY": "sk", "OPENAI_BASE_URL": server_url, **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_locale_that_lacks_characters(form: str, encoding: str) -> None:
    """A locale without the characters of a run does not end the command: tables escape them, files are in UTF-8."""
    sent = run(0, model="模型-é", instructions="\U0001f600 €")
    with serve(runs=[sent], permissive=True) as server:
        process = start(server.url, "--format", form, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")
    match form:
        case "table":
            assert "\\u6a21\\u578b" in output.decode(encoding)
        case "json":
            assert json.loads(output) == sent
        case _:
            (row,) = csv.DictReader(io.StringIO(output.decode(), newline=""))
            assert (row["model"], row["instructions"]) == (sent["model"], sent["instructions"])


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_reader_that_goes_away(form: str) -> None:
    """A closed pipe ends the command quietly."""
    with serve(runs=runs(3 * MAX_LIMIT), permissive=True) as server:
        reader, writer = os.pipe()
        process = start(server.url, "--format", form, stdout=writer)
        os.close(reader)
        os.close(writer)
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_full_disk(form: str) -> None:
    """A full disk is a sentence and exit code 4."""
    with serve(runs=runs(3 * MAX_LIMIT), permissive=True) as server, open("/dev/full", "wb") as full:
        process = start(server.url, "--format", form, stdout=full)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 4
    assert errors.decode().splitlines() == ["Error: Standard output cannot be written: No space left on device."]


def test_closed_output() -> None:
    """A command without standard output says so."""
    code = "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, '-m', 'threadruns', *sys.argv[1:]])"
    with serve(runs=runs(3)) as server:
        call = ["list", "thread_a", "--base-url", server.url, "--api-key", server.api_key]
        ran = subprocess.run([sys.executable, "-c", code, *call], stderr=subprocess.PIPE, check=False, timeout=60)
    assert ran.returncode == 4
    assert ran.stderr.decode().splitlines() == ["Error: Standard output is closed."]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_interrupt(form: str, tmp_path: Path) -> None:
    """An interrupted list says that it is not complete, in its table too, and exits with 130."""
    with serve(runs=runs(3 * MAX_LIMIT), faults=["no-response:every=2"], permissive=True) as server:
        with (tmp_path / "output").open("wb") as file:
            process = start(server.url, "--format", form, stdout=file)
        while len(server.requests) < 2:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    output = (tmp_path / "output").read_bytes()
    assert process.returncode == 130
    assert errors.decode().splitlines() == [f"Error: Interrupted after {MAX_LIMIT} runs; the list is not complete."]
    if form == "table":
        assert output.decode().splitlines()[-1] == f"NOT COMPLETE, only {MAX_LIMIT} runs: {MAX_LIMIT} completed"


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

    monkeypatch.setattr("threadruns._cli.list.write_runs", fail)
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

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(check, "print_report", fail)
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
