"""An API key that a function returns: asked for before each attempt, because keys expire."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.canned import response, run_canned_server
from tests.support.clients import WALKS, exposed_text, open_client, run_ids
from tests.support.runs import ids, runs
from threadruns import APIStatusError, ArgumentError, AsyncClient, Client
from threadruns.testing import serve

KEY = "sk-secret-of-the-test"


def numbered(asynchronous: bool) -> tuple[Callable[[], Any], Iterator[int]]:
    """Return a function that returns a new key each time, and the counter behind it."""
    counter = itertools.count(1)

    def blocking() -> str:
        return f"{KEY}-{next(counter)}"

    async def waiting() -> str:
        return blocking()

    return (waiting if asynchronous else blocking), counter


KINDS = [("sync", False), *((kind, asynchronous) for kind in WALKS if kind != "sync" for asynchronous in (False, True))]


def sent(heads: list[str]) -> list[str]:
    """Return the numbers of the keys that were sent."""
    lines = [line for head in heads for line in head.split("\r\n") if line.lower().startswith("authorization:")]
    return [line.rpartition("-")[2] for line in lines]


@pytest.mark.parametrize(("kind", "asynchronous"), KINDS)
def test_each_page_has_a_key_of_its_own(kind: str, asynchronous: bool) -> None:
    """A walk asks for the key before each page, and so outlives a key."""
    function, _ = numbered(asynchronous)
    with serve(runs=runs(30), permissive=True) as server, open_client(server, kind, api_key=function) as client:
        assert run_ids(list(client.runs.list("thread_a", limit=10))) == ids(30)
        keys = [request.headers["authorization"] for request in server.requests]
    assert keys == [f"Bearer {KEY}-{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize(("kind", "asynchronous"), KINDS)
def test_each_attempt_has_a_key_of_its_own(kind: str, asynchronous: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt that is repeated asks for the key again."""
    monkeypatch.setattr("threadruns._http.retries.FIRST_WAIT", 0.0)
    function, _ = numbered(asynchronous)
    with (
        run_canned_server(response(503)) as server,
        open_client(None, kind, api_key=function, base_url=server.url) as client,
        pytest.raises(APIStatusError),
    ):
        client.runs.list("thread_a")
    assert sent(server.heads) == ["1", "2", "3"]


@pytest.mark.parametrize(("kind", "asynchronous"), KINDS)
def test_making_a_client_asks_for_no_key(kind: str, asynchronous: bool) -> None:
    """Making a client does not ask for the key; the function may need an event loop or the network."""
    function, counter = numbered(asynchronous)
    with open_client(None, kind, api_key=function, base_url="http://h/v1"):
        assert next(counter) == 1


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (None, "There is no API key"),
        ("", "There is no API key"),
        (b"sk", "of type bytes"),
        (f"{KEY}\n", "strip it"),
        (f"Bearer {KEY}", "pass the key alone"),
        (f'"{KEY}"', "without quotes"),
    ],
)
def test_function_that_returns_no_key(returned: Any, says: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a function returns is checked like a key, never replaced by the environment, and not shown."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    with serve(runs=runs(3)) as server, open_client(server, kind, api_key=lambda: returned) as client:
        with pytest.raises(ArgumentError, match=says) as caught:
            client.runs.list("thread_a")
        assert KEY not in exposed_text(caught.value)
        assert not server.requests


def test_async_function_of_a_blocking_client() -> None:
    """A blocking client refuses an async function in a sentence."""

    async def function() -> str:
        return KEY

    made: Any = function
    with serve(runs=runs(3)) as server, open_client(server, api_key=made) as client:
        with pytest.raises(ArgumentError, match="only AsyncClient can await"):
            client.runs.list("thread_a")
        assert not server.requests


@pytest.mark.parametrize("kind", WALKS)
def test_error_of_the_function(kind: str) -> None:
    """An exception of the function reaches the caller as it is, and nothing is sent."""

    def fail() -> str:
        raise KeyError("identity provider")

    with serve(runs=runs(3)) as server, open_client(server, kind, api_key=fail) as client:
        with pytest.raises(KeyError, match="identity provider"):
            client.runs.list("thread_a")
        assert not server.requests


@pytest.mark.parametrize(("kind", "asynchronous"), KINDS)
def test_key_that_is_sent_back(kind: str, asynchronous: bool) -> None:
    """A key of a function that the server sends back is replaced as well, after the next one was asked for too."""
    function, _ = numbered(asynchronous)
    body = json.dumps({"error": {"message": f"wrong key {KEY}-1."}}).encode()
    with (
        run_canned_server(response(400, body)) as server,
        open_client(None, kind, api_key=function, base_url=server.url) as client,
    ):
        with pytest.raises(APIStatusError, match=r"wrong key \[key\]\.") as caught:
            client.runs.list("thread_a")
        assert KEY not in exposed_text(caught.value)


def test_azure() -> None:
    """In Azure's form, the key of a function is sent in its header."""
    function, _ = numbered(False)
    with serve(runs=runs(3), azure=True, permissive=True) as server:
        with open_client(server, api_key=function, azure_api_version="2024-02-15-preview") as client:
            client.runs.list("thread_a")
        assert server.requests[0].headers["api-key"] == f"{KEY}-1"


def typed() -> list[Client | AsyncClient]:
    """Make clients with each kind of function; checked by mypy and pyright alone."""

    async def waiting() -> str:
        return KEY

    return [
        Client(api_key=lambda: KEY),
        AsyncClient(api_key=lambda: KEY),
        AsyncClient(api_key=waiting),
    ]
