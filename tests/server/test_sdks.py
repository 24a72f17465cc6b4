"""Official SDKs against the permissive server. Installs them from the network if THREADRUNS_SDKS=1 is set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.samples import name, runs
from threadruns.testing import serve

pytestmark = pytest.mark.skipif(not os.environ.get("THREADRUNS_SDKS"), reason="installs SDKs; set THREADRUNS_SDKS=1")

PYTHON = """
import sys
from openai import OpenAI
client = OpenAI(base_url=sys.argv[1], api_key="My API Key")
print(len({run.id for run in client.beta.threads.runs.list(sys.argv[2], limit=50)}))
client.beta.threads.runs.list("string", after="string", before="string", limit=0, order="asc")
"""
NODE = """
const OpenAI = require('openai');
const client = new OpenAI({ baseURL: process.argv[1], apiKey: 'My API Key' });
(async () => {
  const ids = new Set();
  for await (const run of client.beta.threads.runs.list(process.argv[2], { limit: 50 })) ids.add(run.id);
  console.log(ids.size);
  await client.beta.threads.runs.list('string', { after: 'string', before: 'string', limit: 0, order: 'asc' });
})();
"""


@pytest.mark.parametrize("packages", [("openai==1.14.0", "httpx<0.28"), ("openai",)], ids=["1.14", "newest"])
def test_openai_python_lists(tmp_path: Path, packages: tuple[str, ...]) -> None:
    """The SDK of the v1 era and the newest one list a thread, and send the requests of their test suites."""
    python = str(tmp_path / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path)], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    with serve(runs(), permissive=True) as server:
        command = [python, "-W", "ignore", "-c", PYTHON, server.url, name(137)]
        assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "137\n"


def test_openai_node_lists(tmp_path: Path) -> None:
    """openai-node 4.28 lists a thread, and sends the requests of its test suite."""
    subprocess.run(["npm", "install", "--silent", "--prefix", str(tmp_path), "openai@4.28.0"], check=True)
    with serve(runs(), permissive=True) as server:
        command = ["node", "-e", NODE, server.url, name(137)]
        assert subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, text=True).stdout == "137\n"
