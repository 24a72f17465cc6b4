"""Tests of invalid, huge and deeply nested bodies, as a file to load and as a response to check."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

MEMORY = 1 << 30
"""The limit of address space for a command, in bytes."""

SECONDS = 60
BODIES = {
    "no JSON": b"<html>busy</html>",
    "not UTF-8": b'{"id": "\xff"}',
    "10,000 levels": b'{"id":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "50 MB": b'{"id":"' + b"x" * 50_000_000 + b'"}',
}


def threadruns(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command with limited memory and time."""
    return subprocess.run(
        [sys.executable, "-c", "from threadruns._cli import main; main()", *arguments],
        env=os.environ | {"OPENAI_API_KEY": "sk-test"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


@contextmanager
def run_canned_server(body: bytes) -> Iterator[str]:
    """Serve one body as the response to every GET, and yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            # A client closes the connection when it has read enough.
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_load_rejects_a_bad_file_within_limits(body: bytes, tmp_path: Path) -> None:
    """Loading the file ends with a short message that names it, without a traceback."""
    path = tmp_path / "runs.json"
    path.write_bytes(body)
    done = threadruns("load", "--db", str(tmp_path / "runs.db"), str(path))
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "runs.json" in said
    assert "Traceback" not in said
    assert len(said) < 2000


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_check_judges_a_bad_response_within_limits(body: bytes) -> None:
    """Checking a server that sends the body ends with a verdict other than pass, without a traceback."""
    with run_canned_server(body) as url:
        done = threadruns("check", url, "--thread", "thread_Zx04LmNb")
    said = done.stdout + done.stderr
    assert done.returncode in (1, 3), said
    assert "Traceback" not in said
    assert len(said) < 50_000
