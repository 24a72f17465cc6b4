"""Tests of responses that do not belong to the request, and of responses that are sent in very many parts."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.clients import HTTPX_CLIENTS, open_client, run_ids
from tests.support.relay import Relay, read_head, run_relay
from tests.support.runs import ids, page, runs
from threadruns import APIConnectionError, APITimeoutError


def response(thread: str) -> bytes:
    """Return a response that keeps the connection open."""
    body = json.dumps(page(runs(2, thread)[::-1])).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


@contextmanager
def answering_twice() -> Iterator[str]:
    """Run a server that sends its first response twice, and each later one once; yield its URL."""
    answered = 0

    def answer(_: Relay, client: socket.socket) -> socket.socket:
        nonlocal answered
        while True:
            thread = read_head(client).decode("latin-1").split("/")[3]
            answered += 1
            client.sendall(response(thread) * (2 if answered == 1 else 1))

    with run_relay(answer) as relay:
        yield f"http://127.0.0.1:{relay.port}/v1"


@pytest.mark.parametrize("kind", HTTPX_CLIENTS)
def test_second_response_is_not_used(kind: str) -> None:
    """If a server sends a response twice, the second one is not taken for the response to the next request."""
    with answering_twice() as url, open_client(None, kind, api_key="sk-test", base_url=url) as client:
        assert [run.thread_id for run in client.runs.list("thread_a")] == ["thread_a"] * 2
        second = list(client.runs.list("thread_b"))
        assert run_ids(second) == ids(2, "thread_b")
        assert {run.thread_id for run in second} == {"thread_b"}


@pytest.mark.parametrize("kind", HTTPX_CLIENTS)
def test_error_for_a_second_response(kind: str) -> None:
    """Without retries, such a response is a connection error that says what happened."""
    with (
        answering_twice() as url,
        open_client(None, kind, api_key="sk-test", base_url=url, max_retries=0) as client,
    ):
        list(client.runs.list("thread_a"))
        with pytest.raises(APIConnectionError, match="already sent a response before this request"):
            client.runs.list("thread_b")
        assert {run.thread_id for run in client.runs.list("thread_c")} == {"thread_c"}


PARTS = {
    "informational": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunks": (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


@pytest.mark.parametrize("kind", HTTPX_CLIENTS)
@pytest.mark.parametrize("form", PARTS)
def test_endless_tiny_parts(form: str, kind: str) -> None:
    """Endless informational responses or chunks of one byte, as fast as they are read, end at the timeout."""
    begin, part = PARTS[form]

    def answer(_: Relay, client: socket.socket) -> socket.socket:
        read_head(client)
        client.sendall(begin)
        while True:
            client.sendall(part * 10_000)

    with (
        run_relay(answer) as relay,
        open_client(
            None, kind, api_key="sk-test", base_url=f"http://127.0.0.1:{relay.port}/v1", timeout=0.5, max_retries=0
        ) as client,
    ):
        started = time.process_time()
        with pytest.raises(APITimeoutError):
            client.runs.list("thread_a")
        assert time.process_time() - started < 3  # of the client and the server, which share this process
