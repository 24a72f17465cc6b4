"""TLS: certificates are checked, and how they are is the caller's to set."""

from __future__ import annotations

import asyncio
import http.server
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.data import ids, runs
from tests.client.driving import names
from threadruns import APIConnectionError, APITimeoutError, AsyncClient, Client

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers every request with one page."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        page = {"object": "list", "data": runs(1), "first_id": "run_a0000", "last_id": "run_a0000", "has_more": False}
        body = json.dumps(page).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate that is its own authority, with its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def url(certificate: Path) -> Iterator[str]:
    """Serve one page over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def listed(url: str, kind: str, **settings: Any) -> list[str]:
    """Return the ids that a client lists."""
    if kind == "sync":
        with Client(api_key="sk", base_url=url, max_retries=0, **settings) as client:
            return names(client.runs.list("thread_a").data)

    async def main() -> list[str]:
        async with AsyncClient(api_key="sk", base_url=url, max_retries=0, **settings) as client:
            return names((await client.runs.list("thread_a")).data)

    return asyncio.run(main())


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_unknown_certificate(url: str, kind: str) -> None:
    """A server that nobody vouches for gets no request."""
    with pytest.raises(APIConnectionError, match="certificate"):
        listed(url, kind)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_trusted_certificate(url: str, certificate: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate is trusted through the caller's TLS settings, through the environment, or without a check."""
    context = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    assert listed(url, kind, verify=context) == ids(1)
    assert listed(url, kind, verify=False) == ids(1)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    assert listed(url, kind) == ids(1)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_timeout_over_tls(certificate: Path, kind: str) -> None:
    """A server that falls silent after the handshake is left at once when the time is over, without a farewell."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        left = threading.Event()

        def shake_hands() -> None:
            plain, _ = listener.accept()
            with context.wrap_socket(plain, server_side=True):
                left.wait(10)

        thread = threading.Thread(target=shake_hands)
        thread.start()
        started = time.monotonic()
        with pytest.raises(APITimeoutError):
            listed(f"https://localhost:{listener.getsockname()[1]}/v1", kind, verify=False, timeout=0.5)
        assert time.monotonic() - started < 3
        left.set()
        thread.join()
