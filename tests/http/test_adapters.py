"""Tests with clients and transports of httpx, httpx2, aiohttp and reqwest."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest
from httpx_aiohttp import AiohttpTransport
from pyreqwest.compatibility.httpx import HttpxTransport, SyncHttpxTransport

from tests.mutants.corpus import FAULTS
from tests.support.clients import open_client, run_ids
from tests.support.runs import ids, page, runs
from threadruns import (
    APIConnectionError,
    APIResponseValidationError,
    APITimeoutError,
    InternalServerError,
    NotFoundError,
)
from threadruns.testing import serve

ADAPTERS: dict[str, tuple[str, str, Callable[[], Any]]] = {
    "httpx client": ("sync", "http_client", httpx.Client),
    "httpx async client": ("async", "http_client", httpx.AsyncClient),
    "httpx2 client": ("sync", "http_client", httpx2.Client),
    "httpx2 async client": ("async", "http_client", httpx2.AsyncClient),
    "httpx transport": ("sync", "transport", httpx.HTTPTransport),
    "httpx async transport": ("async", "transport", httpx.AsyncHTTPTransport),
    "httpx2 transport": ("sync", "transport", httpx2.HTTPTransport),
    "httpx2 async transport": ("async", "transport", httpx2.AsyncHTTPTransport),
    "httpx-aiohttp": ("async", "transport", AiohttpTransport),
    "pyreqwest": ("sync", "transport", SyncHttpxTransport),
    "pyreqwest, async": ("async", "transport", HttpxTransport),
}


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threadruns._http.retries.FIRST_WAIT", 0.0)


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Return the kind of our client, and the argument that replaces our connections."""
    kind, argument, make = ADAPTERS[request.param]
    return kind, {argument: make()}


def test_list_and_errors(adapter: tuple[str, dict[str, Any]]) -> None:
    """Runs are listed with the key, and an error status raises its usual error."""
    kind, settings = adapter
    with serve(runs=runs(25)) as server, open_client(server, kind, **settings) as client:
        assert run_ids(list(client.runs.list("thread_a", limit=10, prefetch=True))) == ids(25)
        with pytest.raises(NotFoundError, match="thread_none"):
            client.runs.list("thread_none")


@pytest.mark.parametrize(
    ("fault", "outcome", "call"),
    [
        ("resets-without-response", APIConnectionError, {}),
        ("resets-within-body", APIConnectionError, {}),
        ("closes-without-response", APIConnectionError, {}),
        ("closes-within-body", APIConnectionError, {}),
        ("closes-within-chunk", APIConnectionError, {}),
        ("not-http", APIConnectionError, {}),
        ("no-response", APITimeoutError, {"timeout": 0.4}),
        ("slow-body", APITimeoutError, {"timeout": 0.4}),
        ("status-500", InternalServerError, {}),
        ("gzip-bomb", APIResponseValidationError, {"max_body_bytes": 1_000_000}),
        ("huge-body", APIResponseValidationError, {"max_body_bytes": 1_000_000}),
    ],
)
@pytest.mark.parametrize("adapter", [name for name in ADAPTERS if not name.endswith(" transport")], indirect=True)
def test_faults(
    fault: str, outcome: type[Exception], call: dict[str, Any], adapter: tuple[str, dict[str, Any]]
) -> None:
    """Faults raise the same errors with any transport, and in time."""
    kind, settings = adapter
    with (
        serve(runs=runs(5), faults=[fault], catalogue=FAULTS) as server,
        open_client(server, kind, **settings) as client,
    ):
        started = time.monotonic()
        with pytest.raises(outcome) as caught:
            client.runs.list("thread_a", max_retries=0, **call)
        # httpx-aiohttp takes a connection that was closed for one that took too long.
        assert type(caught.value) in (outcome, APITimeoutError)
        assert time.monotonic() - started < 20


def test_retries(adapter: tuple[str, dict[str, Any]]) -> None:
    """Transient failures are retried."""
    kind, settings = adapter
    once = ["closes-without-response:first=1"]
    with serve(runs=runs(5), faults=once, catalogue=FAULTS) as server, open_client(server, kind, **settings) as client:
        assert run_ids(client.runs.list("thread_a").data) == ids(5)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
def test_bodies_of_a_mocked_transport(library: Any, kind: str) -> None:
    """A mocked body is decoded in any form: as JSON, compressed, or in parts."""
    body = json.dumps(page(runs(2)[::-1])).encode()
    packed = gzip.compress(body)
    answers = iter(
        [
            library.Response(200, content=body),
            library.Response(200, headers={"content-encoding": "gzip"}, content=packed),
            library.Response(200, headers={"content-encoding": "gzip"}, stream=library.ByteStream(packed)),
        ]
    )
    own: Any = library.MockTransport(lambda _: next(answers))
    with open_client(None, kind, api_key="sk", base_url="http://nowhere/v1", transport=own) as client:
        for _ in range(3):
            assert run_ids(client.runs.list("thread_a").data) == ids(2)
