"""Tests of clients in threads, event loops and forked processes, and of closed clients."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import re
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx
import httpx2
import pytest

import threadruns
from tests.support.clients import CLIENTS, HTTPX_CLIENTS, LOOPS, WALKS, open_client, run, run_ids
from tests.support.relay import forward_to, run_relay
from tests.support.runs import ids, runs
from tests.support.unknown import FIELD, VALUE
from threadruns import (
    APIConnectionError,
    APITimeoutError,
    ArgumentError,
    AsyncClient,
    Client,
    ClientClosedError,
    NotFoundError,
    Run,
    RunList,
    Skipped,
    ThreadrunsError,
)
from threadruns._paging.cursors import first_request
from threadruns._paging.pages import decode_async_page, decode_page, empty_response
from threadruns.testing import serve


@pytest.mark.parametrize("loop", LOOPS)
def test_two_event_loops(loop: str) -> None:
    """An async client works in two event loops, one after the other, and leaves no connection open in either."""
    with serve(runs=runs(3)) as server:
        client = AsyncClient(api_key=server.api_key, base_url=server.url)

        async def main() -> list[str]:
            return [run.id async for run in client.runs.list("thread_a")]

        for _ in range(2):
            assert run(loop, main()) == ids(3)
        run(loop, client.close())
        run(loop, client.close())


@pytest.mark.parametrize("kind", WALKS)
def test_connections_are_reused(kind: str) -> None:
    """The pages of one iteration and of the next ones use one connection."""
    with serve(runs=runs(30)) as server, run_relay(forward_to(server.url)) as relay:
        with open_client(server, kind, base_url=f"http://127.0.0.1:{relay.port}/v1") as client:
            for _ in range(3):
                list(client.runs.list("thread_a", limit=10))
            assert (relay.open, relay.ended) == (1, 0)
        relay.wait_for(lambda: relay.ended == 1)


def run_in_child(work: Callable[[], str]) -> str:
    """Run a function in a forked child and return its result."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # From Python 3.12 on, forking a process with threads warns, and the server of the test runs in a thread.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            os.write(writer, work().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        result = pipe.read()
    os.waitpid(child, 0)
    return result


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork() -> None:
    """A forked child opens new connections, and the connections of the parent keep working."""
    with serve(runs=runs(3)) as server, open_client(server) as client:
        client.runs.list("thread_a")
        assert run_in_child(lambda: ",".join(run_ids(client.runs.list("thread_a").data))) == ",".join(ids(3))
        assert run_ids(client.runs.list("thread_a").data) == ids(3)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("loop", LOOPS)
def test_fork_async(loop: str) -> None:
    """A forked child can use an async client in its own event loop."""

    async def main() -> str:
        return ",".join([run.id async for run in client.runs.list("thread_a")])

    with serve(runs=runs(3)) as server:
        client = AsyncClient(api_key=server.api_key, base_url=server.url)
        assert run(loop, main()) == run_in_child(lambda: run(loop, main())) == run(loop, main()) == ",".join(ids(3))


@pytest.mark.parametrize("kind", WALKS)
def test_close_twice_and_use_after_close(kind: str) -> None:
    """Closing a client twice has no effect; using it afterwards raises ClientClosedError."""
    with serve(runs=runs(30)) as server, open_client(server, kind) as client:
        page = client.runs.list("thread_a", limit=10)
        walk, ahead = iter(page), iter(client.runs.list("thread_a", limit=10, prefetch=True))
        next(walk)
        listing = client.runs.list
        client.close()
        client.close()
        assert client.is_closed
        for use in (
            lambda: client.runs.list("thread_a"),
            lambda: listing("thread_a"),
            lambda: client.runs.list.many(["thread_a"]),
            lambda: client.runs.list.resume("{}"),
            lambda: client.with_options(timeout=1).runs.list("thread_a"),
            page.get_next_page,
            lambda: list(page.iter_pages()),
            lambda: list(walk),
            lambda: list(ahead),
        ):
            with pytest.raises(ClientClosedError, match="closed"):
                use()


@pytest.mark.parametrize("kind", WALKS)
def test_close_while_many_threads_are_listed(kind: str) -> None:
    """Closing the client ends an iteration over many threads with ClientClosedError."""
    with serve(runs=[*runs(9), *runs(9, "thread_b")]) as server, open_client(server, kind) as client:
        walk = client.runs.list.many(["thread_a", "thread_b"], limit=2, concurrency=1)
        next(walk)
        client.close()
        assert any(isinstance(outcome, ClientClosedError) for _, outcome in walk)


def test_unclosed_client_gives_no_warning() -> None:
    """A client that is not closed causes no warning about open connections."""

    async def main() -> None:
        client = AsyncClient(api_key=server.api_key, base_url=server.url)
        async for _ in client.runs.list("thread_a", limit=10, prefetch=True):
            break

    with serve(runs=runs(30)) as server, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client = Client(api_key=server.api_key, base_url=server.url)
        for _ in client.runs.list("thread_a", limit=10):
            break
        del client
        asyncio.run(main())
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


@pytest.mark.parametrize("kind", WALKS)
def test_options_share_the_connections(kind: str) -> None:
    """A client made by with_options shares the connections, and closing it leaves them open."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        with client.with_options(timeout=5) as other:
            other.runs.list("thread_a")
        assert other.is_closed
        with pytest.raises(ClientClosedError):
            other.runs.list("thread_a")
        assert not client.is_closed
        assert run_ids(client.runs.list("thread_a").data) == ids(3)


@pytest.mark.parametrize("kind", WALKS)
def test_own_http_client(kind: str) -> None:
    """A caller's httpx client sends the requests with its own additions, and is left open."""
    own = HTTPX_CLIENTS[kind](headers={"x-own": "1"})
    with serve(runs=runs(5)) as server, open_client(server, kind, http_client=own) as client:
        assert run_ids(list(client.runs.list("thread_a", limit=2))) == ids(5)
        client.close()
        assert not own.is_closed
        assert [seen.headers["x-own"] for seen in server.requests] == ["1"] * 3


@pytest.mark.parametrize("kind", WALKS)
def test_settings_of_own_http_client(kind: str) -> None:
    """Query and cookies of the caller's client are added; its base URL, authentication and timeout are not used."""
    own = HTTPX_CLIENTS[kind](
        base_url="http://127.0.0.1:9",
        auth=("user", "x"),
        params={"z": "1", "limit": "1"},
        cookies={"c": "d"},
        timeout=0,
    )
    with serve(runs=runs(5)) as server, open_client(server, kind, http_client=own) as client:
        assert run_ids(list(client.runs.list("thread_a", limit=2))) == ids(5)
        for seen in server.requests:
            assert "z=1" in seen.target
            assert "limit=2" in seen.target
            assert seen.headers["cookie"] == "c=d"
            assert seen.headers["authorization"] == f"Bearer {server.api_key}"


def one_page(library: Any, request: Any) -> Any:
    """Return a page of two runs, as a response of the library that the request belongs to."""
    assert request.url.path == "/v1/threads/thread_a/runs"
    page = {"object": "list", "data": runs(2), "first_id": "run_a0000", "last_id": "run_a0001", "has_more": False}
    return library.Response(200, json=page)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
@pytest.mark.parametrize("given", ["http_client", "transport"])
def test_own_transport(given: str, library: Any, kind: str) -> None:
    """A caller's transport, or a client with one, replaces the network; httpx and httpx2 are both accepted."""
    seen: list[Any] = []

    def answer(request: Any) -> Any:
        assert isinstance(request, library.Request)
        seen.append(request)
        return one_page(library, request)

    own = library.MockTransport(answer)
    if given == "http_client":
        own = (library.Client if kind == "sync" else library.AsyncClient)(transport=own)
    settings: dict[str, Any] = {"base_url": "http://nowhere/v1", given: own}
    with open_client(None, kind, api_key="sk", **settings) as client:
        assert len(client.runs.list("thread_a").data) == 2
    assert seen[0].headers["authorization"] == "Bearer sk"


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
@pytest.mark.parametrize(
    ("name", "kind_of_error"),
    [
        ("ConnectTimeout", APITimeoutError),
        ("ReadTimeout", APITimeoutError),
        ("PoolTimeout", APITimeoutError),
        ("ConnectError", APIConnectionError),
        ("ReadError", APIConnectionError),
        ("RemoteProtocolError", APIConnectionError),
        ("ProxyError", APIConnectionError),
        ("DecodingError", APIConnectionError),
        ("TooManyRedirects", APIConnectionError),
        ("InvalidURL", APIConnectionError),
        ("StreamClosed", APIConnectionError),
    ],
)
def test_errors_of_both_libraries(name: str, kind_of_error: type[Exception], library: Any, kind: str) -> None:
    """Errors of httpx and httpx2 are raised as errors of this package."""

    def fail(_: Any) -> Any:
        kind = getattr(library, name)
        raise kind() if name == "StreamClosed" else kind("it failed")

    own: Any = library.MockTransport(fail)
    with open_client(None, kind, api_key="sk", base_url="http://nowhere/v1", transport=own, max_retries=0) as client:
        with pytest.raises(APIConnectionError) as caught:
            client.runs.list("thread_a")
        assert type(caught.value) is kind_of_error


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
@pytest.mark.parametrize("read", [False, True])
def test_hook_that_raises_for_a_status(read: bool, library: Any, kind: str) -> None:
    """A hook of the caller's client that raises for a status leads to the error of that status, and to its retries."""

    def check(response: Any) -> None:
        if read and kind == "sync":
            response.read()
        response.raise_for_status()

    async def async_check(response: Any) -> None:
        if read:
            await response.aread()
        response.raise_for_status()

    hook = check if kind == "sync" else async_check
    own = getattr(library, "Client" if kind == "sync" else "AsyncClient")(event_hooks={"response": [hook]})
    with (
        serve(runs=runs(3), faults=["status-503:first=1"]) as server,
        open_client(server, kind, http_client=own) as client,
    ):
        assert run_ids(client.runs.list("thread_a").data) == ids(3)
        assert len(server.requests) == 2
        with pytest.raises(NotFoundError) as caught:
            client.runs.list("thread_none")
        assert ("thread_none" in str(caught.value.body)) is read


@pytest.mark.parametrize("kind", WALKS)
def test_url_that_is_too_long(kind: str) -> None:
    """A request whose URL cannot be built is refused in one sentence, and not sent."""
    with serve(runs=runs(3)) as server, open_client(server, kind) as client:
        with pytest.raises(ArgumentError, match="The URL of the request cannot be used: URL too long"):
            client.runs.list("thread_a", extra_query={"x": "x" * 70_000})
        assert not server.requests


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
def test_own_transport_is_closed_with_the_client(library: Any, kind: str) -> None:
    """A caller's transport is closed with the client; a caller's httpx client is left open."""
    closed: list[str] = []

    class Noting(library.MockTransport):  # type: ignore[misc]
        def close(self) -> None:
            closed.append("sync")

        async def aclose(self) -> None:
            closed.append("async")

    transport: Any = Noting(lambda request: one_page(library, request))
    with open_client(None, kind, api_key="sk", base_url="http://nowhere/v1", transport=transport) as client:
        client.runs.list("thread_a")
    assert closed == [kind]


@pytest.mark.parametrize("kind", WALKS)
def test_own_transport_over_a_socket(kind: str) -> None:
    """A transport with its own settings sends the requests, here from another local address."""
    transport = {"sync": httpx.HTTPTransport, "async": httpx.AsyncHTTPTransport}[kind](local_address="127.0.0.2")
    with serve(runs=runs(5)) as server, run_relay(forward_to(server.url)) as relay:
        own = HTTPX_CLIENTS[kind](transport=transport)
        url = f"http://127.0.0.1:{relay.port}/v1"
        with open_client(server, kind, base_url=url, http_client=own) as client:
            assert run_ids(list(client.runs.list("thread_a", limit=2))) == ids(5)
        assert relay.clients == {"127.0.0.2"}


@pytest.mark.parametrize("kind", WALKS)
def test_closed_http_client(kind: str) -> None:
    """A closed httpx client of the caller is reported as closed."""
    own = HTTPX_CLIENTS[kind]()
    own.close() if kind == "sync" else asyncio.run(own.aclose())
    settings: dict[str, Any] = {"api_key": "sk", "base_url": "http://127.0.0.1:9/v1", "http_client": own}
    with open_client(None, kind, **settings) as client, pytest.raises(ClientClosedError, match="http_client is closed"):
        client.runs.list("thread_a")


@pytest.mark.parametrize("kind", WALKS)
def test_unsuitable_http_client(kind: str) -> None:
    """A client or transport of the wrong kind, or with settings that would be ignored, is rejected."""
    other = "async" if kind == "sync" else "sync"
    transports = {"sync": httpx.HTTPTransport, "async": httpx.AsyncHTTPTransport}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"http_client": HTTPX_CLIENTS[kind](), "proxy": "http://127.0.0.1:9"}, "http_client .* its own proxy"),
        ({"http_client": HTTPX_CLIENTS[kind](), "verify": False}, "http_client .* its own proxy"),
        ({"transport": transports[kind](), "verify": False}, "transport .* its own proxy"),
        ({"http_client": HTTPX_CLIENTS[kind](), "transport": transports[kind]()}, "http_client or transport, not both"),
        ({"http_client": object()}, "http_client of .* must be an httpx.* or httpx2.*, not object"),
        ({"http_client": HTTPX_CLIENTS[other]()}, "http_client of .* must be an httpx.* or httpx2.*, not .*Client"),
        ({"transport": transports[other]()}, "transport of .* must be an httpx.* or httpx2.*, not .*HTTPTransport"),
        ({"transport": HTTPX_CLIENTS[kind]()}, "transport of .* must be an httpx.* or httpx2.*, not .*Client"),
    ]
    for given, message in cases:
        with pytest.raises(ArgumentError, match=message):
            CLIENTS[kind](api_key="sk", base_url="http://h/v1", **given)


@pytest.mark.parametrize("kind", WALKS)
def test_pickles(kind: str) -> None:
    """Runs, lists, skipped items and errors can be pickled; pages and iterators raise an error with the reason."""
    with serve(runs=runs(3)) as server, open_client(server, kind, max_retries=0) as client:
        page = client.runs.list("thread_a")
        assert pickle.loads(pickle.dumps(page.data)) == page.data
        whole = RunList.from_json(page.response.content)
        assert pickle.loads(pickle.dumps(whole)) == whole
        skipped = Skipped(("data", 1), "missing", {})
        assert pickle.loads(pickle.dumps(skipped)) == skipped
        with pytest.raises(TypeError, match="Pickle its data"):
            pickle.dumps(page)
        with pytest.raises(TypeError, match="Pickle its token"):
            pickle.dumps(iter(page))
        with pytest.raises(ThreadrunsError) as caught:
            client.runs.list("thread_none")
        again: Any = pickle.loads(pickle.dumps(caught.value))
        assert (type(again), str(again), again.status_code) == (type(caught.value), str(caught.value), 404)
        assert again.response.json() == again.body


@pytest.mark.parametrize("name", [name for name in threadruns.__all__ if name[0].isupper()])
def test_pickles_of_public_names(name: str) -> None:
    """Every public object can be pickled, or raises an error with the reason."""
    client, asynchronous = (kind(api_key="sk", base_url="http://h/v1") for kind in (Client, AsyncClient))
    call = asynchronous.runs.list.build_call(("thread_a",), {})
    request, response = first_request(call), empty_response(call)
    page, async_page = (
        decode_page(client._sender, request, response),
        decode_async_page(asynchronous._sender, request, response),
    )
    made: dict[str, Any] = {
        "AsyncClient": asynchronous,
        "AsyncManyWalk": asynchronous.runs.list.many(["thread_a"]),
        "AsyncPage": async_page,
        "AsyncWalk": aiter(async_page),
        "Attempt": threadruns.Attempt("503", 0.1, None),
        "Client": client,
        "DecodeError": threadruns.DecodeError(("data", 1), "missing"),
        "Drift": threadruns.Drift(),
        "ListEnd": threadruns.ListEnd(3, 1),
        "ManyWalk": client.runs.list.many(["thread_a"]),
        "Page": page,
        "Pager": asynchronous.runs.list("thread_a"),
        "Run": Run.from_dict(runs(1)[0]),
        "RunList": RunList.from_json(response.body),
        "Skipped": Skipped(("data", 1), "missing", {}),
        "UNSET": threadruns.UNSET,
        "UnknownVariant": threadruns.UnknownVariant(type="x"),
        "Walk": iter(page),
    }
    value = made.get(name, getattr(threadruns, name))
    try:
        again = pickle.loads(pickle.dumps(value))
    except TypeError as error:
        walks = ("AsyncManyWalk", "AsyncWalk", "ManyWalk", "Walk")
        assert name in ("AsyncClient", "AsyncPage", "Client", "Page", "Pager", *walks)
        assert re.search(r"cannot be pickled.*, because it holds .*\. (Pickle|Make)", str(error))
    else:
        assert type(again) is type(value)
        assert str(again) == str(value)


def test_models_need_no_client() -> None:
    """Runs can be decoded and encoded without a client, and keep unknown fields."""
    raw = {**runs(1)[0], "status": VALUE, FIELD: "high"}
    assert Run.from_dict(raw).to_dict() == raw


def test_event_loop_must_be_of_asyncio() -> None:
    """An async client outside asyncio raises an error with the reason; anyio on asyncio works."""

    async def listed() -> int:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            with anyio.fail_after(30):
                return len([run async for run in client.runs.list("thread_a", limit=5, prefetch=True)])

    with serve(runs=runs(20)) as server:
        assert anyio.run(listed) == 20
        client = AsyncClient(api_key=server.api_key, base_url=server.url)
        for step in (
            client.runs.list("thread_a").__await__(),
            anext(aiter(client.runs.list("thread_a"))).__await__(),
            anext(client.runs.list.many(["thread_a"])).__await__(),
        ):
            with pytest.raises(ArgumentError, match="works in an event loop of asyncio"):
                next(step)


@pytest.mark.parametrize("kind", ["sync", *LOOPS])
def test_eight_threads_and_loops(kind: str) -> None:
    """Eight threads can share a client, with an event loop in each if it is async, and each gets its own list."""
    threads = [f"thread_{letter}" for letter in "abcdefgh"]

    def check(thread: str) -> bool:
        if kind == "sync":
            return all(
                run_ids(list(client.runs.list(thread, limit=9, prefetch=True))) == ids(50, thread) for _ in "123"
            )
        return run(kind, main(thread))

    async def main(thread: str) -> bool:
        listed = [[run.id async for run in client.runs.list(thread, limit=9, prefetch=True)] for _ in "123"]
        return listed == [ids(50, thread)] * 3

    with serve(runs=[each for thread in threads for each in runs(50, thread)]) as server:
        client: Any = CLIENTS[kind](api_key=server.api_key, base_url=server.url)
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(check, threads))
        client.close() if kind == "sync" else run(kind, client.close())
