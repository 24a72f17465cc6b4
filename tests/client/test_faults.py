"""Tests of both clients against a table of server faults: the error, the runs, the time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.mutants.corpus import FAULTS
from tests.support.clients import WALKS, WALKS_OF_ALL_LOOPS, exposed_text, open_client, run_ids
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
WHOLE = ids(COUNT)
DEADLINE = 30.0
"""Seconds within which every row has its outcome, on a machine that is busy too: half of the client's own timeout, so
that a row that ends by nothing but that, or does not end, is told from one that is slow."""

ONCE: dict[str, Any] = {"max_retries": 0}
QUICK: dict[str, Any] = {"max_retries": 0, "timeout": 0.4}
SMALL: dict[str, Any] = {"max_retries": 0, "max_body_bytes": 1_000_000}

TABLE: list[tuple[str, type[Exception] | list[str], dict[str, Any]]] = [
    # The connection.
    ("resets-without-response", APIConnectionError, ONCE),
    ("resets-without-response:first=2", WHOLE, {}),
    ("resets-within-body", APIConnectionError, ONCE),
    ("resets-within-body:every=2", WHOLE, {}),
    ("closes-without-response", APIConnectionError, ONCE),
    ("closes-without-response:first=2", WHOLE, {}),
    ("closes-within-body", APIConnectionError, ONCE),
    ("closes-within-body:every=3", WHOLE, {}),
    ("closes-within-chunk", APIConnectionError, ONCE),
    ("invalid-chunk-size", APIConnectionError, ONCE),
    ("missing-last-chunk", APIConnectionError, ONCE),
    ("content-length-too-large", APIConnectionError, ONCE),
    ("length-too-small", APIResponseValidationError, ONCE),
    ("length-repeated", APIConnectionError, ONCE),
    ("invalid-status-line", APIConnectionError, ONCE),
    ("closes-within-headers", APIConnectionError, ONCE),
    ("not-http", APIConnectionError, ONCE),
    ("huge-header", APIConnectionError, ONCE),
    # Time.
    ("no-response", APITimeoutError, QUICK),
    ("no-response:first=1", WHOLE, {"timeout": 2}),
    ("slow-body", APITimeoutError, QUICK),
    ("slow-headers", APITimeoutError, QUICK),
    ("slow-response", WHOLE, {"limit": 100}),
    ("slow-response", APITimeoutError, {"max_retries": 0, "timeout": 0.1}),
    ("slow-response", APITimeoutError, {"deadline": 0.5}),
    # The body.
    ("html-with-status-200", APIResponseValidationError, ONCE),
    ("content-type-html", WHOLE, ONCE),
    ("content-type-missing", WHOLE, ONCE),
    ("empty-body", APIResponseValidationError, ONCE),
    ("truncated-body", APIResponseValidationError, ONCE),
    ("trailing-comma", APIResponseValidationError, ONCE),
    ("trailing-data", APIResponseValidationError, ONCE),
    ("body-as-string", APIResponseValidationError, ONCE),
    ("not-a-number", APIResponseValidationError, ONCE),
    ("utf-16-body", APIResponseValidationError, ONCE),
    ("invalid-utf-8", APIResponseValidationError, ONCE),
    ("lone-surrogate", APIResponseValidationError, ONCE),
    ("deeply-nested-json", APIResponseValidationError, ONCE),
    ("gzip-bomb", APIResponseValidationError, SMALL),
    ("truncated-gzip", APIResponseValidationError, ONCE),
    ("gzip-header-only", APIResponseValidationError, ONCE),
    ("encoding-unknown", APIResponseValidationError, ONCE),
    ("huge-body", APIResponseValidationError, SMALL),
    # Errors that pass, and errors that stay.
    ("status-408:first=1", WHOLE, {}),
    ("status-409:first=2", WHOLE, {}),
    ("status-409", ConflictError, {}),
    ("status-500:first=2", WHOLE, {}),
    ("status-500:first=3", InternalServerError, {}),
    ("status-503:first=2", WHOLE, {}),
    ("status-503-no-retry:first=1", InternalServerError, {}),
    ("status-400-retry:first=1", WHOLE, {}),
    ("status-400-retry", BadRequestError, {}),
    ("status-502-html", InternalServerError, {}),
    ("status-520-empty", InternalServerError, {}),
    ("status-520-empty:first=2", WHOLE, {}),
    ("occasional-error-500", WHOLE, {"limit": 3}),
    ("occasional-error-503", WHOLE, {"limit": 3}),
    ("occasional-close", WHOLE, {"limit": 3}),
    ("status-429", RateLimitError, ONCE),
    ("status-429:first=2", WHOLE, {}),
    ("retry-after-short:every=2", WHOLE, {}),
    ("retry-after-hour:first=1", RateLimitError, {}),
    ("retry-after-past-date:first=2", WHOLE, {}),
    ("retry-after-invalid:first=2", WHOLE, {}),
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
    ("key-in-error", InternalServerError, ONCE),
    ("key-in-html", APIResponseValidationError, ONCE),
    # Redirects.
    ("redirected", APIStatusError, {}),
    ("redirect-to-other-origin", APIStatusError, {}),
    ("redirect-loop", APIStatusError, {}),
    # Paging.
    ("after-ignored", PagingError, {}),
    ("cursor-loop", PagingError, {}),
    ("empty-page-with-more", PagingError, {}),
    ("has-more-always-true", PagingError, {}),
    ("after-inclusive", WHOLE, {}),
    ("duplicate-run-on-page", [name for place, name in enumerate(WHOLE) if place not in (18, 38, 58)], {}),
    ("after-last-starts-over", WHOLE, {}),
    ("order-swapped", WHOLE[::-1], {}),
    # The envelope and its runs.
    ("bare-array", APIResponseValidationError, {}),
    ("data-renamed", APIResponseValidationError, {}),
    ("null-run", APIResponseValidationError, {}),
    ("null-run", WHOLE, {"invalid": "skip"}),
    ("ids-missing", APIResponseValidationError, {}),
    ("ids-null", WHOLE, {}),
    ("ids-swapped", WHOLE, {}),
    ("has-more-missing", APIResponseValidationError, {}),
    ("has-more-string", APIResponseValidationError, {}),
    ("run-id-number", APIResponseValidationError, {}),
    ("usage-text", APIResponseValidationError, {}),
    ("usage-text", [], {"invalid": "skip"}),
    ("status-unknown", WHOLE, {}),
    ("tool-type-unknown", WHOLE, {}),
    # The key.
    ("wrong-key", AuthenticationError, {"client": {"api_key": "sk-wrong"}}),
]

SPARED = {"slow-response", "no-response", "slow-body", "slow-headers", "gzip-bomb", "huge-body"}
"""Faults that take their time and stand in the table."""


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
    faults = [name for name in FAULTS if name not in SPARED]
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
