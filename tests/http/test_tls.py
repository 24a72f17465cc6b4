"""Tests of TLS and its settings."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import run_ids
from tests.support.runs import ids
from threadruns import APIConnectionError, APITimeoutError, AsyncClient, Client


def list_ids(url: str, kind: str, **settings: Any) -> list[str]:
    """Return the ids of the runs that a client lists."""
    if kind == "sync":
        with Client(api_key="sk", base_url=url, max_retries=0, **settings) as client:
            return run_ids(client.runs.list("thread_a").data)

    async def main() -> list[str]:
        async with AsyncClient(api_key="sk", base_url=url, max_retries=0, **settings) as client:
            return run_ids((await client.runs.list("thread_a")).data)

    return asyncio.run(main())


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_unknown_certificate(secure_url: str, kind: str) -> None:
    """A server with an untrusted certificate receives no request."""
    with pytest.raises(APIConnectionError, match="certificate"):
        list_ids(secure_url, kind)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_trusted_certificate(
    secure_url: str, certificate: Path, trusting_tls: ssl.SSLContext, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate is trusted by the caller's TLS settings, by the environment, or if verification is off."""
    assert list_ids(secure_url, kind, verify=trusting_tls) == ids(1)
    assert list_ids(secure_url, kind, verify=False) == ids(1)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    assert list_ids(secure_url, kind) == ids(1)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_timeout_over_tls(server_tls: ssl.SSLContext, kind: str) -> None:
    """If a server is silent after the handshake, the timeout ends the call without waiting for a TLS shutdown."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        left = threading.Event()

        def shake_hands() -> None:
            plain, _ = listener.accept()
            with server_tls.wrap_socket(plain, server_side=True):
                left.wait(10)

        thread = threading.Thread(target=shake_hands)
        thread.start()
        started = time.monotonic()
        with pytest.raises(APITimeoutError):
            list_ids(f"https://localhost:{listener.getsockname()[1]}/v1", kind, verify=False, timeout=0.5)
        assert time.monotonic() - started < 30  # The default is 60.
        left.set()
        thread.join()
