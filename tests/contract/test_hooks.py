"""The rules as checks of schemathesis: they judge each answer, and the server as a whole once the run is over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from threadruns.contract import example
from threadruns.testing import RunningServer, serve

KEY = "sk-hooks-tests-55e0c1"
DOCUMENT = Path(__file__).parents[2] / "openapi.yaml"
((THREAD, RUNS),) = example.threads((5,)).items()


def campaign(server: RunningServer, folder: Path, thread: str = THREAD) -> subprocess.CompletedProcess[str]:
    """Run schemathesis on a server, with the rules among its checks."""
    (folder / "schemathesis.toml").write_text(
        "[cache]\nenabled = false\n[generation]\nmax-examples = 5\n"
        "[phases.coverage]\nenabled = false\n[phases.stateful]\nenabled = false\n"
        f'[parameters]\n"path.thread_id" = "{thread}"\n'
        '[checks.positive_data_acceptance]\nexpected-statuses = ["2xx", "400", "404"]\n'
    )
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", str(DOCUMENT), "--url", server.url),
            *("--header", f"Authorization: Bearer {KEY}", "--seed", "1", "--no-color"),
        ],
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "threadruns.contract"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def correct(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A run on the correct server."""
    with serve(runs=RUNS, api_key=KEY) as server:
        return campaign(server, tmp_path_factory.mktemp("correct"))


def test_a_correct_server_passes(correct: subprocess.CompletedProcess[str]) -> None:
    """Neither check fails on a server that keeps the contract."""
    assert correct.returncode == 0, correct.stdout + correct.stderr


def test_relations_between_pages_are_judged_after_the_run(tmp_path: Path) -> None:
    """A fault that no single answer shows fails the run, with rule and curl command, and without the key."""
    with serve(runs=RUNS, api_key=KEY, faults=["after-inclusive"]) as server:
        done = campaign(server, tmp_path)
    assert done.returncode == 1
    assert "ServerContract" in done.stdout
    assert "cursor.exclusive: The run that a cursor names is not part of the page." in done.stdout
    assert "$OPENAI_API_KEY" in done.stdout
    assert KEY not in done.stdout + done.stderr


def test_each_answer_is_judged_beyond_its_schema(tmp_path: Path) -> None:
    """A run whose fields contradict each other fails the run, though every schema is kept."""
    runs = [run | {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 5}} for run in RUNS[:1]]
    with serve(runs=runs, api_key=KEY) as server:
        done = campaign(server, tmp_path)
    assert done.returncode == 1
    assert "ResponseContract" in done.stdout
    assert "run.total-tokens" in done.stdout


def test_a_run_that_reached_no_thread_says_so(tmp_path: Path) -> None:
    """Shapes of errors alone prove little: the run fails and tells how to feed in a thread."""
    with serve(runs=RUNS, api_key=KEY) as server:
        done = campaign(server, tmp_path, thread="thread_unknown")
    assert done.returncode == 1
    assert "no thread was reached" in done.stdout
