"""Tests of retries: the conditions, the delays and the limits."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from email.utils import formatdate
from random import Random
from types import ModuleType, SimpleNamespace

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.http.test_errors import raw_response
from tests.support.canned import response, run_canned_server
from tests.support.clients import HTTPX_CLIENTS, WALKS, open_client, run_ids
from tests.support.relay import Relay, forward_to, read_head, run_relay
from tests.support.runs import ids, runs
from threadruns import APIConnectionError, APIStatusError, APITimeoutError, InternalServerError, RateLimitError
from threadruns._errors import status_error
from threadruns._http.rate_limit import RateLimiter
from threadruns._http.retries import MAX_WAIT, backoff, permanent_failure, retry_after, should_retry
from threadruns.testing import serve

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("status", "told", "again"),
    [
        (408, None, True),
        (409, None, True),
        (429, None, True),
        (500, None, True),
        (503, None, True),
        (520, None, True),
        (501, None, False),
        (505, None, False),
        (501, "true", True),
        (400, None, False),
        (401, None, False),
        (404, None, False),
        (307, None, False),
        (400, "true", True),
        (500, "false", False),
        (500, "FALSE", False),
        (500, "perhaps", True),
    ],
)
def test_should_retry(status: int, told: str | None, again: bool) -> None:
    """The status determines whether a response is retried, unless the server decides otherwise."""
    headers = {"x-should-retry": told} if told else {}
    assert should_retry(status_error(raw_response(status, headers=headers), call="GET /x")) is again


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("status", "fields", "attempts"),
    [
        (429, {"code": "insufficient_quota", "type": "insufficient_quota"}, 1),
        (429, {"type": "insufficient_quota"}, 1),
        (429, {"code": "billing_not_active"}, 1),
        (429, {"code": "rate_limit_exceeded"}, 3),
        (501, {}, 1),
        (500, {}, 3),
    ],
)
def test_permanent_failures(
    status: int, fields: dict[str, str], attempts: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exhausted quota and an unimplemented method are not retried; a rate limit is."""
    monkeypatch.setattr("threadruns._http.retries.FIRST_WAIT", 0.0)
    with run_canned_server(response(status, {"error": {"message": "No.", **fields}})) as server:
        with open_client(None, kind, api_key="sk", base_url=server.url) as client, pytest.raises(APIStatusError):
            client.runs.list("thread_a")
        assert len(server.heads) == attempts


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("kind", WALKS)
def test_invalid_certificate(kind: str, own: bool, secure_url: str) -> None:
    """An invalid certificate is not retried, and the error describes how to trust it."""
    settings = {"http_client": HTTPX_CLIENTS[kind]()} if own else {}
    with (
        open_client(None, kind, api_key="sk", base_url=secure_url, **settings) as client,
        pytest.raises(APIConnectionError, match=r"CERTIFICATE_VERIFY_FAILED.*SSL_CERT_FILE") as caught,
    ):
        client.runs.list("thread_a")
    assert len(caught.value.attempts) == 1


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("kind", WALKS)
def test_unknown_host(kind: str, own: bool) -> None:
    """An unknown host is not retried, and the error names the setting that it came from."""
    try:
        socket.getaddrinfo("nosuch.invalid", 80)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            pytest.skip("needs a name server that answers")
    settings = {"http_client": HTTPX_CLIENTS[kind]()} if own else {}
    with (
        open_client(None, kind, api_key="sk", base_url="http://nosuch.invalid/v1", **settings) as client,
        pytest.raises(APIConnectionError, match="Check the host name in base_url") as caught,
    ):
        client.runs.list("thread_a")
    assert len(caught.value.attempts) == 1


@pytest.mark.parametrize(("number", "reason"), [(socket.EAI_NONAME, "host name"), (socket.EAI_AGAIN, "")])
def test_name_resolution_failures(number: int, reason: str) -> None:
    """An unknown name is permanent; a name server that does not answer is transient."""
    error = APIConnectionError("no.", call="GET /x")
    error.__cause__ = OSError("connect")
    error.__cause__.__context__ = socket.gaierror(number, "text")
    assert permanent_failure(error) == reason
    assert should_retry(error) is not bool(reason)


NAMES = ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError")


@pytest.mark.parametrize("library", [httpx, httpcore])
def test_requests_that_are_not_idempotent(library: ModuleType) -> None:
    """Such a request is retried if no connection was made for it, and not after any other failure of the network."""
    kinds = [each for each in vars(library).values() if isinstance(each, type) and issubclass(each, Exception)]
    for kind in kinds:
        error = APIConnectionError("no.", call="POST /x")
        error.__cause__ = kind.__new__(kind)
        assert should_retry(error, idempotent=False) is (kind.__name__ in NAMES)
    assert not should_retry(APITimeoutError("late.", call="POST /x"), idempotent=False)


@given(
    st.integers(300, 599),
    st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "x-should-retry"]), st.just("1")),
)
def test_statuses_of_requests_that_are_not_idempotent(status: int, headers: dict[str, str]) -> None:
    """Of the statuses, only a 429 that says when to come back has such a request retried."""
    error = status_error(raw_response(status, headers=headers), call="POST /x")
    says_when = not headers.keys().isdisjoint(("retry-after", "retry-after-ms"))
    assert should_retry(error, idempotent=False) is (status == 429 and says_when)
    for told in ("true", "false"):
        error = status_error(raw_response(status, headers={**headers, "x-should-retry": told}), call="POST /x")
        assert should_retry(error, idempotent=False) is (told == "true")


def test_connection_errors_are_retried() -> None:
    """Connection errors and timeouts are retried."""
    assert should_retry(APIConnectionError("reset.", call="GET /x"))
    assert should_retry(APITimeoutError("late.", call="GET /x"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": formatdate(NOW + 90, usegmt=True)}, 90),
        ({"retry-after": formatdate(NOW - 90, usegmt=True)}, 0),
        ({"retry-after": "Tue Nov 14 22:14:50 2023"}, 90),
        ({"retry-after": "Tue, 14 Nov 2023 22:14:50 -0000"}, 90),
        ({"retry-after": "Tue, 14 Nov 2023 22:14:50"}, 90),
        ({"retry-after": "Tuesday, 14-Nov-23 22:14:50 GMT"}, 90),
        ({"retry-after": "Tue, 14 Nov 2023 23:14:50 +0100"}, 90),
        ({"retry-after": "Fri, 99 Nov 9999 99:99:99 GMT"}, None),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "7"}, 7),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_retry_after(
    headers: dict[str, str], seconds: float | None, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retry-After is read in seconds, milliseconds or as a date; an invalid value is ignored.

    A date without a time zone is UTC, whatever the time zone of this machine.
    """
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        wait = retry_after(status_error(raw_response(429, headers=headers), call="GET /x"), NOW)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert wait == seconds


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_backoff(attempt: int, chance: float) -> None:
    """The delay doubles from half a second to its maximum, and is shortened by at most a quarter."""
    wait = backoff(attempt, lambda: chance)
    whole = min(MAX_WAIT, 0.5 * 2 ** min(attempt - 1, 10))
    assert whole * 0.75 <= wait <= whole


def test_rate_limit_spaces_requests() -> None:
    """Requests beyond the rate are spaced evenly; idle time is not saved up."""
    budget = RateLimiter(10)
    assert [round(budget.reserve(100.0), 3) for _ in range(3)] == [0, 0.1, 0.2]
    assert [round(budget.reserve(200.0), 3) for _ in range(2)] == [0, 0.1]


def test_rate_limit_pauses_all_requests() -> None:
    """A pause delays every request, with and without a rate."""
    for budget in (RateLimiter(None), RateLimiter(10)):
        assert budget.reserve(100.0) == 0
        budget.pause(105.0)
        assert budget.reserve(101.0) == 4
        assert budget.reserve(106.0) <= 0.1


@contextmanager
def record_waits() -> Generator[list[float]]:
    """Record each sleep of this thread or of an event loop instead of sleeping."""
    noted: list[float] = []
    asleep, wait = time.sleep, asyncio.sleep
    ours = threading.get_ident()

    def sleep(seconds: float) -> None:
        if threading.get_ident() != ours:
            return asleep(seconds)
        noted.append(seconds)
        return None

    async def asynchronous(seconds: float) -> None:
        if threading.get_ident() != ours:
            return await wait(seconds)
        noted.append(seconds)
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", sleep)
        patch.setattr(asyncio, "sleep", asynchronous)
        yield noted


@pytest.mark.parametrize("kind", WALKS)
def test_delays_double_with_jitter(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a server keeps failing, the delay doubles up to its maximum, less a random part."""
    monkeypatch.setattr("threadruns._http.attempts.random", Random(7).random)
    with serve(runs=runs(3), faults=["status-500:first=6"]) as server:
        with record_waits() as waits:
            assert run_ids(WALKS[kind](server, max_retries=6)) == ids(3)
        assert len(server.requests) == 7
    chance = Random(7)
    assert waits == [whole * (1 - 0.25 * chance.random()) for whole in (0.5, 1, 2, 4, 8, 8)]
    assert len({wait / whole for wait, whole in zip(waits, (0.5, 1, 2, 4, 8, 8), strict=True)}) == 6


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(("cap", "waited"), [(90, [90.0]), (89, [])])
def test_retry_after_as_a_date(cap: float, waited: list[float], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Retry-After date is waited for, unless it is later than the caller allows."""
    monkeypatch.setattr("threadruns._http.attempts.time", SimpleNamespace(time=lambda: NOW, monotonic=time.monotonic))

    def fail_once(relay: Relay, client: socket.socket) -> socket.socket:
        relay.targets.append("")
        if len(relay.targets) > 1:
            return forward_to(server.url)(relay, client)
        read_head(client)
        moment = f"retry-after: {formatdate(NOW + 90, usegmt=True)}"
        client.sendall(f"HTTP/1.1 503 Busy\r\n{moment}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode())
        raise OSError

    with serve(runs=runs(3)) as server, run_relay(fail_once) as relay:
        url = f"http://127.0.0.1:{relay.port}/v1"
        with open_client(server, kind, base_url=url, max_retry_after=cap) as client, record_waits() as waits:
            if waited:
                assert run_ids(client.runs.list("thread_a").data) == ids(3)
            else:
                with pytest.raises(InternalServerError, match="asks to wait 90 s, more than max_retry_after allows"):
                    client.runs.list("thread_a")
    assert waits == waited


@pytest.mark.parametrize("kind", WALKS)
def test_number_of_attempts(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each page there are max_retries attempts after the first."""
    monkeypatch.setattr("threadruns._http.retries.FIRST_WAIT", 0.0)
    for retries in (0, 1, 4):
        with serve(runs=runs(1), faults=["status-500"]) as server:
            with pytest.raises(InternalServerError):
                WALKS[kind](server, max_retries=retries)
            assert len(server.requests) == retries + 1


@pytest.mark.parametrize("kind", WALKS)
def test_deadline_over_attempts(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the next attempt or delay would exceed the deadline, the last error is raised at once."""
    monkeypatch.setattr("threadruns._http.retries.FIRST_WAIT", 1000.0)
    monkeypatch.setattr("threadruns._http.retries.MAX_WAIT", 1000.0)
    with serve(runs=runs(1), faults=["status-500"]) as server:
        started = time.monotonic()
        with pytest.raises(InternalServerError, match="The deadline leaves no time to try again"):
            WALKS[kind](server, max_retries=50, deadline=60)
        assert time.monotonic() - started < 60
        assert len(server.requests) == 1


@pytest.mark.parametrize("kind", WALKS)
def test_deadline_over_pages(kind: str) -> None:
    """The deadline applies to all pages of an iteration, and the error names it."""
    with serve(runs=runs(30), faults=["slow-response"]) as server:
        with pytest.raises(APITimeoutError, match=r"the deadline of 2 s for the whole call has passed"):
            WALKS[kind](server, limit=1, deadline=2)
        # Each page takes a fifth of a second, so no single one is too late.
        assert 2 <= len(server.requests) <= 10


@pytest.mark.parametrize("kind", WALKS)
def test_retry_after_is_waited_for(kind: str) -> None:
    """The delay of Retry-After is not shortened."""
    with serve(runs=runs(3), faults=["retry-after-short:first=2"]) as server, open_client(server, kind) as client:
        started = time.monotonic()
        assert run_ids(client.runs.list("thread_a").data) == ids(3)
        assert time.monotonic() - started >= 0.1


@pytest.mark.parametrize("kind", WALKS)
def test_retry_after_beyond_the_maximum(kind: str) -> None:
    """If Retry-After is longer than the caller allows, the error is raised at once."""
    with serve(runs=runs(3), faults=["retry-after-short"]) as server, open_client(server, kind) as client:
        with pytest.raises(RateLimitError, match="max_retry_after"):
            client.runs.list("thread_a", max_retry_after=0.01)
        assert len(server.requests) == 1


@pytest.mark.parametrize("kind", WALKS)
def test_rate_is_shared(kind: str) -> None:
    """All calls of a client, and of clients derived from it, share one rate limit."""
    with serve(runs=runs(10)) as server, open_client(server, kind, max_rate=20) as client:
        started = time.monotonic()
        for each in (client, client.with_options(timeout=9), client):
            list(each.runs.list("thread_a", limit=5))
        assert len(server.requests) == 6
        assert time.monotonic() - started >= 0.25
