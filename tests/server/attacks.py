"""A server as a process under an attack: few files, raw sockets, and the time that it takes to recover."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

SERVE = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))
from threadruns.server import _connection, _server
for name, value in {constants}.items():
    for module in (_connection, _server):
        if hasattr(module, name):
            setattr(module, name, value)
from threadruns._cli import main
main()
"""
KEY = "sk-attacked"
GOOD = (
    b"GET /v1/threads/thread_abc123/runs HTTP/1.1\r\nHost: x\r\n"
    b"Authorization: Bearer sk-attacked\r\nOpenAI-Beta: assistants=v1\r\n"
)


@contextmanager
def attacked(
    *arguments: str, files: int = 1024, stderr: int = subprocess.PIPE, **constants: float
) -> Generator[tuple[subprocess.Popen[bytes], tuple[str, int]]]:
    """Run ``threadruns serve`` with few files and other time limits; yield the process and its address."""
    code = SERVE.format(files=files, constants=constants)
    command = [sys.executable, "-c", code, "serve", "--example", "--port", "0", "--api-key", KEY, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr)
    try:
        assert process.stdout is not None
        found = re.search(rb"at (http://\S+)/v1", process.stdout.readline())
        assert found, process.communicate()
        url = urlsplit(found[1].decode())
        assert url.hostname
        assert url.port
        address = (url.hostname, url.port)
        assert ask(address, GOOD, 20).startswith(b"HTTP/1.1 200")  # Everything that it needs is open now.
        yield process, address
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ask(address: tuple[str, int], head: bytes = GOOD, timeout: float = 5) -> bytes:
    """Send a request that closes the connection, and return the response."""
    with socket.create_connection(address, timeout=timeout) as sock:
        sock.sendall(head + b"Connection: close\r\n\r\n")
        return read_all(sock)


def read_all(sock: socket.socket) -> bytes:
    """Read until the server closes or resets the connection."""
    received = b""
    try:
        while part := sock.recv(65536):
            received += part
    except ConnectionError:
        pass
    return received


def stop(process: subprocess.Popen[Any]) -> tuple[int, bytes]:
    """Terminate a process, and return its exit code and what it wrote to standard error."""
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    return process.returncode, log or b""


def open_files(process: subprocess.Popen[Any]) -> int:
    """Return the number of open files of a process."""
    return len(os.listdir(f"/proc/{process.pid}/fd"))
