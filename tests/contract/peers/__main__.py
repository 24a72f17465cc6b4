"""Check servers of other projects, each in its own environment, and save the reports.

    python tests/contract/peers                       all of them: myla, bridge, prism
    python tests/contract/peers myla --reports docs/reports

The environments are installed under ``--envs`` the first time; Prism needs npm. A report is the output of
``threadruns check``. The curl commands of every failure are run while the server is up; ``NAME-curl.txt`` has what they
got.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from threadruns._cli._report import print_report
from threadruns.contract import Outcome, Report, check

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
WITHOUT_DEPENDENCIES = {"myla": "myla==0.2.40"}
"""Packages installed without dependencies: sentence-transformers has gigabytes, and listing runs does not need it."""

PACKAGES = {
    "myla": [
        *("aiofiles", "aiohttp", "authlib", "fastapi", "itsdangerous", "jinja2", "openai", "pandas", "python-dotenv"),
        *("python-multipart", "sqlmodel", "starlette", "uvicorn"),
    ],
    "bridge": [
        "langchain-openai-api-bridge==1.0.0",
        *("fastapi", "langchain-core<0.4", "langgraph<0.6", "langsmith<0.4", "uvicorn"),
    ],
    "prism": ["@stoplight/prism-cli"],
}


def prepare(name: str, envs: Path) -> Path:
    """Install the environment of a peer, unless it exists, and return its folder."""
    folder = envs / name
    done = folder / "done"
    if done.exists():
        return folder
    if name == "prism":
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--prefix", str(folder), "--no-fund", *PACKAGES[name]], check=True)
    else:
        venv.create(folder, with_pip=True)
        pip = [folder / "bin" / "pip", "install", "--quiet"]
        subprocess.run([*pip, *PACKAGES[name]], check=True)
        if name in WITHOUT_DEPENDENCIES:
            subprocess.run([*pip, "--no-deps", WITHOUT_DEPENDENCIES[name]], check=True)
    done.touch()
    return folder


def start(name: str, folder: Path, port: int) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start a peer; return its process, and its URL, key and threads."""
    if name == "prism":
        prism = folder / "node_modules" / ".bin" / "prism"
        command = [str(prism), "mock", str(ROOT / "openapi.yaml"), "--port", str(port), "--host", "127.0.0.1"]
        target = {"url": f"http://127.0.0.1:{port}", "key": "sk-any-key-at-all", "threads": ["thread_abc123"]}
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True), target
    command = [str(folder / "bin" / "python"), str(HERE / f"{name}_server.py"), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return process, found
    raise RuntimeError(f"{name} exited before it served; see its output above")


def wait(url: str) -> None:
    """Wait until the server at the URL responds, at most a minute."""
    for _ in range(120):
        try:
            urllib.request.urlopen(url, timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise RuntimeError(f"no server responds at {url}")


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def confirm(report: Report, key: str) -> Iterator[str]:
    """Run the curl commands of each failure, and yield what was observed and what curl got.

    A line begins with UNLIKE if the last command gets another status than the one that was observed.
    """
    for failed in report.of(Outcome.FAIL):
        yield f"{failed.rule.id}: {failed.observed}"
        for command in re.split(r"\n(?=curl )", failed.reproduce):
            done = subprocess.run(
                ["bash", "-c", command + " -s -m 20"],
                env={"OPENAI_API_KEY": key, "PATH": os.environ["PATH"]},
                capture_output=True,
                text=True,
                errors="replace",
            )
            head, _, body = done.stdout.partition("\n\n")
            status = head.partition("\n")[0]
            yield f"    {status} {' '.join(body.split())[:150]}".rstrip()
        observed = re.search(r"(?:got|with|status|of HEAD) ([1-5][0-9][0-9])(?![0-9])", failed.observed)
        if not status.startswith("HTTP/") or (observed is not None and observed[1] not in status):
            yield f"UNLIKE {failed.observed}: {command}"


def main() -> None:
    """Check the peers on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(PACKAGES)}; all by default")
    parser.add_argument("--envs", type=Path, default=ROOT / ".tox" / "peers", help="folder of the environments")
    parser.add_argument("--reports", type=Path, help="folder for the reports, NAME.txt each")
    options = parser.parse_args()
    for name in options.names or PACKAGES:
        process, target = start(name, prepare(name, options.envs), free_port())
        try:
            wait(target["url"])
            report = check(target["url"], target["key"], target["threads"])
            lines = list(confirm(report, target["key"]))
        finally:
            process.terminate()
            process.wait()
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            print_report(report, show_all=False)
        unlike = [line for line in lines if line.startswith("UNLIKE")]
        print(f"{name}: {report.verdict}\n{text.getvalue()}{len(lines)} responses to curl", *unlike, sep="\n")
        if options.reports:
            options.reports.mkdir(parents=True, exist_ok=True)
            (options.reports / f"{name}.txt").write_text(text.getvalue())
            (options.reports / f"{name}-curl.txt").write_text("\n".join(lines) + "\n")


main()
