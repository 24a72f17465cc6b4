"""The server as a process: its output, its end, its log, and malformed requests."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit

import httpx
import pytest

from tests.server.conftest import client
from tests.server.samples import THREADS, name, runs
from tests.support.store import command, sqlite_only
from threadruns.server import _connection
from threadruns.server.store import open_store
from threadruns.server.synth import thread
from threadruns.testing import RunningServer, new_run, serve
from threadruns.testing.faults import FAULTS

COMMAND = [sys.executable, "-c", command()]
KEY = "sk-secret-0123456789"


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line and wait for its end."""
    return subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, text=True, timeout=30)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return a file of runs."""
    path = tmp_path / "runs.jsonl"
    path.write_text("".join(json.dumps(run) + "\n" for run in THREADS[name(5)]))
    return path


@contextmanager
def served(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run ``threadruns serve``; yield the process, its URL and its output."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        printed = ""
        while not re.search(r"^(Try: |There are no runs)", printed, re.MULTILINE) and (
            line := process.stdout.readline()
        ):
            printed += line
        found = re.search(r"at (http://\S+)", printed)
        assert found, process.communicate()
        yield process, found[1], printed
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_serve_prints_the_url_and_a_command(archive: Path) -> None:
    """The output on start has the URL, the generated key, and a command that works unchanged."""
    with served("--load", str(archive)) as (_, url, printed):
        key = re.search(r"generated for this run: (\S+)", printed)
        command = re.search(r"Try: (curl .*)", printed)
        assert key
        assert command
        assert key[1] in command[1]
        shown = re.search(r'curl "([^"]+)"', command[1])
        assert shown
        assert shown[1].startswith(url)
        headers = dict(header.split(": ", 1) for header in re.findall(r'-H "([^"]+)"', command[1]))
        assert len(httpx.get(shown[1], headers=headers).json()["data"]) == 2


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_stop_finishes_what_is_in_flight(stop: signal.Signals) -> None:
    """A signal lets a response in flight finish, then the process exits with 0."""
    with served("--api-key", KEY, "--fault", "slow-response") as (process, url, _):
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as sock:
            sock.sendall(b"GET /v1/threads/thread_x/runs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            # Connections are accepted in order, so a response here shows that the request above is being handled.
            assert httpx.get(url.removesuffix("/v1") + "/healthz").status_code == 200
            process.send_signal(stop)
            received = b"".join(iter(lambda: sock.recv(65536), b""))
        process.communicate(timeout=20)
        assert received.startswith(b"HTTP/1.1 401")
        assert received.endswith(b'"param":null,"code":null}}')
        assert process.returncode == 0


def test_access_log_has_no_secrets(archive: Path) -> None:
    """Each request is logged as a line of JSON, without headers and without the key."""
    with served("--load", str(archive), "--api-key", KEY) as (process, url, printed):
        good = {"authorization": f"Bearer {KEY}", "openai-beta": "assistants=v1"}
        for target in (f"{name(5)}/runs?limit=3&token={KEY}&after={KEY}", f"{KEY}/runs", f"{name(5)}/runs?order=asc"):
            httpx.get(f"{url}/threads/{target}", headers=good)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
    entries = [json.loads(line) for line in log.splitlines() if "request_id" in line]
    assert [(entry["method"], entry["status"], entry["query"]) for entry in entries] == [
        ("GET", 400, "limit=3&after=***"),
        ("GET", 404, ""),
        ("GET", 200, "order=asc"),
    ]
    assert {"time", "path", "bytes", "ms"} <= set(entries[0])
    assert KEY not in log + printed


@pytest.mark.parametrize("key", ["sk-plain", "My API Key", "a+b/c==", "clé"])
@pytest.mark.parametrize(
    "spell", [str, quote, quote_plus, lambda key: "".join(f"%{byte:02x}" for byte in key.encode())]
)
def test_key_is_masked_in_every_encoding(
    caplog: pytest.LogCaptureFixture, key: str, spell: Callable[[str], str]
) -> None:
    """A key in the path or in the query is masked in the log, encoded or not."""
    caplog.set_level("INFO", "threadruns.access")
    with serve(api_key=key) as server:
        httpx.get(f"{server.url}/threads/{spell(key)}/runs?after={spell(key)}&before={spell('x' + key)}")
    entry = json.loads(caplog.messages[-1])
    assert not any(key in decode(entry[part]) for part in ("path", "query") for decode in (str, unquote, unquote_plus))
    assert (entry["path"].count("***"), entry["query"].count("***")) == (1, 2)


def test_database_outlives_the_server(archive: Path, tmp_path: Path) -> None:
    """Runs that were loaded with --db are served by the next process."""
    database = str(tmp_path / "runs.db")
    with served("--db", database, "--load", str(archive)):
        pass
    with served("--db", database) as (_, __, printed):
        assert "Serving 5 runs" in printed
        assert re.search(r"^Documentation: http://127\.0\.0\.1:\d+/docs$", printed, re.MULTILINE)


def test_two_servers_serve_what_a_load_brings(archive: Path, tmp_path: Path) -> None:
    """Servers of one file respond while it is loaded, and show the load completely or not at all."""
    more = thread("thread_more", 2000)
    (tmp_path / "more").write_text("".join(json.dumps(run) + "\n" for run in more))
    database = str(tmp_path / "runs.db")
    shared = ("--quiet", "--api-key", KEY, "--db", database)
    headers = {"authorization": f"Bearer {KEY}", "openai-beta": "assistants=v1"}
    with (
        served(*shared, "--load", str(archive)) as (_, one, _),
        served(*shared) as (_, two, _),
        httpx.Client(headers=headers) as http,
    ):

        def newest() -> set[str]:
            assert all(http.get(f"{url}/threads/{name(5)}/runs").status_code == 200 for url in (one, two))
            pages = [http.get(f"{url}/threads/thread_more/runs?limit=1").json() for url in (one, two)]
            return {page.get("first_id", "no thread") for page in pages}

        seen = newest()
        with subprocess.Popen([*COMMAND, "load", str(tmp_path / "more"), "--db", database]) as loading:
            while loading.poll() is None:
                seen |= newest()
        assert loading.returncode == 0
        assert newest() == {more[-1]["id"]}
        assert {"no thread"} <= seen <= {"no thread", more[-1]["id"]}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("serve", "--host", "0.0.0.0"), 2, "set a key with --api-key-file"),
        (("serve", "--api-key", ""), 2, "API key is empty"),
        (("serve", "--fault", "limit-ignred"), 2, "did you mean limit-ignored"),
        (("serve", "--nonsense"), 2, "No such option"),
        (("serve", "--port", "99999"), 2, "not in the range"),
        (("serve", "--host", "no.such.host.invalid", "--api-key", "x"), 4, "Cannot listen on no.such.host.invalid"),
        (("serve", "--load", "/no/such/file", "--port", "0"), 1, "Cannot read '/no/such/file': No such file"),
        (("serve", "--load", "/", "--port", "0"), 1, "Cannot read"),
        pytest.param(
            ("serve", "--db", "/no/such/folder/runs.db", "--port", "0"),
            4,
            "No such file or directory",
            marks=sqlite_only,
        ),
        (("serve", "--db", "", "--port", "0"), 4, "name of the database is empty"),
        (("serve", "--fault", "bare-array:p=2"), 2, "p from 0 to 1"),
        (("serve", "--variation", "nonsense"), 2, "--list-variations"),
        (("serve", "--list-faults", "nonsense"), 2, "'transport', 'retries', 'statuses', 'bodies', 'paging'"),
        (("load", "--db", "x.db"), 2, "Missing argument"),
        (("load", "-", "--db", ""), 4, "name of the database is empty"),
        (("load", "-", "--db", ":memory:"), 2, "ends with the command; give the name of a file"),
        (("synth", "--db", ":memory:"), 2, "ends with the command; give the name of a file"),
        (("serve", "--load", "postgresql://u:hunter2@h/runs", "--port", "0"), 2, "A URL is not a file of runs"),
        (("verify", "--db", ":memory:"), 2, "ends with the command; give the name of a file"),
        (("synth", "--threads", "5", "--runs", "2"), 2, "ask for at least one run per thread"),
    ],
)
def test_errors_are_one_sentence(arguments: tuple[str, ...], code: int, words: str) -> None:
    """Wrong usage exits with 2 and other errors with 1, with one sentence on standard error and no traceback."""
    outcome = run(*arguments)
    assert outcome.returncode == code
    assert words in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_other_version_of_the_example_is_an_error(tmp_path: Path) -> None:
    """A database with another version of a run of the example is one sentence, and exit code 4."""
    database = str(tmp_path / "runs.db")
    with closing(open_store(database)) as store:
        store.add([new_run("run_abc123", "thread_abc123")])
    outcome = run("serve", "--example", "--db", database, "--port", "0", "--api-key", "x")
    assert outcome.returncode == 4
    assert outcome.stderr == ("Error: The database has another version of a run of the example; omit --example.\n")


@sqlite_only
def test_load_into_a_locked_database_ends(tmp_path: Path) -> None:
    """A load that the database refuses ends with 4 and one sentence, and does not go on to the next file."""
    database, file = tmp_path / "runs.db", tmp_path / "runs.jsonl"
    open_store(str(database)).close()
    file.write_text(run("synth", "--threads", "1", "--runs", "2").stdout)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        code = (
            "from threadruns.server.store import sqlite_database; sqlite_database.BUSY_SECONDS = 0.1; "
            "from threadruns._cli import main; main()"
        )
        arguments = [sys.executable, "-c", code, "load", str(file), str(file), "--db", str(database)]
        outcome = subprocess.run(arguments, capture_output=True, text=True, timeout=30)
    assert outcome.returncode == 4
    assert outcome.stderr.count("another process is writing to it") == 1


def test_port_in_use_is_an_error(server: RunningServer) -> None:
    """A port in use gives an error with the next step."""
    outcome = run("serve", "--port", str(urlsplit(server.url).port))
    assert outcome.returncode == 4
    assert "Address already in use; choose another --host or --port" in outcome.stderr


def test_load_command_reports_by_line(archive: Path, tmp_path: Path) -> None:
    """Bad runs are reported by file and line; --skip-bad loads the others and exits with 1; loading again is fine."""
    database = str(tmp_path / "runs.db")
    good = archive.read_text()
    archive.write_text(good + '{"id": "run_1"}\n')
    outcome = run("load", str(archive), "--db", database)
    assert outcome.returncode == 1
    assert f"{archive}:6: " in outcome.stderr
    assert "nothing was loaded from it" in outcome.stderr
    outcome = run("load", str(archive), "--db", database, "--skip-bad")
    assert (outcome.returncode, outcome.stdout) == (1, f"{archive}: 5 new, 0 unchanged, 1 skipped\n")
    archive.write_text(good)
    outcome = run("load", str(archive), "--db", database)
    assert (outcome.returncode, outcome.stdout) == (0, f"{archive}: 0 new, 5 unchanged, 0 skipped\n")


@sqlite_only
def test_synth_command_writes_what_load_reads(tmp_path: Path) -> None:
    """Synthetic runs are the same in a database and on standard output."""
    database = str(tmp_path / "runs.db")
    arguments = ("synth", "--threads", "3", "--runs", "25", "--seed", "7")
    written = run(*arguments).stdout
    assert run("load", "-", "--db", database, stdin=written).stdout == "-: 25 new, 0 unchanged, 0 skipped\n"
    assert run(*arguments, "--db", database).stdout == f"25 runs of 3 threads were added to {database}\n"
    assert run("load", "-", "--db", database, stdin=written).stdout == "-: 0 new, 25 unchanged, 0 skipped\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the full disk that is /dev/full")
def test_synth_command_cannot_write() -> None:
    """Output that cannot be written gives an error, and a closed pipe does not."""
    with open("/dev/full", "w") as full:
        outcome = subprocess.run([*COMMAND, "synth"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert (outcome.returncode, outcome.stderr) == (
        4,
        "Error: Standard output cannot be written: No space left on device.\n",
    )
    with subprocess.Popen([*COMMAND, "synth"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""


def test_lists_have_every_fault_and_variation() -> None:
    """--list-faults lists all faults or those of one group, and --list-variations all variations."""
    listed = {group: run("serve", "--list-faults", *group).stdout for group in ((), ("paging",))}
    assert [line.split()[0] for line in listed[()].splitlines()] == list(FAULTS)
    assert {line.split()[1] for line in listed["paging",].splitlines()} == {"paging"}
    assert "has-more-always-true" in listed["paging",]
    assert "ties-by-hash" in run("serve", "--list-variations").stdout


def test_pages_beside_the_operation(server: RunningServer) -> None:
    """The health check, both forms of the document and its page need no key; the page's link leads to the document."""
    root = server.url.removesuffix("/v1")
    assert httpx.get(f"{root}/healthz").text == "ok\n"
    assert httpx.get(f"{root}/openapi.json").json()["openapi"].startswith("3.1")
    assert httpx.get(f"{root}/openapi.yaml").text.startswith("openapi: 3.1")
    page = httpx.get(f"{root}/docs")
    assert "<html" in page.text
    assert [page.url.join(link).path for link in re.findall('href="([^#"]*yaml)"', page.text)] == ["/openapi.yaml"]
    # Behind a proxy that adds a prefix, a link relative to the page stays below it.
    assert 'href="openapi.yaml"' in page.text


def raw(server: RunningServer, data: bytes) -> bytes:
    """Send bytes, and return what is received until the server closes or stays silent."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=0.5) as sock:
        received = b""
        try:
            sock.sendall(data)
            while part := sock.recv(65536):
                received += part
        except (TimeoutError, ConnectionError):
            pass
        return received


GOOD = (
    b"GET /v1/threads/thread_Of1/runs HTTP/1.1\r\nHost: x\r\n"
    b"Authorization: Bearer %s\r\nOpenAI-Beta: assistants=v1\r\n\r\n"
)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"garbage\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"GET /v1/threads/" + b"a" * 1_000_000 + b"/runs HTTP/1.1\r\nHost: x\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X-Flood: y\r\n" * 100_000 + b"\r\n", b"431"),
        (b"GET /v1/threads/x/runs HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"GET /v1/threads/x/runs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET /v1/threads/x/runs HTTP/1.1\r\nHost : x\r\n\r\n", b"400"),
        (b"GET /v1/threads/\xff\xfe/runs HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    ],
)
def test_malformed_requests_get_an_error(server: RunningServer, http: httpx.Client, data: bytes, status: bytes) -> None:
    """Malformed and oversized requests get an error or a close, and the next request is served."""
    received = raw(server, data)
    # The server resets the connection during a flood; the reset may overtake the error.
    assert received[9:12] == status or (len(data) > 100_000 and not received)
    assert http.get(f"/threads/{name(1)}/runs").status_code == 200


def test_request_before_an_invalid_one_is_answered(server: RunningServer) -> None:
    """A pipelined request is answered before the invalid one after it is rejected."""
    received = raw(server, GOOD % server.api_key.encode() + b"garbage\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert b"HTTP/1.1 400" in received


def test_pipelined_requests_are_answered_in_order(server: RunningServer) -> None:
    """Three requests in one packet get three responses."""
    assert raw(server, GOOD % server.api_key.encode() * 3).count(b"HTTP/1.1 200 OK") == 3


def test_incomplete_requests_do_not_delay_others(server: RunningServer, http: httpx.Client) -> None:
    """A hundred incomplete requests do not delay another one."""
    address = urlsplit(server.url)
    slow = [socket.create_connection((address.hostname, address.port)) for _ in range(100)]
    for sock in slow:
        sock.sendall(b"GET /v1/threads/x/runs HTTP/1.1\r\nHost:")
    assert http.get(f"/threads/{name(1)}/runs").status_code == 200
    for sock in slow:
        sock.close()


@pytest.mark.parametrize(
    "start",
    [b"", b"GET /v1/threads/x/runs HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"%s"],
    ids=["nothing", "half", "half-behind-a-good-one"],
)
def test_incomplete_request_times_out(monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    """A request that does not end is answered in time with a 408 in the form of the API."""
    monkeypatch.setattr(_connection, "HEAD_SECONDS", 0.3)
    with serve(threads=["thread_Of1"], api_key=KEY) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as sock:
            if start == b"%s":
                sock.sendall(GOOD % KEY.encode())
                page = b""
                while not page.endswith(b'"has_more":false}'):
                    page += sock.recv(65536)
                start = b"GET"
            sock.sendall(start)
            sock.settimeout(0.02)
            received = b""
            for _ in range(500):
                try:
                    part = sock.recv(65536)
                    received += part
                    if not part:
                        break
                except TimeoutError:
                    if start and not received:
                        sock.sendall(b"x")
            else:
                pytest.fail("the connection stayed open")
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert "did not arrive" in json.loads(body)["error"]["message"]


@pytest.mark.parametrize(
    "parts",
    [
        (b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n",),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"ZZZ\r\n"),
        (b"Content-Length: 5\r\n\r\nabcdegarbage\r\n\r\n",),
        (b"\r\n", b"garbage\r\n\r\n"),
    ],
)
def test_invalid_requests_are_not_logged_as_errors(parts: tuple[bytes, ...]) -> None:
    """An invalid body or second request closes the connection, and a quiet server logs nothing."""
    with served("--quiet", "--api-key", KEY) as (process, url, _):
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as sock:
            sock.sendall(b"GET /v1/threads/x/runs HTTP/1.1\r\nHost: x\r\n" + parts[0])
            received = b"" if b"chunked" in parts[0] else sock.recv(65536)
            for part in parts[1:]:
                sock.sendall(part)
            received += b"".join(iter(lambda: sock.recv(65536), b""))
        assert received[9:12] in (b"400", b"401")
        assert received.endswith(b'"param":null,"code":null}}')
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
    assert log == ""


@sqlite_only
def test_failing_database_is_a_500_in_the_error_shape(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A database error gives a 500 in the form of the API, and the process continues."""
    path = tmp_path / "runs.db"
    with serve(runs(), db=str(path)) as server, client(server) as http:
        server.store._database._connection.execute("DROP TABLE run")
        response = http.get(f"/threads/{name(5)}/runs")
        assert (response.status_code, response.json()["error"]["type"]) == (500, "server_error")
        assert http.get(server.url.removesuffix("/v1") + "/docs").status_code == 200
    assert "no such table" in caplog.text


def test_server_starts_fast_and_records_requests() -> None:
    """A server in the process starts in less than half a second of CPU, and records its requests."""
    started = time.process_time()
    with serve(threads=["thread_e"], api_key="sk-k") as server, client(server) as http:
        assert time.process_time() - started < 0.5
        server.add(THREADS[name(1)])
        assert len(http.get(f"/threads/{name(1)}/runs", params={"limit": 1}).json()["data"]) == 1
        (seen,) = server.requests
        assert (seen.method, seen.target) == ("GET", f"/v1/threads/{name(1)}/runs?limit=1")
        assert seen.headers["authorization"] == "Bearer sk-k"
