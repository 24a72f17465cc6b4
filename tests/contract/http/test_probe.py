"""Requests of the check on connections of their own."""

from __future__ import annotations

import gc
import socket
import threading
from pathlib import Path

import pytest

from tests.contract.servers import ERROR, KEY, reply, serve_script
from threadruns.contract.http.probe import Probe
from threadruns.contract.http.request import ProbeRequest


def test_a_head_request_over_tls_closes_its_connection(certificate: Path) -> None:
    """The bytes after a head are read over TLS too, and no socket is left open."""
    authority = str(certificate / "cert.pem")
    files = (certificate / "cert.pem", certificate / "key.pem")
    with serve_script(lambda one: reply(one, 401, ERROR), tls=files) as (url, _):
        with Probe(url.replace("127.0.0.1", "localhost"), KEY, verify=authority) as probe:
            assert probe.bytes_after_head(ProbeRequest("thread_1")) == b""
        gc.collect()  # the warning of a socket that was not closed is an error


@pytest.mark.parametrize(("body", "after"), [(b"", b""), (b"{}", b"{}")])
def test_interim_responses_are_not_the_body_of_a_head_request(body: bytes, after: bytes) -> None:
    """Only what follows the header section of the last response is a body."""
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"

    def serve_once() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(interim + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + body)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve_once)
        thread.start()
        with Probe(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", KEY) as probe:
            assert probe.bytes_after_head(ProbeRequest("thread_1")) == after
        thread.join()
