"""TLS: certificates are checked, and how they are is the caller's to set."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import names
from tests.support.runs import ids
from threadruns import APIConnectionError, APITimeoutError, AsyncClient, Client


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
def test_unknown_certificate(secure_url: str, kind: str) -> None:
    """A server that nobody vouches for gets no request."""
    with pytest.raises(APIConnectionError, match="certificate"):
        listed(secure_url, kind)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_trusted_certificate(
    secure_url: str, certificate: Path, trusting: ssl.SSLContext, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate is trusted through the caller's TLS settings, through the environment, or without a check."""
    assert listed(secure_url, kind, verify=trusting) == ids(1)
    assert listed(secure_url, kind, verify=False) == ids(1)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    assert listed(secure_url, kind) == ids(1)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_timeout_over_tls(server_tls: ssl.SSLContext, kind: str) -> None:
    """A server that falls silent after the handshake is left at once when the time is over, without a farewell."""
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
            listed(f"https://localhost:{listener.getsockname()[1]}/v1", kind, verify=False, timeout=0.5)
        assert time.monotonic() - started < 30  # The default is 60.
        left.set()
        thread.join()
