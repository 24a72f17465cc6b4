"""Tests of the code and the commands in the README."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from threadruns._document import document
from threadruns.testing import serve

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
DOCUMENTED = document()["components"]["examples"]["DocumentedPage"]["value"]["data"]


def blocks(kind: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def threadruns(*arguments: str, key: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "threadruns", *arguments],
        env={**os.environ, "OPENAI_API_KEY": key},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_example_output() -> None:
    """The first example of the README prints exactly the output that it shows."""
    code, expected = blocks("python")[0], blocks("text")[0]
    with serve(DOCUMENTED, api_key="sk-demo") as server:
        code = code.replace("http://127.0.0.1:8000/v1", server.url)
        done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (expected, "")


def test_documented_example_is_served() -> None:
    """The command beside the example serves the runs of the example."""
    command = [sys.executable, "-m", "threadruns", "serve", "--example", "--api-key", "sk-demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url = re.search(r"http://\S+", process.stdout.readline())
        assert url
        listed = threadruns("list", "thread_abc123", "--base-url", url[0], "--format", "json", key="sk-demo")
        process.terminate()
    assert [json.loads(line) for line in listed.stdout.splitlines()] == DOCUMENTED


def test_check_command() -> None:
    """The command that checks a server exits with 0 for a server that keeps the contract."""
    (line,) = [line for block in blocks("console") for line in block.splitlines() if "threadruns check" in line]
    with serve(DOCUMENTED, api_key="sk-demo") as server:
        words = line.removeprefix("$ threadruns ").replace('"$OPENAI_API_KEY"', "sk-demo").split()
        words = [word.replace("http://127.0.0.1:8000/v1", server.url) for word in words]
        done = threadruns(*words, key="sk-demo")
    assert done.returncode == 0, done.stdout + done.stderr


def test_archive_commands(tmp_path: Path) -> None:
    """The two commands for an archive load runs and serve them."""
    runs, base = tmp_path / "runs.jsonl", tmp_path / "runs.db"
    runs.write_text("".join(json.dumps(run) + "\n" for run in DOCUMENTED), encoding="utf-8")
    loaded = threadruns("load", str(runs), "--db", str(base), key="")
    assert loaded.returncode == 0, loaded.stderr
    with serve(api_key="sk-demo", db=str(base)) as server:
        listed = threadruns("list", "thread_abc123", "--base-url", server.url, "--format", "json", key="sk-demo")
    assert [json.loads(line) for line in listed.stdout.splitlines()] == DOCUMENTED


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_have_targets(page: Path) -> None:
    """Every relative link of every page names a file of the repository."""
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_layout_has_targets() -> None:
    """Every path in the layout exists."""
    (tree,) = [block for block in blocks("text") if "openapi.yaml" in block]
    for line in tree.splitlines():
        assert (ROOT / line.split()[0]).exists(), line
