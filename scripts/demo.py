"""Demonstrate the project in four steps: generated client, server, listing, and contract test.

``scripts/demo`` installs the requirements and runs this.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from threadruns import Client, ThreadrunsError
from threadruns._document import document
from threadruns.server.synth import thread

ROOT = Path(__file__).resolve().parent.parent
KEY = "sk-demo"
LONG = "thread_demo"
console = Console()
if not console.is_terminal:
    console.width = 110  # so that ids are not cut off in logs


class StepFailed(Exception):
    """A step failed; the message has the reason."""


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Print the title of a step, and its duration afterwards."""
    console.print(f"[bold]{title}[/bold]")
    start = time.perf_counter()
    yield
    console.print(f"[dim]   {time.perf_counter() - start:.1f} s[/dim]")


def run(*command: str, **environment: str) -> None:
    """Run a command in the checkout with its output shown.

    Raises:
        StepFailed: The exit code is not 0.
    """
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False)
    if done.returncode:
        raise StepFailed(f"{' '.join(command[1:4])} exited with {done.returncode}.")


@contextlib.contextmanager
def server(*files: Path) -> Iterator[str]:
    """Run ``threadruns serve`` on a free port with some files loaded, and yield its base URL."""
    command = [sys.executable, "-m", "threadruns", "serve", "--port", "0", "--api-key", KEY, "--quiet"]
    for file in files:
        command += ["--load", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if found := re.search(r"http://\S+", line):
                    console.print(f"   {line.strip()}", highlight=False)
                    yield found[0]
                    return
            raise StepFailed("the server stopped before it printed its URL.")
        finally:
            process.terminate()


def show(client: Client, thread_id: str) -> int:
    """List a thread with the client, print the first runs and the counts by status, and return the number of runs."""
    runs = list(client.runs.list(thread_id))
    table = Table("run", "created", "status", "model", "tokens", title=f"{thread_id}: the first of {len(runs)} runs")
    for entry in runs[:5]:
        tokens = entry.usage.total_tokens if entry.usage else "-"
        created = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(entry.created_at))
        table.add_row(entry.id, created, entry.status, entry.model, str(tokens))
    console.print(table)
    counts = Counter(entry.status for entry in runs)
    console.print(
        "   " + ", ".join(f"{count} {status}" for status, count in counts.most_common()),
        highlight=False,
        soft_wrap=True,
    )
    return len(runs)


def main() -> int:
    """Run every step and return the exit code."""
    start = time.perf_counter()
    example = document()["components"]["examples"]["DocumentedPage"]["value"]
    try:
        with step("1. The generated package matches openapi.yaml"):
            run(sys.executable, "scripts/generate.py", "--check")
        with tempfile.TemporaryDirectory() as folder:
            documented, synthetic = Path(folder, "documented.json"), Path(folder, "synthetic.jsonl")
            documented.write_text(json.dumps(example), encoding="utf-8")
            lines = [json.dumps(entry) + "\n" for entry in thread(LONG, 250, seed=7)]
            synthetic.write_text("".join(lines), encoding="utf-8")
            console.print("[bold]2. The reference server, with the documented example and a thread of 250 runs[/bold]")
            with server(documented, synthetic) as url:
                with step("3. Both threads, listed by the client"), Client(api_key=KEY, base_url=url) as client:
                    counted = [show(client, name) for name in ("thread_abc123", LONG)]
                    if counted != [len(example["data"]), 250]:
                        raise StepFailed(f"the client listed {counted} runs, not {[len(example['data']), 250]}.")
                with step("4. The server, tested by schemathesis with few examples"):
                    run(
                        *(sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider"),
                        "tests/contract/test_schemathesis.py",
                        THREADRUNS_CONTRACT_EXAMPLES="25",
                        THREADRUNS_CONTRACT_URL=url,
                        THREADRUNS_CONTRACT_KEY=KEY,
                        THREADRUNS_CONTRACT_THREAD=LONG,
                    )
    except (StepFailed, ThreadrunsError) as error:
        console.print(f"[red]Failed:[/red] {error}", highlight=False)
        return 1
    taken = time.perf_counter() - start
    console.print(
        f"[green]All four steps passed:[/green] the client matches the document, it listed {sum(counted)} runs, "
        f"and the server keeps the contract ({taken:.1f} s).",
        highlight=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
