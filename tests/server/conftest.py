"""Servers with the sample threads, and a client for them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.server.samples import KEY, name, runs
from threadruns.testing import RunningServer, serve


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """Start a correct server with the sample threads."""
    with serve(runs(), threads=[name(0)], api_key=KEY) as running:
        yield running


def client(server: RunningServer) -> httpx.Client:
    """Return a client that sends valid requests to a server."""
    headers = {"authorization": f"Bearer {server.api_key}", "openai-beta": "assistants=v1"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=10)


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    """Return a client of the correct server."""
    with client(server) as opened:
        yield opened
