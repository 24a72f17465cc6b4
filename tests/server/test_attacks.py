"""Clients without a key that try to lock others out: slow, silent or many; each attack is on loopback and bounded."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import socket
import time
from contextlib import ExitStack, suppress

import pytest

from tests.server.attacks import GOOD, ask, attacked, open_files, read_all, stop

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files below /proc")


def opened(stack: ExitStack, address: tuple[str, int], number: int, data: bytes) -> list[socket.socket]:
    """Open connections that each send the same bytes."""
    sockets = []
    for _ in range(number):
        sock = stack.enter_context(socket.create_connection(address, timeout=5))
        with suppress(ConnectionError):  # It was refused.
            sock.sendall(data)
        sockets.append(sock)
    return sockets


def wait_for_place(address: tuple[str, int]) -> None:
    """Send requests until one is not refused."""
    until = time.monotonic() + 20
    while not (response := ask(address)).startswith(b"HTTP/1.1 200"):
        assert response == b"" or response.startswith(b"HTTP/1.1 503")
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nx",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\r\n",
    ],
    ids=["silent", "half-head", "half-body", "half-chunk", "idle", "empty-line"],
)
def test_slow_clients_do_not_lock_others_out(data: bytes) -> None:
    """With all places taken a new client gets a 503 at once, and soon a place; the log and the files stay bounded."""
    with ExitStack() as stack:
        process, address = stack.enter_context(attacked(files=192, YIELD_SECONDS=3))
        sockets = opened(stack, address, 200, data)
        assert b" 503 " in read_all(sockets[-1])
        assert open_files(process) <= 192
        wait_for_place(address)
        code, log = stop(process)
    assert code == 0
    assert len(log) < 60_000
    assert b"Traceback" not in log


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx", b"408"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nx", b"408"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b"408"),
        (b"", b"408"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
    ],
)
def test_each_phase_has_a_clock(data: bytes, status: bytes) -> None:
    """A head or a body that does not end gets a 408, an idle connection is closed; no byte is needed for that."""
    with attacked(HEAD_SECONDS=0.5, BODY_SECONDS=0.5, IDLE_SECONDS=0.5, LINGER_SECONDS=0.2) as (process, address):
        idle = open_files(process)
        with socket.create_connection(address, timeout=8) as sock:
            sock.sendall(data)
            received = read_all(sock)
            assert received[9:12] == status
            assert received.count(b"HTTP/1.1 ") == 1
            until = time.monotonic() + 20
            while open_files(process) > idle:  # Although this side keeps its end open.
                assert time.monotonic() < until
                time.sleep(0.05)


def unread(address: tuple[str, int]) -> socket.socket:
    """Return a connection that requested forty pages, more than all buffers hold, and reads none of them."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(address)
    sock.sendall(b"GET /docs HTTP/1.1\r\nHost: x\r\n\r\n" * 40)
    return sock


def test_unread_responses_do_not_hold_a_connection() -> None:
    """A client that pipelines forty pages and reads none is cut off."""
    with attacked(READ_SECONDS=0.5, READ_BYTES=10_000_000) as (process, address), unread(address) as sock:
        closed = select.poll()
        closed.register(sock, 0)
        assert closed.poll(8000), "the connection stayed open"
        assert b"did not read a response in time" in stop(process)[1]


def test_unread_responses_do_not_hold_a_stop() -> None:
    """A client that pipelines forty pages and reads none delays a stop by the time limit of the stop at most."""
    with attacked(STOP_SECONDS=1) as (process, address), unread(address):
        time.sleep(0.3)
        started = time.monotonic()
        assert stop(process)[0] == 0
        assert time.monotonic() - started < 6


def test_slow_reader_gets_all_responses() -> None:
    """The time limit of an idle connection does not run while the client has responses to read."""
    with attacked(IDLE_SECONDS=0.5, READ_SECONDS=60) as (_, address), unread(address) as sock:
        time.sleep(1.5)
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(20)
        received = read_all(sock)
        assert received.count(b"HTTP/1.1 200 OK") == 40
        assert b"HTTP/1.1 408" not in received


def test_new_connections_are_accepted_as_fast_as_old_ones_give_way() -> None:
    """Connections that are closed to make room do not use up the files, so that accepting need not pause."""
    with ExitStack() as stack:
        process, address = stack.enter_context(attacked(files=256, YIELD_SECONDS=0))
        opened(stack, address, 200, b"GET")
        assert ask(address).startswith(b"HTTP/1.1 200")
        process.send_signal(signal.SIGSTOP)
        opened(stack, address, 1000, b"GET")
        process.send_signal(signal.SIGCONT)
        assert ask(address).startswith(b"HTTP/1.1 200")
        code, log = stop(process)
    assert code == 0
    assert b"No connection can be accepted" not in log


def test_every_line_of_the_log_is_json() -> None:
    """Each line is a JSON object, also the one with the number of lines that were left out."""
    with attacked() as (process, address):
        for _ in range(30):
            ask(address, b"garbage\r\n")
        _, log = stop(process)
    lines = [json.loads(line) for line in log.splitlines()]
    assert all(isinstance(line, dict) for line in lines)
    assert sum(line.get("status") == 400 for line in lines) == 10
    assert any("20 more log lines" in line.get("message", "") for line in lines)


def test_full_pipe_at_standard_error_blocks_no_request() -> None:
    """Nobody reads the log, its pipe is full, and requests are answered as before; the process still stops."""
    with attacked() as (process, address):
        with socket.create_connection(address, timeout=8) as sock:
            for _ in range(1000):
                sock.sendall(GOOD + b"\r\n")
                received = b""
                while not received.endswith(b'"has_more":false}'):
                    received += sock.recv(65536)
        process.terminate()
        assert process.wait(timeout=8) == 0


def test_many_connections_at_once_get_a_response() -> None:
    """A thousand connections against 200 files: each gets a response or a refusal, and the next request is served."""
    with ExitStack() as stack:
        process, address = stack.enter_context(attacked(files=200))
        for sock in opened(stack, address, 1000, GOOD + b"Connection: close\r\n\r\n"):
            received = read_all(sock)
            assert received == b"" or received[9:12] in (b"200", b"503")
            sock.close()
        wait_for_place(address)
        assert stop(process)[0] == 0


def test_lack_of_files_pauses_accepting() -> None:
    """Without a free file the server waits instead of spinning, says so a few times, and goes on afterwards."""
    with ExitStack() as stack:
        # The limit falls below what is open after the start, so that accepting fails whatever the bound is.
        process, address = stack.enter_context(attacked())
        limits = resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (open_files(process), 1024))
        with socket.create_connection(address, timeout=8) as sock:
            sock.sendall(GOOD + b"Connection: close\r\n\r\n")
            before = _cpu(process.pid)
            time.sleep(1.2)
            assert _cpu(process.pid) - before < 0.5
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, limits)
            assert read_all(sock).startswith(b"HTTP/1.1 200")
        code, log = stop(process)
    assert code == 0
    assert 1 <= log.count(b"No connection can be accepted") <= 10


def _cpu(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
