"""The options of ``threadruns serve`` for set-ups of others: where the key comes from, origins, paths and addresses."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.server.test_operation import COMMAND, KEY, run, served

PATH = "/threads/thread_abc123/runs"


def status(url: str, key: str, **headers: str) -> int:
    """Request the list with a key, and return the status."""
    sent = {"authorization": f"Bearer {key}", "openai-beta": "assistants=v1", **headers}
    return httpx.get(url + PATH, headers=sent).status_code


@pytest.mark.parametrize(
    "content", ["sk-file", "sk-file\n", "sk-file\r\n", "\ufeffsk-file\n"], ids=["bare", "lf", "crlf", "mark"]
)
def test_key_is_read_from_a_file(tmp_path: Path, content: str) -> None:
    """The key is the line of the file, with any line end, and with a byte order mark or without it."""
    path = tmp_path / "key"
    path.write_bytes(content.encode())
    with served("--example", "--api-key-file", str(path)) as (_, url, _):
        assert status(url, "sk-file") == 200


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_key_is_read_from_a_pipe_that_stays_open(tmp_path: Path) -> None:
    """The first line of a pipe is the key, although its writer keeps the pipe open."""
    path = tmp_path / "key"
    os.mkfifo(path)
    done = threading.Event()

    def write() -> None:
        with path.open("w") as pipe:
            pipe.write("sk-pipe\n")
            pipe.flush()
            done.wait(30)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with served("--example", "--api-key-file", str(path)) as (_, url, _):
            assert status(url, "sk-pipe") == 200
    finally:
        done.set()
        writer.join()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b" sk\n", "blanks"), (b"a\nb\n", "control characters"), (b"\xff\xfe", "not text")],
)
def test_unusable_key_files_are_errors(tmp_path: Path, content: bytes, words: str) -> None:
    """A file without exactly one usable key is an error that does not show its content."""
    path = tmp_path / "key"
    path.write_bytes(content)
    result = run("serve", "--example", "--port", "0", "--api-key-file", str(path))
    assert (result.returncode, words in result.stderr) == (2, True)


def test_origins_are_compared_as_browsers_send_them() -> None:
    """The case of an origin and the default port of its scheme do not matter."""
    given = ("HTTP://App.Test:80", "https://a.test:443", "http://b.test:8080", "http://[::1]:3000")
    options = [part for origin in given for part in ("--cors", origin)]
    with served("--example", "--api-key", KEY, *options) as (_, url, _):
        for origin in ("http://app.test", "https://a.test", "http://b.test:8080", "http://[::1]:3000"):
            response = httpx.get(f"{url.removesuffix('/v1')}/healthz", headers={"origin": origin})
            assert response.headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize(
    "arguments",
    [
        ("--cors", "http://user@a.test"),
        ("--cors", "http://a.test:99999"),
        ("--cors", "http://a.test/"),
        ("--cors", "null"),
        ("--base-path", "/.."),
        ("--base-path", "/a/./b"),
        ("--base-path", "/a/../"),
    ],
)
def test_values_that_no_request_has_are_errors(arguments: tuple[str, str]) -> None:
    """An origin that no browser sends, and a path that no client sends, are refused at the start."""
    result = run("serve", "--example", "--port", "0", *arguments)
    assert (result.returncode, f"Invalid value for '{arguments[0]}'" in result.stderr) == (2, True)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
def test_all_addresses_include_those_of_both_families() -> None:
    """With ``--host *`` clients of IPv4 and of IPv6 are served, and the log has their addresses in the usual form."""
    with served("--example", "--api-key", KEY, "--host", "*") as (process, url, _):
        port = urlsplit(url).port
        assert [status(f"http://{host}:{port}/v1", KEY) for host in ("127.0.0.1", "[::1]")] == [200, 200]
        process.terminate()
        _, log = process.communicate(timeout=20)
    assert [json.loads(line)["client"] for line in log.splitlines()] == ["127.0.0.1", "::1"]


def test_stop_after_the_first_line_is_a_stop() -> None:
    """A signal that comes as soon as the server has printed its URL ends it with 0."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--example", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes that can be filled")
def test_second_interrupt_needs_no_reader_of_standard_error() -> None:
    """A second SIGINT ends the server although standard error is a full pipe."""
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        for size in (4096, 1):
            with suppress(BlockingIOError):
                while True:
                    os.write(writer, b"x" * size)
        os.set_blocking(writer, True)
        arguments = ["serve", "--example", "--port", "0", "--permissive", "--fault", "no-response"]
        process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=writer)
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().split()[-1].decode())
        with socket.create_connection((address.hostname, address.port), timeout=10) as sock:
            sock.sendall(b"GET /v1%b HTTP/1.1\r\nHost: x\r\n\r\n" % PATH.encode())
            httpx.get(f"http://{address.netloc}/healthz")  # It shows that the request above is being handled.
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            try:
                assert process.wait(timeout=6) == 130
            finally:
                process.kill()
                process.communicate()
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit of open files")
@pytest.mark.parametrize("files", [10, 20, 31])
def test_too_few_files_are_an_error(files: int) -> None:
    """A process that may open too few files does not start, and says so in a sentence."""
    shell = ["sh", "-c", f'ulimit -n {files} && exec "$@"', "sh"]
    command = [*shell, *COMMAND, "serve", "--example", "--port", "0"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert result.returncode == 4
    assert result.stderr == f"Error: This process may open {files} files, and the server needs 32; raise ulimit -n.\n"


def test_key_in_the_place_of_a_method_is_masked() -> None:
    """A client that sends the key as its method does not bring it into the log."""
    with served("--example", "--api-key", KEY) as (process, url, _):
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as sock:
            sock.sendall(b"%b /docs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % KEY.encode())
            assert sock.recv(65536).startswith(b"HTTP/1.1 405 ")
        process.terminate()
        _, log = process.communicate(timeout=20)
    assert json.loads(log.splitlines()[0])["method"] == "***"
