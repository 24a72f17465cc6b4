"""Tests with tools that hook into httpx, without any argument for the client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mocket
import mocket.mocks.mockhttp
import pook
import pytest
import respx
import sentry_sdk
import vcr
from elasticapm import Client as ElasticClient
from elasticapm import instrument, uninstrument
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pytest_httpx import HTTPXMock

from tests.support.clients import WALKS, open_client, run_ids
from tests.support.limits import MAX_LIMIT
from tests.support.runs import ids, page, runs
from threadruns import APIConnectionError, APITimeoutError, NotFoundError
from threadruns.testing import serve

KEY = "sk-secret-of-the-test"
NOWHERE = "http://127.0.0.1:9"
"""An address where no server is: a request that a tool does not see is refused."""

URL = f"{NOWHERE}/v1/threads/thread_a/runs?limit={MAX_LIMIT}"
SETTINGS: dict[str, Any] = {"api_key": KEY, "base_url": f"{NOWHERE}/v1", "max_retries": 0}
NEWEST = runs(4)[::-1]
SIGNED = {"Authorization": f"Bearer {KEY}"}

pytestmark = pytest.mark.parametrize("kind", WALKS)


def test_pytest_httpx(kind: str, httpx_mock: HTTPXMock) -> None:
    """pytest-httpx answers a request, matches the key, and returns the request that it received."""
    httpx_mock.add_response(url=URL, match_headers=SIGNED, json=page(NEWEST))
    with open_client(None, kind, **SETTINGS) as client:
        assert run_ids(client.runs.list("thread_a").data) == ids(4)
    request = httpx_mock.get_request()
    assert request is not None
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert "sk-secret" not in f"{request!r} {request.headers!r}"


def test_pytest_httpx_errors(kind: str, httpx_mock: HTTPXMock) -> None:
    """Exceptions and statuses that pytest-httpx simulates raise our errors."""
    import httpx

    httpx_mock.add_exception(httpx.ReadTimeout("late"))
    httpx_mock.add_response(status_code=404, json={"error": {"message": "gone"}})
    with open_client(None, kind, **SETTINGS) as client:
        with pytest.raises(APITimeoutError):
            client.runs.list("thread_a")
        with pytest.raises(NotFoundError, match="gone"):
            client.runs.list("thread_a")


@pytest.mark.parametrize("using", ["httpcore", "httpx"])
def test_respx(using: str, kind: str) -> None:
    """Both mockers of respx answer each page and receive the key."""
    with respx.mock(using=using) as router:
        pages = [page(NEWEST[:2], has_more=True), page(NEWEST[2:])]
        route = router.get(url__startswith=URL, headers=SIGNED).mock(
            side_effect=[respx.MockResponse(json=p) for p in pages]
        )
        with open_client(None, kind, **SETTINGS) as client:
            assert run_ids(list(client.runs.list("thread_a"))) == ids(4)
        assert route.call_count == 2
        assert route.calls[1].request.url.params["after"] == ids(4)[1]


def test_pook(kind: str) -> None:
    """pook answers a request and receives the key."""
    with pook.use():
        mock = (
            pook.get(URL.partition("?")[0], params={"limit": str(MAX_LIMIT)}, headers=SIGNED)
            .reply(200)
            .json(page(NEWEST))
            .mock
        )
        with open_client(None, kind, **SETTINGS) as client:
            assert run_ids(client.runs.list("thread_a").data) == ids(4)
        assert mock.calls == 1


def test_vcr(kind: str, tmp_path: Path) -> None:
    """vcrpy records a list and replays it without the server; with a filter, the cassette does not contain the key."""
    recorder = vcr.VCR(filter_headers=["authorization"], record_mode="once")
    cassette = tmp_path / "runs.yaml"
    with serve(runs=runs(5), api_key=KEY) as server:
        with recorder.use_cassette(cassette), open_client(server, kind) as client:
            assert run_ids(list(client.runs.list("thread_a", limit=2))) == ids(5)
        assert len(server.requests) == 3
    text = cassette.read_text(encoding="utf-8")
    assert "run_a0004" in text
    assert KEY not in text
    assert "threadruns." not in text
    with recorder.use_cassette(cassette) as tape, open_client(server, kind, max_retries=0) as client:
        assert run_ids(list(client.runs.list("thread_a", limit=2))) == ids(5)
        assert tape.play_count == 3


def test_mocket(kind: str) -> None:
    """mocket answers a request instead of a socket."""
    entry = mocket.mocks.mockhttp.Entry
    entry.single_register(entry.GET, URL, body=json.dumps(page(NEWEST)), headers={"content-type": "application/json"})
    with mocket.Mocketizer(), open_client(None, kind, **SETTINGS) as client:
        assert run_ids(client.runs.list("thread_a").data) == ids(4)
        assert mocket.Mocket.last_request().headers["authorization"] == f"Bearer {KEY}"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Trace httpx, and return the recorded spans."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    yield exporter
    HTTPXClientInstrumentor().uninstrument()
    provider.shutdown()


def test_opentelemetry(kind: str, spans: InMemorySpanExporter) -> None:
    """OpenTelemetry creates a span for each request, sends its id to the server, and does not store the key."""
    with serve(runs=runs(5), api_key=KEY) as server, open_client(server, kind, max_retries=0) as client:
        list(client.runs.list("thread_a", limit=3))
        with pytest.raises(NotFoundError):
            client.runs.list("thread_none")
        sent = [seen.headers["traceparent"] for seen in server.requests]
    finished = spans.get_finished_spans()
    assert [span.name for span in finished] == ["GET"] * 3
    for span, parent in zip(finished, sent, strict=True):
        assert f"{span.context.span_id:016x}" in parent
        assert "sk-secret" not in span.to_json()


def test_sentry(kind: str) -> None:
    """Sentry creates a span for each request; neither it nor an error with local variables contains the key."""
    stored: list[Any] = []

    def keep(item: Any, _: Any) -> Any:
        stored.append(item)
        return None

    sentry_sdk.init(
        "http://public@127.0.0.1:9/1", traces_sample_rate=1.0, before_send=keep, before_send_transaction=keep
    )
    try:
        with serve(runs=runs(5), api_key=KEY) as server:
            with sentry_sdk.start_transaction(name="test"), open_client(server, kind, max_retries=0) as client:
                list(client.runs.list("thread_a", limit=3))
            assert all("sentry-trace" in seen.headers for seen in server.requests)
        with open_client(None, kind, **SETTINGS) as client:
            try:
                client.runs.list("thread_a")
            except APIConnectionError as error:
                sentry_sdk.capture_exception(error)
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.init()
    transaction, event = stored
    assert [span["op"] for span in transaction["spans"]] == ["http.client"] * 2
    assert event["exception"]["values"][-1]["type"] == "APIConnectionError"
    assert "sk-secret" not in json.dumps(stored, default=repr).replace(repr(SETTINGS), "")


def test_elastic_apm(kind: str) -> None:
    """Elastic APM creates a span for each request and does not store the key."""
    stored: list[tuple[str, Any]] = []

    class Keeping(ElasticClient):  # type: ignore[misc]
        def queue(self, event_type: str, data: Any, flush: bool = False) -> None:
            stored.append((event_type, data))

        def start_threads(self) -> None:
            """Start none: nothing is sent."""

    apm = Keeping(service_name="test", disable_send=True, metrics_interval="0s", span_compression_enabled=False)
    instrument()
    try:
        with serve(runs=runs(5), api_key=KEY) as server:
            apm.begin_transaction("test")
            with open_client(server, kind) as client:
                list(client.runs.list("thread_a", limit=3))
            apm.end_transaction("test", "done")
            assert all("traceparent" in seen.headers for seen in server.requests)
    finally:
        uninstrument()
        apm.close()
    assert [data["subtype"] for event_type, data in stored if event_type == "span"] == ["http"] * 2
    assert "sk-secret" not in json.dumps(stored, default=repr)
