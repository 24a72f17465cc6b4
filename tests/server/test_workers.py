"""Several processes that serve one database: sharing, deaths, the log, and the stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.server.test_operation import KEY, run, served
from threadruns.server.synth import thread

if not Path("/proc/self/stat").exists():
    pytest.skip("finds the processes in /proc", allow_module_level=True)

T = TypeVar("T")
RUNS = thread("thread_w", 30)
HEADERS = {"authorization": f"Bearer {KEY}", "openai-beta": "assistants=v1"}


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Return a database with one thread."""
    path = tmp_path / "runs.jsonl"
    path.write_text("".join(json.dumps(run) + "\n" for run in RUNS))
    database = str(tmp_path / "runs.db")
    assert run("load", str(path), "--db", database).returncode == 0
    return database


@contextmanager
def working(database: str, *arguments: str, workers: int = 2) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a server with worker processes; yield its parent and its URL when all workers run."""
    options = ("--db", database, "--api-key", KEY, "--workers", str(workers))
    with served(*options, *arguments) as (process, url, _):
        processes: list[int] = []
        try:
            processes = eventually(lambda: children(process.pid), lambda found: len(found) == workers)
            yield process, url
        finally:
            for pid in processes:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def children(parent: int) -> list[int]:
    """Return the child processes of a process that are not dead."""
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in found if is_running(int(pid))]


def is_running(pid: int) -> bool:
    """Return whether a process exists and is not dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(look: Callable[[], T], accept: Callable[[T], bool]) -> T:
    """Look until what is found is accepted, for at most 20 seconds."""
    until = time.monotonic() + 20
    while not accept(found := look()):
        assert time.monotonic() < until, found
        time.sleep(0.02)
    return found


def list_runs(url: str) -> httpx.Response:
    """Request a page on a connection of its own."""
    return httpx.get(f"{url}/threads/thread_w/runs?limit=30", headers=HEADERS, timeout=20)


def test_every_process_responds(database: str) -> None:
    """While one of two workers is stopped, the other one serves, whichever it is."""
    with working(database) as (process, url):
        for pid in children(process.pid):
            os.kill(pid, signal.SIGSTOP)
            assert len(list_runs(url).json()["data"]) == 30
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_stop_leaves_no_process(database: str, stop: signal.Signals) -> None:
    """A signal to the parent, or to the whole group as a terminal sends it, stops all processes with exit code 0."""
    with working(database, workers=3) as (process, url):
        assert list_runs(url).status_code == 200
        pids = children(process.pid)
        process.send_signal(stop)
        for pid in pids if stop is signal.SIGINT else ():
            with suppress(ProcessLookupError):
                os.kill(pid, stop)
        process.communicate(timeout=20)
        assert process.returncode == 0
        assert not any(map(is_running, pids))


def test_workers_stop_when_the_parent_is_killed(database: str) -> None:
    """Workers whose parent was killed stop too."""
    with working(database) as (process, _):
        pids = children(process.pid)
        process.kill()
        eventually(lambda: [pid for pid in pids if is_running(pid)], lambda left: not left)


def test_killed_worker_is_replaced(database: str) -> None:
    """A worker that is killed loses at most its own requests; another process takes its place, and the log tells."""
    with working(database) as (process, url):
        first = children(process.pid)
        os.kill(first[0], signal.SIGKILL)
        assert all(list_runs(url).status_code == 200 for _ in range(20))
        second = eventually(lambda: children(process.pid), lambda found: len(found) == 2)
        assert first[1] in second
        assert first[0] not in second
        os.kill(first[1], signal.SIGSTOP)
        assert list_runs(url).status_code == 200
        os.kill(first[1], signal.SIGCONT)
        process.terminate()
        _, log = process.communicate(timeout=20)
    (line,) = [json.loads(line) for line in log.splitlines() if "Worker" in line]
    replacement = (set(second) - set(first)).pop()
    sentence = f"was killed by signal 9. Process {replacement} has taken its place."
    assert line["level"] == "error"
    assert line["message"] == f"Worker 1, process {first[0]}, {sentence}"


def test_workers_are_not_restarted_without_pause(database: str) -> None:
    """A worker that dies again and again is started about once a second."""
    with working(database) as (process, url):
        seen: set[int] = set()
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            for pid in children(process.pid):
                seen.add(pid)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        assert 2 <= len(seen) <= 8
        assert list_runs(url).status_code == 200


def test_log_lines_of_all_processes_are_whole(database: str) -> None:
    """The access log of several processes, in one pipe, has every request once, as a line of its own."""
    path = "x" * 190

    def request(number: int) -> list[str]:
        with httpx.Client(base_url=url, headers=HEADERS, timeout=20, verify=False) as http:
            targets = [f"threads/{number:02}{index:02}{path}/runs" for index in range(40)]
            return [http.get(target).headers["x-request-id"] for target in targets]

    with working(database, workers=3) as (process, url), ThreadPoolExecutor(9) as pool:
        output = pool.submit(process.communicate)
        ids = [one for found in pool.map(request, range(8)) for one in found]
        process.terminate()
        _, log = output.result(20)
    assert sorted(json.loads(line)["request_id"] for line in log.splitlines()) == sorted(ids)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "add --db"),
        (("--db", ":memory:"), "add --db"),
        (("--control",), "cannot be used with --control"),
        (("--db", "x.db", "--fault", "status-500"), "cannot be used with --fault"),
        (("--db", "x.db", "--variation", "ties-by-hash"), "cannot be used with --fault"),
    ],
)
def test_state_of_one_process_is_not_shared(arguments: tuple[str, ...], words: str) -> None:
    """Options that need the state of one process are refused together with several workers."""
    outcome = run("serve", "--workers", "2", *arguments)
    assert outcome.returncode == 2
    assert words in outcome.stderr
