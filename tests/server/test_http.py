"""HTTP as its RFCs say, on a connection, under both event loops; and what a browser and a proxy need."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import uvloop

from tests.server.attacks import read_all
from threadruns.server._server import AppServer, bind
from threadruns.server.store import Store, open_store
from threadruns.testing import new_run
from threadruns.testing._application import mutated_application
from threadruns.testing.faults import FAULTS

KEY = "sk-http"
HEADERS = b"Host: x\r\nAuthorization: Bearer sk-http\r\nOpenAI-Beta: assistants=v1\r\n"
PATH = b"/v1/threads/thread_1/runs"


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def start(request: pytest.FixtureRequest) -> Iterator[Callable[..., tuple[str, int]]]:
    """Return a function that starts a server in a thread, with the arguments of ``mutated_application``."""
    running: list[tuple[AppServer, Store]] = []

    def run(**options: Any) -> tuple[str, int]:
        store = open_store()
        store.add([new_run(f"run_{number}", "thread_1") for number in range(30)])
        server = AppServer(mutated_application(store, KEY, **options)[0], bind("127.0.0.1", 0), request.param)
        running.append((server.__enter__(), store))
        return server.address

    yield run
    for server, store in running:
        server.__exit__(None, None, None)
        store.close()


def exchange(address: tuple[str, int], data: bytes, *more: bytes) -> bytes:
    """Send bytes, end the sending side, and return all that is received."""
    with socket.create_connection(address, timeout=8) as sock:
        for part in (data, *more):
            sock.sendall(part)
        sock.shutdown(socket.SHUT_WR)
        return read_all(sock)


def parsed(received: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    """Return the responses that were received, each with its status, headers and body."""
    found = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", 0))
        found.append((int(first.split()[1]), headers, received[:length]))
        received = received[length:]
    return found


@pytest.mark.parametrize("rest", [b"", b"GET /v1/threads"])
def test_requests_before_the_end_of_the_data_are_answered(start: Callable[..., tuple[str, int]], rest: bytes) -> None:
    """Requests that came before the client stopped sending are answered, also if each response takes a while."""
    requests = b"".join(b"GET %b HTTP/1.1\r\n%b\r\n" % (PATH, HEADERS) for _ in range(20))
    responses = parsed(exchange(start(variations=["slow"]), requests + rest))
    assert [status for status, _, _ in responses] == [200] * 20


@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (b"GET http://example.org%b HTTP/1.1\r\n%b\r\n", [200]),
        (b"GET HTTPS://example.org:99%b?limit=1 HTTP/1.1\r\n%b\r\n", [200]),
        (b"\r\n\r\n\r\nGET %b HTTP/1.1\r\n%b\r\n", [200]),
        (b"\n\nGET %b HTTP/1.1\r\n%b\r\n", [200]),
        (b"GET %b HTTP/1.1\r\nX: y\r\n%b\r\n\r\nGARBAGE", [200]),
        (b"GET %b HTTP/1.1\r\nContent-Length: 5\r\n%b\r\nhelloGARBAGE\r\n\r\n", [200, 400]),
        (b"GET %b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n%b\r\n5\r\nhello\r\n0\r\n\r\n", [200]),
        (b"GET %b HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n%b\r\n0\r\n\r\n", [200]),
        (b"GET %b HTTP/1.0\r\n%b\r\n", [200]),
        (b"GET http://%b HTTP/1.1\r\n%b\r\n", [404]),
        (b"GET %b RTSP/1.0\r\n%b\r\n", [505]),
        (b"GET %b HTTP/1.1\r\nUpgrade: h2c\r\nConnection: upgrade\r\n%b\r\n", [200]),
        (b"BREW %b HTTP/1.1\r\n%b\r\n", [405]),
        (b"get %b HTTP/1.1\r\n%b\r\n", [405]),
        (b"TRACE %b HTTP/1.1\r\n%b\r\n", [405]),
        (b"GET %b HTTP/1.1\r\nHost: y\r\n%b\r\n", [400]),
        (b"GET %b HTTP/1.1\r\nTransfer-Encoding: gzip\r\n%b\r\n", [501]),
        (b"GET %b HTTP/2.0\r\n%b\r\n", [505]),
        (b"GET %b HTTP/1.1\n%b\n", [400]),
        (b"GET %b HTTP/1.1\r\n folded\r\n%b\r\n", [400]),
        (b"GET %b HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n%b\r\nhello!", [400]),
        (b"GET %b HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n%b\r\n", [400]),
        (b"GET %b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n%b\r\nfffffff\r\n" + b"x" * 70_000, [413]),
    ],
)
def test_requests_are_read_as_the_rfc_says(
    start: Callable[..., tuple[str, int]], data: bytes, statuses: list[int]
) -> None:
    """Absolute targets and empty lines are accepted, ambiguous requests are rejected, unknown methods get a 405."""
    responses = parsed(exchange(start(), data % (PATH, HEADERS)))
    found = [status for status, _, _ in responses]
    assert found[: len(statuses)] == statuses
    assert set(found[len(statuses) :]) <= {400}


@pytest.mark.parametrize("blank", [b" ", b"\t", b" \t "])
def test_blanks_behind_a_value_are_no_part_of_it(start: Callable[..., tuple[str, int]], blank: bytes) -> None:
    """Each header means the same with blanks before the end of its line."""
    headers = HEADERS.replace(b"\r\n", blank + b"\r\n") + b"Connection: close" + blank
    with socket.create_connection(start(), timeout=8) as sock:
        sock.sendall(b"GET %b HTTP/1.1\r\n%b\r\n\r\n" % (PATH, headers))
        assert parsed(read_all(sock))[0][0] == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [(b"x:80", 200), (b"[::1]:80", 200), (b"", 200), (b"a b", 400), (b"a/b", 400), (b"u@a", 400), (b"a, b", 400)],
)
def test_host_must_be_a_host(start: Callable[..., tuple[str, int]], host: bytes, status: int) -> None:
    """The Host header is a host with or without a port, or empty; another value gets a 400."""
    assert parsed(exchange(start(), b"GET /healthz HTTP/1.1\r\nHost: %b\r\n\r\n" % host))[0][0] == status


def test_trailer_is_not_taken_for_headers(start: Callable[..., tuple[str, int]]) -> None:
    """Fields behind a chunked body neither authorize a request nor change its headers."""
    address = start()
    chunked = b"GET %b HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n0\r\n%b\r\n"
    without_key = HEADERS.replace(b"Authorization: Bearer sk-http\r\n", b"")
    trailer = b"Authorization: Bearer sk-http\r\nHost: y\r\nOpenAI-Beta: none\r\n"
    assert parsed(exchange(address, chunked % (PATH, without_key, trailer)))[0][0] == 401
    assert parsed(exchange(address, chunked % (PATH, HEADERS, trailer)))[0][0] == 200


@pytest.mark.parametrize("start_of", [b"0\r\n", b"0\r\nx: ", b"1;"], ids=["trailer", "field", "extension"])
def test_rest_of_a_chunked_body_is_bounded(start: Callable[..., tuple[str, int]], start_of: bytes) -> None:
    """A trailer or an extension of a chunk that does not end gets a 413, whatever its fields are."""
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + start_of
    more = b"a: b\r\n" * 100_000 if start_of == b"0\r\n" else b"a" * 600_000
    with socket.create_connection(start(), timeout=8) as sock:
        sock.sendall(head + more)
        assert sock.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_ambiguous_length_closes_the_connection(start: Callable[..., tuple[str, int]]) -> None:
    """A request with Content-Length and Transfer-Encoding is answered, and what follows it is not read."""
    data = b"GET %b HTTP/1.1\r\n%bContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (PATH, HEADERS)
    address = start()
    for behind in (b"GET %b HTTP/1.1\r\n%b\r\n" % (PATH, HEADERS), b"GARBAGE"):
        ((status, headers, _),) = parsed(exchange(address, data + behind))
        assert (status, headers["connection"]) == (200, "close")


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 431)])
def test_bound_of_the_head_is_the_documented_one(
    start: Callable[..., tuple[str, int]], extra: int, status: int
) -> None:
    """A head of 65,536 bytes is accepted, one of a byte more is not, in one part or in several."""
    head = b"GET %b HTTP/1.1\r\n%bX: " % (PATH, HEADERS)
    head += b"x" * (65536 - len(head) - 4 + extra) + b"\r\n\r\n"
    address = start()
    assert parsed(exchange(address, head))[0][0] == status
    assert parsed(exchange(address, head[:30_000], head[30_000:60_000], head[60_000:]))[0][0] == status


def test_eight_thousand_headers_are_read(start: Callable[..., tuple[str, int]]) -> None:
    """A head of very many short headers is read like any other."""
    assert parsed(exchange(start(), b"GET %b HTTP/1.1\r\n%b%b\r\n" % (PATH, HEADERS, b"a: b\r\n" * 8000)))[0][0] == 200


@pytest.mark.parametrize("method", [b"HEAD", b"GET"])
@pytest.mark.parametrize("path", [PATH, PATH + b"?limit=x", b"/healthz"])
def test_connection_ends_after_the_last_response(
    start: Callable[..., tuple[str, int]], method: bytes, path: bytes
) -> None:
    """After a response with ``Connection: close`` the connection ends, whether the response has a body or not."""
    with socket.create_connection(start(), timeout=8) as sock:
        sock.sendall(b"%b %b HTTP/1.1\r\n%bConnection: close\r\n\r\n" % (method, path, HEADERS))
        _, _, body = read_all(sock).partition(b"\r\n\r\n")
    assert bool(body) == (method == b"GET")


def test_unread_responses_stop_the_server_from_handling_more(
    start: Callable[..., tuple[str, int]], caplog: pytest.LogCaptureFixture
) -> None:
    """The requests of a client that reads no response are not handled, so that no responses pile up in memory."""
    caplog.set_level("INFO", "threadruns.access")
    total = 4000  # Their responses are larger than all that systems keep for a connection.
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(8)
        sock.connect(start())
        sock.sendall(b"GET %b HTTP/1.1\r\n%b\r\n" % (PATH, HEADERS))
        assert sock.recv(1) == b"H"
        sock.settimeout(1)
        with suppress(TimeoutError):
            sock.sendall(b"GET %b HTTP/1.1\r\n%b\r\n" % (PATH, HEADERS) * total)
        handled = -1
        while handled < len(caplog.records):
            handled = len(caplog.records)
            time.sleep(0.3)
    assert 0 < handled < total / 2


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_requests_in_parts_are_read_as_in_one(start: Callable[..., tuple[str, int]], size: int) -> None:
    """Pipelined requests, with bodies and without, get the same responses however they are cut."""
    data = b"GET %b?limit=1 HTTP/1.1\r\n%bContent-Length: 3\r\n\r\nabc\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" % (
        PATH,
        HEADERS,
    )
    responses = parsed(exchange(start(), *(data[at : at + size] for at in range(0, len(data), size))))
    assert [(status, body[-5:]) for status, _, body in responses] == [(200, b"true}"), (200, b"ok\n")]


def test_body_is_awaited_after_100_continue(start: Callable[..., tuple[str, int]]) -> None:
    """A client that expects 100 Continue gets it, and then the response."""
    with socket.create_connection(start(), timeout=8) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"ab")
        assert sock.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS.values() if fault.group == "transport"], ids=lambda f: f.name
)
def test_transport_faults_reach_the_client(start: Callable[..., tuple[str, int]], fault: Any) -> None:
    """Every fault of the connection breaks it in its way under both event loops, and only for its request."""
    address = start(faults=[f"{fault.name}:first=1"])
    request = b"GET %b HTTP/1.1\r\n%b\r\n" % (PATH, HEADERS)
    with socket.create_connection(address, timeout=8) as sock:
        sock.settimeout(0.4 if fault.name == "no-response" else 8)
        sock.sendall(request)
        received, end = b"", "closed"
        try:
            while not received.endswith(b'"has_more":true}') and (part := sock.recv(65536)):
                received += part
                if fault.name in ("slow-body", "slow-headers") and len(received) > 45:
                    raise TimeoutError
        except ConnectionResetError:
            end = "reset"
        except TimeoutError:
            end = "open"
    expected = {
        "resets-without-response": ("reset", 0, b""),
        "resets-within-body": ("reset", 1000, b"HTTP/1.1 200 OK"),
        "closes-within-body": ("closed", 1000, b"HTTP/1.1 200 OK"),
        "closes-within-chunk": ("closed", 50, b"HTTP/1.1 200 OK"),
        "closes-within-headers": ("closed", 30, b"HTTP/1.1 200 OK"),
        "closes-without-response": ("closed", 0, b""),
        "not-http": ("closed", 21, b"SSH-2.0"),
        "huge-header": ("closed", 1_000_000, b"HTTP/1.1 200 OK"),
        "no-response": ("open", 0, b""),
        "slow-body": ("open", 40, b"HTTP/1.1 200 OK"),
        "slow-headers": ("open", 20, b"HTTP/1.1 200 OK"),
    }
    how, least, first = expected.get(fault.name, ("closed", 1000, b"HTTP/1.1 "))
    assert end == how
    assert len(received) >= least
    assert received.startswith(first)
    assert parsed(exchange(address, request))[0][0] == 200


def url(address: tuple[str, int], path: str) -> str:
    """Return the URL of a path."""
    return f"http://{address[0]}:{address[1]}{path}"


def test_pages_of_named_origins_may_read(start: Callable[..., tuple[str, int]]) -> None:
    """With --cors a preflight is answered, responses and errors may be read by that origin, and by no other."""
    address = start(origins=["http://app.test"])
    ask = {"access-control-request-method": "GET", "access-control-request-headers": "authorization, x-stainless-os"}
    for origin, allowed in (("http://app.test", "http://app.test"), ("http://evil.test", None)):
        preflight = httpx.options(url(address, PATH.decode()), headers={"origin": origin, **ask})
        assert preflight.status_code == 204
        assert preflight.headers.get("access-control-allow-origin") == allowed
        response = httpx.get(url(address, PATH.decode()), headers={"origin": origin})
        assert response.status_code == 401
        assert response.headers.get("access-control-allow-origin") == allowed
        assert response.headers["vary"] == "Origin"
    assert "x-stainless-os" in preflight.request.headers["access-control-request-headers"]
    plain = httpx.options(url(start(), PATH.decode()), headers={"origin": "http://app.test", **ask})
    assert (plain.status_code, plain.headers.get("access-control-allow-origin")) == (405, None)


def test_prefix_is_part_of_every_path(start: Callable[..., tuple[str, int]]) -> None:
    """With --base-path all paths are below it, and others are a 404."""
    address = start(prefix="/assistants")
    headers = {"authorization": f"Bearer {KEY}", "openai-beta": "assistants=v1"}
    paths = [f"/assistants{path}" for path in (PATH.decode(), "/healthz", "/docs", "/openapi.json")]
    assert [httpx.get(url(address, path), headers=headers).status_code for path in paths] == [200] * 4
    others = [PATH.decode(), "/healthz", "/assistants", "/assistantsx/healthz", "/assistants/assistants/healthz"]
    assert [httpx.get(url(address, path), headers=headers).status_code for path in others] == [404] * 5
    assert httpx.get(url(address, "/assistants/")).headers["location"] == "docs"


@pytest.mark.parametrize(("beta", "statuses"), [("v1", [200, 400, 400]), ("v2", [400, 200, 400]), ("any", [200] * 3)])
def test_beta_is_chosen(start: Callable[..., tuple[str, int]], beta: str, statuses: list[int]) -> None:
    """--beta names the version that the header must have; any accepts every header, and none."""
    address = start(beta=beta)
    key = {"authorization": f"Bearer {KEY}"}
    headers = ({"openai-beta": "assistants=v1"}, {"openai-beta": "assistants=v2"}, {})
    found = [httpx.get(url(address, PATH.decode()), headers=key | each).status_code for each in headers]
    assert found == statuses


def test_every_path_is_logged(start: Callable[..., tuple[str, int]], caplog: pytest.LogCaptureFixture) -> None:
    """Each request has a line with the client's address: pages, unknown paths, and requests that cannot be read."""
    caplog.set_level("INFO", "threadruns.access")
    address = start()
    for path in ("/healthz", "/docs", "/nothing"):
        exchange(address, b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
    exchange(address, b"garbage\r\n\r\n")
    records = [record for record in caplog.records if record.name == "threadruns.access"]
    assert {record.filename for record in records} == {"_app.py"}
    entries = [json.loads(record.getMessage()) for record in records]
    assert [(entry["client"], entry["path"], entry["status"]) for entry in entries] == [
        ("127.0.0.1", "/healthz", 200),
        ("127.0.0.1", "/docs", 200),
        ("127.0.0.1", "/nothing", 404),
        ("127.0.0.1", "", 400),
    ]
