"""Tests of both clients against a table of server faults: the error, the runs, the time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.mutants.corpus import FAULTS
from tests.support.clients import WALKS, WALKS_OF_ALL_LOOPS, exposed_text, open_client, run_ids
from tests.support.limits import MAX_LIMIT
from tests.support.runs import ids, runs
from threadruns import (
    APIConnectionError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AsyncClient,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    NotFoundError,
    PagingError,
    PermissionDeniedError,
    RateLimitError,
    ThreadrunsError,
    UnprocessableEntityError,
)
from threadruns.testing import serve

COUNT = 60
ALL_IDS = ids(COUNT)
DEADLINE = 30.0
"""The time limit of a row in seconds: half of the default timeout, so that a row that only ends by that timeout fails,
and a slow machine does not matter."""

NO_RETRIES: dict[str, Any] = {"max_retries": 0}
SHORT_TIMEOUT: dict[str, Any] = {"max_retries": 0, "timeout": 0.4}
SMALL_BODY: dict[str, Any] = {"max_retries": 0, "max_body_bytes": 1_000_000}

TABLE: list[tuple[str, type[Exception] | list[str], dict[str, Any]]] = [
    # The connection.
    ("resets-without-response", APIConnectionError, NO_RETRIES),
    ("resets-without-response:first=2", ALL_IDS, {}),
    ("resets-within-body", APIConnectionError, NO_RETRIES),
    ("resets-within-body:every=2", ALL_IDS, {}),
    ("closes-without-response", APIConnectionError, NO_RETRIES),
    ("closes-without-response:first=2", ALL_IDS, {}),
    ("closes-within-body", APIConnectionError, NO_RETRIES),
    ("closes-within-body:every=3", ALL_IDS, {}),
    ("closes-within-chunk", APIConnectionError, NO_RETRIES),
    ("invalid-chunk-size", APIConnectionError, NO_RETRIES),
    ("missing-last-chunk", APIConnectionError, NO_RETRIES),
    ("content-length-too-large", APIConnectionError, NO_RETRIES),
    ("length-too-small", APIResponseValidationError, NO_RETRIES),
    ("length-repeated", APIConnectionError, NO_RETRIES),
    ("invalid-status-line", APIConnectionError, NO_RETRIES),
    ("closes-within-headers", APIConnectionError, NO_RETRIES),
    ("not-http", APIConnectionError, NO_RETRIES),
    ("huge-header", APIConnectionError, NO_RETRIES),
    # Timeouts.
    ("no-response", APITimeoutError, SHORT_TIMEOUT),
    ("no-response:first=1", ALL_IDS, {"timeout": 2}),
    ("slow-body", APITimeoutError, SHORT_TIMEOUT),
    ("slow-headers", APITimeoutError, SHORT_TIMEOUT),
    ("slow-response", ALL_IDS, {"limit": MAX_LIMIT}),
    ("slow-response", APITimeoutError, {"max_retries": 0, "timeout": 0.1}),
    ("slow-response", APITimeoutError, {"deadline": 0.5}),
    # The body.
    ("html-with-status-200", APIResponseValidationError, NO_RETRIES),
    ("content-type-html", ALL_IDS, NO_RETRIES),
    ("content-type-missing", ALL_IDS, NO_RETRIES),
    ("empty-body", APIResponseValidationError, NO_RETRIES),
    ("truncated-body", APIResponseValidationError, NO_RETRIES),
    ("trailing-comma", APIResponseValidationError, NO_RETRIES),
    ("trailing-data", APIResponseValidationError, NO_RETRIES),
    ("body-as-string", APIResponseValidationError, NO_RETRIES),
    ("not-a-number", APIResponseValidationError, NO_RETRIES),
    ("utf-16-body", APIResponseValidationError, NO_RETRIES),
    ("invalid-utf-8", APIResponseValidationError, NO_RETRIES),
    ("lone-surrogate", ALL_IDS, NO_RETRIES),
    ("deeply-nested-json", APIResponseValidationError, NO_RETRIES),
    ("gzip-bomb", APIResponseValidationError, SMALL_BODY),
    ("truncated-gzip", APIResponseValidationError, NO_RETRIES),
    ("gzip-header-only", APIResponseValidationError, NO_RETRIES),
    ("encoding-unknown", APIResponseValidationError, NO_RETRIES),
    ("huge-body", APIResponseValidationError, SMALL_BODY),
    # Transient and permanent errors.
    ("status-408:first=1", ALL_IDS, {}),
    ("status-409:first=2", ALL_IDS, {}),
    ("status-409", ConflictError, {}),
    ("status-500:first=2", ALL_IDS, {}),
    ("status-500:first=3", InternalServerError, {}),
    ("status-503:first=2", ALL_IDS, {}),
    ("status-503-no-retry:first=1", InternalServerError, {}),
    ("status-400-retry:first=1", ALL_IDS, {}),
    ("status-400-retry", BadRequestError, {}),
    ("status-502-html", InternalServerError, {}),
    ("status-520-empty", InternalServerError, {}),
    ("status-520-empty:first=2", ALL_IDS, {}),
    ("occasional-error-500", ALL_IDS, {"limit": 3}),
    ("occasional-error-503", ALL_IDS, {"limit": 3}),
    ("occasional-close", ALL_IDS, {"limit": 3}),
    ("status-429", RateLimitError, NO_RETRIES),
    ("status-429:first=2", ALL_IDS, {}),
    ("retry-after-short:every=2", ALL_IDS, {}),
    ("retry-after-hour:first=1", RateLimitError, {}),
    ("retry-after-past-date:first=2", ALL_IDS, {}),
    ("retry-after-invalid:first=2", ALL_IDS, {}),
    ("status-403", PermissionDeniedError, {}),
    ("status-418", APIStatusError, {}),
    ("status-422", UnprocessableEntityError, {}),
    ("status-404-azure", NotFoundError, {}),
    ("errors-in-html", NotFoundError, {"thread": "thread_none"}),
    ("errors-without-body", NotFoundError, {"thread": "thread_none"}),
    ("error-as-list", NotFoundError, {"thread": "thread_none"}),
    ("error-message-list", NotFoundError, {"thread": "thread_none"}),
    ("error-unwrapped", NotFoundError, {"thread": "thread_none"}),
    ("errors-are-ok", APIResponseValidationError, {"thread": "thread_none"}),
    ("key-in-error", InternalServerError, NO_RETRIES),
    ("key-in-html", APIResponseValidationError, NO_RETRIES),
    # Redirects.
    ("redirected", APIStatusError, {}),
    ("redirect-to-other-origin", APIStatusError, {}),
    ("redirect-loop", APIStatusError, {}),
    # Paging.
    ("after-ignored", PagingError, {}),
    ("cursor-loop", PagingError, {}),
    ("empty-page-with-more", PagingError, {}),
    ("has-more-always-true", PagingError, {}),
    ("after-inclusive", ALL_IDS, {}),
    ("duplicate-run-on-page", [name for place, name in enumerate(ALL_IDS) if place not in (18, 38, 58)], {}),
    ("after-last-starts-over", ALL_IDS, {}),
    ("order-swapped", ALL_IDS[::-1], {}),
    # The envelope and its runs.
    ("bare-array", APIResponseValidationError, {}),
    ("data-renamed", APIResponseValidationError, {}),
    ("null-run", APIResponseValidationError, {}),
    ("null-run", ALL_IDS, {"invalid": "skip"}),
    ("ids-missing", APIResponseValidationError, {}),
    ("ids-null", ALL_IDS, {}),
    ("ids-swapped", ALL_IDS, {}),
    ("has-more-missing", APIResponseValidationError, {}),
    ("has-more-string", APIResponseValidationError, {}),
    ("run-id-number", APIResponseValidationError, {}),
    ("usage-text", APIResponseValidationError, {}),
    ("usage-text", [], {"invalid": "skip"}),
    ("status-unknown", ALL_IDS, {}),
    ("tool-type-unknown", ALL_IDS, {}),
    # The key.
    ("wrong-key", AuthenticationError, {"client": {"api_key": "sk-wrong"}}),
]

SLOW_FAULTS = {"slow-response", "no-response", "slow-body", "slow-headers", "gzip-bomb", "huge-body"}
"""Faults that take long; they are in the table."""


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threadruns._http.retries.FIRST_WAIT", 0.0)


@pytest.mark.parametrize("kind", WALKS_OF_ALL_LOOPS)
@pytest.mark.parametrize(("fault", "outcome", "call"), TABLE, ids=lambda value: value if isinstance(value, str) else "")
def test_outcome_of_a_fault(fault: str, outcome: type[Exception] | list[str], call: dict[str, Any], kind: str) -> None:
    """Each fault has the outcome in its row, within the deadline, and no traceback contains the key."""
    faults = [fault] if fault != "wrong-key" else []
    with serve(runs=runs(COUNT), faults=faults, catalogue=FAULTS, api_key="sk-secret-of-the-test") as server:
        started = time.monotonic()
        if isinstance(outcome, list):
            assert run_ids(WALKS_OF_ALL_LOOPS[kind](server, **{"limit": 20, **call})) == outcome
        else:
            with pytest.raises(ThreadrunsError) as caught:
                WALKS_OF_ALL_LOOPS[kind](server, **{"limit": 20, **call})
            assert type(caught.value) is outcome
            assert "sk-secret" not in exposed_text(caught.value)
            assert str(caught.value).endswith((".", ")"))
        assert time.monotonic() - started < DEADLINE


def test_table_is_long_enough() -> None:
    """The table has at least forty faults."""
    assert len({fault for fault, _, _ in TABLE}) >= 40


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("part", [0, 20])
def test_sample_of_the_corpus(part: int, kind: str) -> None:
    """No fault makes a client hang, repeat a run, or raise an error of another package."""
    faults = [name for name in FAULTS if name not in SLOW_FAULTS]
    for name in faults[part + (10 if kind == "async" else 0) :: 40]:
        with serve(runs=runs(7), faults=[name], catalogue=FAULTS) as server:
            started = time.monotonic()
            try:
                got = run_ids(WALKS[kind](server, limit=3, timeout=2, max_retries=1))
            except ThreadrunsError:
                got = []
            assert len(got) == len(set(got)), name
            assert time.monotonic() - started < DEADLINE, name


@pytest.mark.parametrize("kind", WALKS)
def test_redirect_is_not_followed(kind: str) -> None:
    """A redirect is an error that names its target; no request follows it."""
    with serve(runs=runs(3), faults=["redirect-to-other-origin"]) as server, open_client(server, kind) as client:
        with pytest.raises(APIStatusError, match=r"307 .* redirects to 'http://localhost:") as caught:
            client.runs.list("thread_a")
        assert len(server.requests) == 1
        assert caught.value.status_code == 307


@pytest.mark.parametrize("kind", WALKS)
def test_timeout_closes_the_connection(kind: str) -> None:
    """After a timeout the connection is not reused, so no later call receives the late response."""

    async def main() -> list[str]:
        async with AsyncClient(api_key=server.api_key, base_url=server.url, max_retries=0) as client:
            with pytest.raises(APITimeoutError):
                await client.runs.list("thread_a", timeout=0.1)
            return [run.id async for run in client.runs.list("thread_b", timeout=5)]

    with serve(runs=[*runs(3), *runs(3, "thread_b")], faults=["slow-response:first=1"]) as server:
        if kind == "async":
            assert asyncio.run(main()) == ids(3, "thread_b")
            return
        with open_client(server, max_retries=0) as client:
            with pytest.raises(APITimeoutError):
                client.runs.list("thread_a", timeout=0.1)
            assert run_ids(list(client.runs.list("thread_b"))) == ids(3, "thread_b")
