"""Tests that the key reaches its server and appears nowhere else."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.mutants.corpus import FAULTS
from tests.support.clients import CLIENTS, HTTPX_CLIENTS, WALKS, exposed_text, hook, open_client
from tests.support.limits import MAX_LIMIT
from tests.support.relay import Relay, read_head, run_relay
from tests.support.runs import runs
from threadruns import (
    APIConnectionError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    ArgumentError,
    AsyncClient,
    AuthenticationError,
    Client,
    ClientClosedError,
    InternalServerError,
    ThreadrunsError,
)
from threadruns.testing import serve

KEY = "sk-secret-of-the-test"
MALFORMED = [f"{KEY}\n", f"{KEY}\r\nX-Evil: 1", f" {KEY}", f"{KEY}\x00", f"{KEY}é", f"{KEY}\u2028", f"{KEY}\x7f"]


@pytest.mark.parametrize("kind", CLIENTS.values())
@pytest.mark.parametrize("key", MALFORMED)
def test_malformed_key(key: str, kind: Any) -> None:
    """A malformed key is rejected in a message without it, and no local variable shows it."""
    with pytest.raises(ArgumentError, match="key") as caught:
        kind(api_key=key, base_url="http://127.0.0.1:9/v1")
    assert "sk-secret" not in exposed_text(caught.value)


@pytest.mark.parametrize("kind", CLIENTS.values())
@pytest.mark.parametrize("by_variable", [False, True])
@pytest.mark.parametrize(
    ("key", "says"),
    [
        (f'"{KEY}"', "without quotes"),
        (f"'{KEY}'", "without quotes"),
        (f'"{KEY}', "without quotes"),
        (f"{KEY}'", "without quotes"),
        (f"\u201c{KEY}\u201d", "without quotes"),
        (f'"Bearer {KEY}"', "without quotes"),
        (f"Bearer {KEY}", "pass the key alone"),
        (f"bearer {KEY}", "pass the key alone"),
        (f"Authorization: Bearer {KEY}", "pass the key alone"),
        (f"api-key: {KEY}", "pass the key alone"),
    ],
)
def test_key_with_what_surrounds_it(
    key: str, says: str, by_variable: bool, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that was copied with quotes, or with the scheme of its header, is refused in a sentence without it."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ArgumentError, match=says) as caught:
        kind(base_url="http://127.0.0.1:9/v1", **({} if by_variable else {"api_key": key}))
    assert "sk-secret" not in exposed_text(caught.value)


@pytest.mark.parametrize("kind", CLIENTS.values())
@pytest.mark.parametrize("wrong", [{"base_url": "ftp://x"}, {"max_rate": -1}, {"timeout": "x"}, {"beta": "\n"}])
def test_invalid_arguments_do_not_show_the_key(wrong: dict[str, Any], kind: Any) -> None:
    """An error about another argument does not show the key, in its traceback either."""
    with pytest.raises(ArgumentError) as caught:
        kind(**{"api_key": KEY, "base_url": "http://127.0.0.1:9/v1", **wrong})
    assert "sk-secret" not in exposed_text(caught.value)


@pytest.mark.parametrize("kind", CLIENTS.values())
def test_missing_key(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key, the error describes how to set one."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ArgumentError, match="pass api_key, or set the environment variable OPENAI_API_KEY"):
        kind(base_url="http://127.0.0.1:9/v1")


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://user:sk-secret@127.0.0.1/v1", "user name or password"),
        ("http://sk-secret@127.0.0.1/v1", "user name or password"),
        ("http://:sk-secret@127.0.0.1/v1", "user name or password"),
        ("sk-secret@127.0.0.1/v1", "does not start with http:// or https://"),
        ("user:sk-secret@127.0.0.1/v1", "does not start with http:// or https://"),
        ("http://user:sk-secret@127.0.0.1:port/v1", "cannot be read"),
        ("http://user:sk-secret@127.0.0.1/v1 ", "spaces or control characters"),
    ],
)
def test_credentials_in_the_url(url: str, message: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A base URL with a password is rejected and not shown, from the argument or the environment."""
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    for given in ({"base_url": url}, {}):
        with pytest.raises(ArgumentError, match=message) as caught:
            CLIENTS[kind](api_key=KEY, **given)
        assert "sk-secret" not in exposed_text(caught.value)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    "fault", ["key-in-error", "key-in-html", "resets-within-body", "invalid-status-line", "truncated-body"]
)
def test_no_trace_of_the_key(fault: str, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """No error, cause, traceback, pickle or log of a failed call shows the key, even if the server sends it back."""
    caplog.set_level(logging.DEBUG, "threadruns")
    with serve(runs=runs(3), faults=[fault], api_key=KEY) as server:
        with pytest.raises(ThreadrunsError) as caught:
            WALKS[kind](server, max_retries=0)
        shown = exposed_text(caught.value)
        shown += "".join(record.getMessage() for record in caplog.records if record.name == "threadruns")
        response = getattr(caught.value, "response", None)
        if response is not None:
            shown += f"{response.text} {response.headers.raw} {response.request.headers.raw}"
        assert "sk-secret" not in shown
        assert KEY.encode() not in pickle.dumps(caught.value)


def test_iterator_closed_by_another_thread() -> None:
    """Closing an iterator in another thread leaves the key in no stack frame."""
    with serve(runs=runs(30), faults=["no-response:every=2"], api_key=KEY) as server, open_client(server) as client:
        walk: Any = iter(client.runs.list("thread_a", limit=10))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(list, walk)
            while len(server.requests) < 2:
                time.sleep(0.002)
            walk.close()
            with pytest.raises(ClientClosedError) as caught:
                waiting.result(20)
        assert "/_http/senders.py send" in exposed_text(caught.value)
        assert "sk-secret" not in exposed_text(caught.value)


@pytest.mark.parametrize("by", ["cancel", "timeout"])
def test_cancelled_call(by: str) -> None:
    """A cancelled call leaves the key in no stack frame, including those of other libraries."""

    async def main() -> None:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            call = asyncio.ensure_future(client.runs.list("thread_a"))
            while not server.requests:
                await asyncio.sleep(0.002)
            if by == "cancel":
                call.cancel()
                await call
            async with asyncio.timeout(0.01):
                await call

    with serve(runs=runs(3), faults=["no-response"], api_key=KEY) as server:
        with pytest.raises(TimeoutError if by == "timeout" else asyncio.CancelledError) as caught:
            asyncio.run(main())
        assert "/_http/senders.py send" in exposed_text(caught.value)
        assert "sk-secret" not in exposed_text(caught.value)


@pytest.mark.parametrize("options", [{"deadline": 0.3}, {"timeout": 0.3}])
@pytest.mark.parametrize("kind", WALKS)
def test_timeouts_have_no_frames_of_the_request(options: dict[str, Any], kind: str) -> None:
    """The errors behind a timeout or an exceeded deadline have no stack frames, which could hold the key."""
    with serve(runs=runs(3), faults=["no-response"]) as server, open_client(server, kind, max_retries=0) as client:
        with pytest.raises(APITimeoutError) as caught:
            client.runs.list("thread_a", **options)
        behind = caught.value.__cause__ or caught.value.__context__
        while behind is not None:
            assert behind.__traceback__ is None
            behind = behind.__cause__ or behind.__context__


@pytest.mark.parametrize("kind", WALKS)
def test_key_in_an_error_is_hidden(kind: str) -> None:
    """If the server repeats the key, the error has a placeholder in its place."""
    with (
        serve(runs=runs(3), faults=["key-in-error"], api_key=KEY) as server,
        open_client(server, kind, max_retries=0) as client,
    ):
        with pytest.raises(InternalServerError, match=r"The key is \[key\]\.") as caught:
            client.runs.list("thread_a", max_retries=0)
        assert caught.value.header("x-debug") == "[key]"


@pytest.mark.parametrize("kind", WALKS)
def test_unreachable_server(kind: str) -> None:
    """An unreachable server raises one error without the key, whose cause has no frames of other libraries."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with open_client(None, kind, api_key=KEY, base_url=f"http://127.0.0.1:{port}/v1", max_retries=0) as client:
        with pytest.raises(APIConnectionError, match=r"no complete response from http://127\.0\.0\.1:") as caught:
            client.runs.list("thread_a")
        assert "sk-secret" not in exposed_text(caught.value)
        assert caught.value.__cause__ is not None
        assert caught.value.__cause__.__traceback__ is None


def test_reprs_and_copies() -> None:
    """Neither client shows its key, and neither can be pickled or copied; the error has the reason."""
    for client in (Client(api_key=KEY, base_url="http://h/v1"), AsyncClient(api_key=KEY, base_url="http://h/v1")):
        assert "sk-secret" not in f"{client!r} {client} {client.runs!r} {client.runs.list!r} {vars(client)}"
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="holds a key"):
                attempt(client)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("azure", [None, "2024-02-15-preview"])
def test_key_in_the_request_that_a_hook_sees(azure: str | None, kind: str) -> None:
    """A hook of the caller's client can compare the key in the request, but no repr of it shows the key."""
    seen: list[httpx.Request] = []
    own = HTTPX_CLIENTS[kind](event_hooks={"request": [hook(kind, seen.append)]})
    name, value = ("api-key", KEY) if azure else ("authorization", f"Bearer {KEY}")
    with (
        serve(runs=runs(3), api_key=KEY) as server,
        open_client(server, kind, http_client=own, azure_api_version=azure, max_retries=0) as client,
    ):
        with suppress(AuthenticationError):  # The server of the test knows one form of the key.
            client.runs.list("thread_a")
        assert "sk-secret" not in f"{own.headers} {vars(own)}"
        (request,) = seen
        assert request.headers[name] == value
        assert "sk-secret" not in f"{request!r} {request.headers!r} {request.headers.raw!r} {request.extensions!r}"
        assert server.requests[0].headers[name] == value


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_another_origin(status: int, own: bool, kind: str) -> None:
    """No request follows a redirect to another origin, even if the caller's httpx client follows redirects."""

    def lead_away(_: Relay, client: socket.socket) -> socket.socket:
        read_head(client)
        where = f"location: {other.url}/threads/thread_a/runs"
        client.sendall(f"HTTP/1.1 {status} Elsewhere\r\n{where}\r\ncontent-length: 0\r\n\r\n".encode())
        raise OSError

    with serve(runs=runs(3)) as other, run_relay(lead_away) as relay:
        settings: dict[str, Any] = {"base_url": f"http://127.0.0.1:{relay.port}/v1"}
        if own:
            settings["http_client"] = HTTPX_CLIENTS[kind](follow_redirects=True)
        message = f"redirects to '{other.url}.* redirects are not followed"
        with open_client(None, kind, api_key=KEY, **settings) as client, pytest.raises(APIStatusError, match=message):
            client.runs.list("thread_a")
        assert not other.requests


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("location", ["http://[", "http://h:port/", "http://\u2028/", "//", "", "x" * 70_000])
def test_redirect_that_leads_nowhere(location: str, kind: str) -> None:
    """A redirect with a malformed address is the error of its status as well, and is not tried again."""
    left: list[bytes] = []

    def lead_away(_: Relay, client: socket.socket) -> socket.socket:
        left.append(read_head(client))
        client.sendall(f"HTTP/1.1 307 Elsewhere\r\nlocation: {location}\r\ncontent-length: 2\r\n\r\n{{}}".encode())
        raise OSError

    with (
        run_relay(lead_away) as relay,
        open_client(None, kind, api_key=KEY, base_url=f"http://127.0.0.1:{relay.port}/v1") as client,
    ):
        with pytest.raises(APIStatusError, match="307 Temporary Redirect") as caught:
            client.runs.list("thread_a")
        assert caught.value.status_code == 307
        assert len(left) == 1


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("thread", ["", ".", "..", "a/b", "..%2f", "a\nb", "a\\b", "thread_a?x=1", "thread_a#x", "é"])
def test_ids_do_not_change_the_path(thread: str, kind: str) -> None:
    """An id that would change the path is rejected, or arrives as one segment."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        with pytest.raises(ThreadrunsError):
            client.runs.list(thread)
        for seen in server.requests:
            assert seen.target.startswith("/v1/threads/")
            assert seen.target.endswith(f"/runs?limit={MAX_LIMIT}")
            assert seen.target.count("/") == 4


@pytest.mark.parametrize("kind", CLIENTS.values())
@pytest.mark.parametrize("name", ["Authorization", "api-key", "Host", "Content-Length"])
def test_headers_of_the_client_cannot_be_replaced(name: str, kind: Any) -> None:
    """Headers that the client sets cannot be replaced, because their values would not be hidden."""
    with pytest.raises(ArgumentError, match="set by the client") as caught:
        kind(api_key=KEY, base_url="http://h/v1", extra_headers={name: "sk-secret"})
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize("kind", CLIENTS.values())
@pytest.mark.parametrize("headers", [{"x": "a\r\nb: c"}, {"x y": "a"}, {"": "a"}, {"x": "é"}, {"x": 1}, "x"])
def test_invalid_headers(headers: Any, kind: Any) -> None:
    """A header that would break the request is rejected when it is set."""
    with pytest.raises(ArgumentError):
        kind(api_key=KEY, base_url="http://h/v1", extra_headers=headers)


@pytest.mark.parametrize("kind", WALKS)
def test_maximum_body_size(kind: str) -> None:
    """The limit of the body size can be set, and applies to the decompressed body."""
    with serve(runs=runs(MAX_LIMIT)) as server, open_client(server, kind) as client:
        with pytest.raises(APIResponseValidationError, match="more than 1000 bytes; raise max_body_bytes") as caught:
            client.runs.list("thread_a", max_body_bytes=1000)
        assert caught.value.status_code == 200
        assert caught.value.request_id is not None
        assert len(client.runs.list("thread_a").data) == MAX_LIMIT


@pytest.mark.parametrize("kind", WALKS)
def test_log(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """The log has method, path, status, time and request id of each request, and no secret."""
    caplog.set_level(logging.DEBUG, "threadruns")
    with serve(runs=runs(3), api_key=KEY) as server, open_client(server, kind) as client:
        page = client.runs.list("thread_a")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "threadruns"]
    assert line.startswith("GET /threads/thread_a/runs: 200 in 0.")
    assert line.endswith(f"s (request id {page.request_id})")


@pytest.mark.parametrize("kind", WALKS)
def test_log_of_failures(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """The log has the status of each failed attempt, and the delay before the next one."""
    caplog.set_level(logging.DEBUG, "threadruns")
    with (
        serve(runs=runs(3), faults=["retry-after-short:first=1"], api_key=KEY) as server,
        open_client(server, kind) as client,
    ):
        client.runs.list("thread_a", extra_query={"token": "sk-secret"}, extra_headers={"x": "sk-secret"})
    first, again, last = [(each.levelname, each.getMessage()) for each in caplog.records if each.name == "threadruns"]
    assert first[0] == last[0] == "DEBUG"
    assert first[1].startswith("GET /threads/thread_a/runs: 429 in 0.")
    assert again == ("INFO", "GET /threads/thread_a/runs: attempt 1 failed (429), retrying in 0.05 s")
    assert last[1].startswith("GET /threads/thread_a/runs: 200 in 0.")
    assert "sk-secret" not in caplog.text


@pytest.mark.parametrize("kind", WALKS)
def test_error_does_not_repeat_a_wrong_key(kind: str) -> None:
    """The error of a rejected key does not repeat it."""
    with serve(runs=runs(3), faults=["token-in-message"], catalogue=FAULTS) as server:
        with pytest.raises(AuthenticationError) as caught:
            WALKS[kind](server, client={"api_key": "sk-wrong-and-secret-and-long"})
        assert "sk-wrong" not in exposed_text(caught.value)
