"""The rules as checks of schemathesis: of each response, and of the server after the run."""

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


def run_schemathesis(server: RunningServer, folder: Path, thread: str = THREAD) -> subprocess.CompletedProcess[str]:
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
        return run_schemathesis(server, tmp_path_factory.mktemp("correct"))


def test_a_correct_server_passes(correct: subprocess.CompletedProcess[str]) -> None:
    """Both checks pass on a server that keeps the contract."""
    assert correct.returncode == 0, correct.stdout + correct.stderr


def test_relations_between_pages_are_judged_after_the_run(tmp_path: Path) -> None:
    """A fault that no single response shows fails the run; the output has a curl command, and not the key."""
    with serve(runs=RUNS, api_key=KEY, faults=["after-inclusive"]) as server:
        done = run_schemathesis(server, tmp_path)
    assert done.returncode == 1
    assert "ServerContract" in done.stdout
    assert "cursor.exclusive: A page does not contain the run that its cursor names." in done.stdout
    assert "$OPENAI_API_KEY" in done.stdout
    assert KEY not in done.stdout + done.stderr


def test_each_response_is_judged_beyond_its_schema(tmp_path: Path) -> None:
    """A page with a run whose fields contradict each other fails the check, though it is valid against the schema."""
    runs = [run | {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 5}} for run in RUNS[:1]]
    with serve(runs=runs, api_key=KEY) as server:
        done = run_schemathesis(server, tmp_path)
    assert done.returncode == 1
    assert "ResponseContract" in done.stdout
    assert "run.total-tokens" in done.stdout


def test_a_run_that_reaches_no_thread_fails(tmp_path: Path) -> None:
    """If only errors were received, the run fails, and the output shows how to set a thread id."""
    with serve(runs=RUNS, api_key=KEY) as server:
        done = run_schemathesis(server, tmp_path, thread="thread_unknown")
    assert done.returncode == 1
    assert "no thread was reached" in done.stdout
