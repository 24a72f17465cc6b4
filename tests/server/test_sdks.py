"""Official SDKs against the server. ``tox -e sdks`` installs them from the network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.samples import name, runs
from tests.support.limits import MAX_LIMIT
from threadruns.testing import new_run, serve

pytestmark = pytest.mark.skipif(not os.environ.get("THREADRUNS_SDKS"), reason="installs SDKs; run tox -e sdks")

SIZE = MAX_LIMIT + 37
"""The number of runs of a thread of two pages."""

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
PYTHON_SDKS = [("openai==1.14.0", "httpx<0.28"), ("openai",)]
NODE_SDKS = ["openai@4.28.0", "openai"]

PYTHON_LIST = """
import sys
from openai import OpenAI
client = OpenAI(base_url=sys.argv[1], api_key="My API Key")
print(len({run.id for run in client.beta.threads.runs.list(sys.argv[2], limit=50)}))
client.beta.threads.runs.list("string", after="string", before="string", limit=0, order="asc")
"""
NODE_LIST = """
const OpenAI = require('openai');
const client = new OpenAI({ baseURL: process.argv[1], apiKey: 'My API Key' });
(async () => {
  const ids = new Set();
  for await (const run of client.beta.threads.runs.list(process.argv[2], { limit: 50 })) ids.add(run.id);
  console.log(ids.size);
  await client.beta.threads.runs.list('string', { after: 'string', before: 'string', limit: 0, order: 'asc' });
})();
"""
PYTHON_POLL = """
import sys, time
from openai import OpenAI
runs = OpenAI(base_url=sys.argv[1], api_key=sys.argv[2]).beta.threads.runs
while True:
    run = runs.retrieve("run_1", thread_id="thread_1")
    print(run.status, run.usage and run.usage.total_tokens)
    if run.status not in ("queued", "in_progress"):
        break
    time.sleep(0.01)
print(run.required_action.submit_tool_outputs.tool_calls[0].function.name)
print([run.status for run in runs.list("thread_1", limit=1)])
"""
NODE_POLL = """
const OpenAI = require('openai');
const runs = new OpenAI({ baseURL: process.argv[1], apiKey: process.argv[2] }).beta.threads.runs;
const old = process.argv[3].includes('@4');
(async () => {
  let run;
  do {
    run = old ? await runs.retrieve('thread_1', 'run_1') : await runs.retrieve('run_1', { thread_id: 'thread_1' });
    console.log(run.status, run.usage);
  } while (['queued', 'in_progress'].includes(run.status));
  console.log(run.required_action.submit_tool_outputs.tool_calls[0].function.name);
  const listed = [];
  for await (const one of runs.list('thread_1', { limit: 1 })) listed.push(one.status);
  console.log(listed.join());
})();
"""
STEPS = [{"status": "in_progress", "reads": 2}, {"status": "requires_action", "reads": 2}]


def python_with(folder: Path, *packages: str) -> str:
    """Return the interpreter of a new environment with some packages."""
    python = str(folder / "environment" / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "environment")], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def install_node(folder: Path, package: str) -> None:
    subprocess.run(["npm", "install", "--silent", "--prefix", str(folder), package], check=True, timeout=180)


def output(*command: str, cwd: Path) -> str:
    return subprocess.run(command, check=True, cwd=cwd, stdout=subprocess.PIPE, text=True, timeout=60).stdout


def block(start: str) -> str:
    """Return the block of code of the guide that begins with a text."""
    found = re.search(rf"^```\w+\n({re.escape(start)}.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found, start
    return found[1]


@pytest.mark.parametrize("packages", PYTHON_SDKS, ids=["1.14", "newest"])
def test_openai_python(tmp_path: Path, packages: tuple[str, ...]) -> None:
    """The SDK of the v1 era and the newest one list a thread, send the requests of their test suites, and poll."""
    python = python_with(tmp_path, *packages)
    with serve(runs(), permissive=True) as server:
        assert output(python, "-W", "ignore", "-c", PYTHON_LIST, server.url, name(SIZE), cwd=tmp_path) == f"{SIZE}\n"
    run = new_run("run_1", "thread_1", functions=["get_weather"])
    with serve([run, new_run("run_2", "thread_1")], beta="any") as server:
        server.script("run_1", STEPS)
        lines = output(python, "-W", "ignore", "-c", PYTHON_POLL, server.url, server.api_key, cwd=tmp_path).splitlines()
    assert lines[:5] == ["queued None"] * 2 + ["in_progress None"] * 2 + ["requires_action None"]
    assert lines[5] == "get_weather"
    assert sorted(lines[6].strip("[]").split(", ")) == ["'queued'", "'requires_action'"]


@pytest.mark.parametrize("package", NODE_SDKS, ids=["4.28", "newest"])
def test_openai_node(tmp_path: Path, package: str) -> None:
    """openai-node of the v1 era and the newest one list a thread, send the requests of their test suites, and poll."""
    install_node(tmp_path, package)
    with serve(runs(), permissive=True) as server:
        assert output("node", "-e", NODE_LIST, server.url, name(SIZE), cwd=tmp_path) == f"{SIZE}\n"
    run = new_run("run_1", "thread_1", functions=["get_weather"])
    with serve([run, new_run("run_2", "thread_1")], beta="any") as server:
        server.script("run_1", STEPS)
        lines = output("node", "-e", NODE_POLL, server.url, server.api_key, package, cwd=tmp_path).splitlines()
    assert lines[:5] == ["queued null"] * 2 + ["in_progress null"] * 2 + ["requires_action null"]
    assert lines[5] == "get_weather"
    assert sorted(lines[6].split(",")) == ["queued", "requires_action"]


def test_the_poller_of_the_guide_in_python(tmp_path: Path) -> None:
    """The test in Python that docs/server.md shows passes as it is printed, with the newest SDK."""
    python = python_with(tmp_path, f"{ROOT}[server]", "openai", "pytest")
    (tmp_path / "test_poller.py").write_text(block("from openai import OpenAI\n"))
    assert "1 passed" in output(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_poller.py", cwd=tmp_path)


def test_the_poller_of_the_guide_in_javascript(tmp_path: Path) -> None:
    """The test in JavaScript that docs/server.md shows passes with the commands that it shows, as they are printed."""
    programs = Path(python_with(tmp_path, f"{ROOT}[server]")).parent
    (tmp_path / "poller.test.mjs").write_text(block('import OpenAI from "openai";\n'))
    commands = [line.removeprefix("$ ") for line in block("$ python -c 'import json").splitlines()]
    serving = next(index for index, line in enumerate(commands) if line.startswith("threadruns serve"))
    assert commands[serving].endswith(" &")
    # A person takes longer for the next command than the server for its start.
    commands.insert(serving + 1, "until curl --silent --output /dev/null 127.0.0.1:8000/healthz; do sleep 0.1; done")
    script = "set -e; trap 'kill $(jobs -p)' EXIT\n" + "\n".join(commands)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 1" in done.stdout
