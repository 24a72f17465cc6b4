"""Walks that are given up, interrupted or shared: nothing goes on behind them, and no run is lost or comes twice."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from tests.client.test_lifecycle import in_child
from tests.support.clients import OWN, WALKS, Driven, names, opened
from tests.support.relay import relaying, to
from tests.support.runs import ids, runs
from threadruns import APITimeoutError, ArgumentError, AsyncClient, Client, ClientClosedError, InternalServerError
from threadruns._http.cancellation import CancelToken
from threadruns._paging.prefetch import PrefetchedPage
from threadruns.testing import RunningServer, serve

SILENT = "no-response:every=2"
"""The first page comes, and the second one never."""

AN_HOUR = {"max_retry_after": 4000}


def settle(client: Any) -> None:
    """Let the event loop of an async client do what it has to do."""
    if isinstance(client, Driven):
        client.runner.run(asyncio.sleep(0.01))


def wait_until(client: Any, what: Callable[[], bool]) -> None:
    """Wait until something is so, for longer than any machine takes and shorter than any timeout of the client."""
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end
        settle(client)
        time.sleep(0.002)


def working() -> list[threading.Thread]:
    """Return the threads that ask for pages ahead."""
    return [
        thread for thread in threading.enumerate() if thread.name.startswith(("threadruns-prefetch", "threadruns-many"))
    ]


@pytest.mark.parametrize("kind", WALKS)
def test_prefetch_is_one_page_ahead(kind: str) -> None:
    """While the caller works on a page, the next one is asked for, and no more than that."""
    with serve(runs=runs(40)) as server, opened(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=10, prefetch=True))
        for taken, asked in ((1, 2), (9, 2), (1, 3), (9, 3), (1, 4), (19, 4)):
            for _ in range(taken):
                next(walk)
            wait_until(client, lambda asked=asked: len(server.requests) >= asked and not working())
            settle(client)
            assert len(server.requests) == asked
        assert list(walk) == []
        assert len(server.requests) == 4


class Stop(Exception):
    """What a caller raises."""


def by_close(client: Any, walk: Any) -> None:
    walk.close()


def by_closing_the_client(client: Any, walk: Any) -> None:
    client.close()
    with pytest.raises(ClientClosedError, match="closed"):
        list(walk)


def by_dropping(client: Any, walk: Any) -> None:
    return


def by_garbage(client: Any, walk: Any) -> None:
    cycle: list[Any] = [walk]
    cycle.append(cycle)


WAYS = [by_close, by_closing_the_client, by_dropping, by_garbage]


def give_up(server: RunningServer, client: Any, way: Callable[[Any, Any], None], **call: Any) -> None:
    """Begin a walk that asks ahead, and give it up while the page ahead is on its way."""
    walk = iter(client.runs.list("thread_a", limit=10, prefetch=True, **call))
    next(walk)
    wait_until(client, lambda: len(server.requests) == 2)
    way(client, walk)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secure", [False, True])
def test_page_ahead_is_called_off(
    secure: bool, way: Callable[[Any, Any], None], kind: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """However a walk is given up, the connection of the page ahead ends at once, and so does its thread or task."""
    with (
        serve(runs=runs(40), faults=[SILENT]) as server,
        relaying(to(server.url), server_tls if secure else None) as relay,
    ):
        url = f"{'https' if secure else 'http'}://localhost:{relay.port}/v1"
        with opened(server, kind, base_url=url, verify=trusting) as client:
            give_up(server, client, way)
            gc.collect()
            wait_until(client, lambda: not relay.open and not working())
            assert relay.ended == 1


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("error", [False, True])
def test_loop_that_is_left(error: bool, kind: str) -> None:
    """A loop that is left by break or by an error calls off the page ahead, too."""
    with (
        serve(runs=runs(40), faults=[SILENT]) as server,
        relaying(to(server.url)) as relay,
        opened(server, kind, base_url=f"http://127.0.0.1:{relay.port}/v1") as client,
    ):
        with suppress(Stop):
            for _ in client.runs.list("thread_a", limit=10, prefetch=True):
                wait_until(client, lambda: len(server.requests) == 2)
                if error:
                    raise Stop
                break
        gc.collect()
        wait_until(client, lambda: not relay.open and not working())


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("way", WAYS)
def test_wait_for_a_retry_is_called_off(way: Callable[[Any, Any], None], kind: str) -> None:
    """A page ahead that waits an hour for its next attempt does so no longer than its walk."""
    with serve(runs=runs(40), faults=["retry-after-hour:every=2"]) as server, opened(server, kind) as client:
        give_up(server, client, way, **AN_HOUR)
        gc.collect()
        wait_until(client, lambda: not working())
        assert len(server.requests) == 2


@pytest.mark.parametrize("kind", WALKS)
def test_own_http_client_is_left_alone(kind: str) -> None:
    """A page that the caller's own client brings is not waited for any longer, and ends with its timeout."""
    own = OWN[kind]()
    with serve(runs=runs(40), faults=[SILENT]) as server, opened(server, kind, http_client=own) as client:
        give_up(server, client, by_close, timeout=1, max_retries=0)
        wait_until(client, lambda: not working())
        assert len(client.runs.list("thread_a").data) == 40


def test_handshake_is_called_off() -> None:
    """A connection that is in the middle of its TLS handshake ends at once as well."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://localhost:{listener.getsockname()[1]}/v1"
        with Client(api_key="sk", base_url=url, timeout=30) as client:
            cancel_token = CancelToken()
            inner: Any = client
            ahead = PrefetchedPage(inner._sender, client.runs.list.build_call(("thread_a",), {}), cancel_token)
            silent, _ = listener.accept()
            with silent:
                assert silent.recv(1)  # The handshake has begun.
                ahead.cancel()
                with pytest.raises(ClientClosedError, match="closed while a page was requested"):
                    ahead.result()
                wait_until(client, lambda: not working())


@pytest.mark.parametrize("kind", WALKS)
def test_calling_off_hits_nobody_else(kind: str) -> None:
    """A page that is called off just as it comes leaves every connection fit for the next exchange."""
    chance = random.Random(1)
    with serve(runs=runs(40)) as server, opened(server, kind, max_retries=0) as client:
        for _ in range(100):
            walk = iter(client.runs.list("thread_a", limit=10, prefetch=True))
            next(walk)
            time.sleep(chance.random() / 250)
            walk.close()
            assert names(client.runs.list("thread_a", limit=5).data) == ids(40)[:5]
        wait_until(client, lambda: not working())


def test_calling_off_hits_no_other_thread() -> None:
    """Walks that are given up in some threads do nothing to the walks of others."""

    def whole(_: int) -> bool:
        return names(list(client.runs.list("thread_a", limit=4, prefetch=True))) == ids(40)

    def part(number: int) -> bool:
        walk = iter(client.runs.list("thread_a", limit=4, prefetch=True))
        got = [next(walk).id for _ in range(number % 9 + 1)]
        walk.close()
        return got == ids(40)[: len(got)]

    with serve(runs=runs(40)) as server, opened(server, max_retries=0) as client, ThreadPoolExecutor(8) as pool:
        done = [pool.submit(whole if number % 2 else part, number) for number in range(80)]
        assert all(each.result() for each in done)


@pytest.mark.parametrize("kind", WALKS)
def test_many_are_called_off(kind: str) -> None:
    """A walk of many threads that is given up waits for none of the pages that are on their way."""
    threads = ["thread_a", *(f"thread_t{number}" for number in range(8))]
    served = [each for thread in threads for each in runs(30, thread)]
    with serve(runs=served, faults=["no-response:every=3"]) as server, opened(server, kind) as client:
        walk = client.runs.list.many(threads, limit=10, concurrency=4, prefetch=True)
        next(walk)
        wait_until(client, lambda: len(server.requests) > 3)
        walk.close()
        wait_until(client, lambda: not working())


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("prefetch", [False, True])
def test_walk_goes_on_after_an_error(prefetch: bool, kind: str) -> None:
    """A walk that a page fails is not at its end: whoever takes the next step gets that page, and every run once."""
    with serve(runs=runs(40), faults=["status-500:every=2"]) as server, opened(server, kind, max_retries=0) as client:
        walk = iter(client.runs.list("thread_a", limit=10, prefetch=prefetch))
        got: list[str] = []
        errors = 0
        while True:
            try:
                got.append(next(walk).id)
            except InternalServerError:
                errors += 1
            except StopIteration:
                break
        assert (got, errors, walk.duplicates) == (ids(40), 3, 0)


@pytest.mark.parametrize("prefetch", [False, True])
def test_walk_goes_on_after_a_timeout_of_the_caller(prefetch: bool) -> None:
    """An async step that is cancelled in the middle of a page can be taken again."""

    async def main() -> list[str]:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            walk = aiter(client.runs.list("thread_a", limit=10, prefetch=prefetch))
            got: list[str] = []
            timeouts = 0
            while True:
                try:
                    async with asyncio.timeout(0.3 if got and not timeouts else None):
                        got.append((await anext(walk)).id)
                except TimeoutError:
                    timeouts += 1
                except StopAsyncIteration:
                    break
            assert timeouts == 1
            return got

    with serve(runs=runs(20), faults=[SILENT]) as server:
        assert asyncio.run(main()) == ids(20)


def test_threads_share_a_walk() -> None:
    """Threads that take runs from one walk get each run once among them."""
    with serve(runs=runs(200)) as server, opened(server) as client, ThreadPoolExecutor(8) as pool:
        walk = iter(client.runs.list("thread_a", limit=7, prefetch=True))
        taken = pool.map(lambda _: [run.id for run in walk], range(8))
        assert sorted(name for part in taken for name in part) == sorted(ids(200))


def test_tasks_share_a_walk() -> None:
    """Tasks that take runs from one walk get each run once among them."""

    async def main() -> list[str]:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            walk = aiter(client.runs.list("thread_a", limit=7))

            async def take() -> list[str]:
                return [run.id async for run in walk]

            return [name for part in await asyncio.gather(*(take() for _ in range(8))) for name in part]

    with serve(runs=runs(200)) as server:
        assert sorted(asyncio.run(main())) == sorted(ids(200))


def test_walk_is_closed_by_another_thread() -> None:
    """A thread that waits for a page is let go when another one closes the walk."""
    with serve(runs=runs(40), faults=["no-response:every=2"]) as server, opened(server) as client:
        walk = iter(client.runs.list("thread_a", limit=10))
        with ThreadPoolExecutor(1) as pool:
            rest = pool.submit(list, walk)
            wait_until(client, lambda: len(server.requests) == 2)
            walk.close()
            with pytest.raises(ClientClosedError, match="the iteration was closed"):
                rest.result()
        assert list(walk) == []


PROGRAM = """
import asyncio, sys, threading
from threadruns import AsyncClient, Client

def sync():
    with Client() as client:
        try:
            for run in client.runs.list("thread_a", limit=10, prefetch={prefetch}):
                pass
        except KeyboardInterrupt:
            print("stopped", len(client.runs.list("thread_a").data))

async def main():
    async with AsyncClient() as client:
        async for run in client.runs.list("thread_a", limit=10, prefetch={prefetch}):
            pass

def asynchronous():
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        print("stopped 40")

{kind}()
while any(thread.name.startswith("threadruns") for thread in threading.enumerate()):
    pass
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("kind", ["sync", "asynchronous"])
@pytest.mark.parametrize("prefetch", [False, True])
def test_interrupt_of_the_keyboard(prefetch: bool, kind: str) -> None:
    """Control-C in the middle of a page ends the walk at once, cleanly, and the client goes on working."""
    with serve(runs=runs(40), faults=[SILENT]) as server:
        environment = {**os.environ, "OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.url}
        program = PROGRAM.format(kind=kind, prefetch=prefetch)
        command = [sys.executable, "-W", "error", "-c", program]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            wait_until(None, lambda: len(server.requests) == 2)
            process.send_signal(signal.SIGINT)
            try:
                out, err = process.communicate(timeout=30)
            finally:
                process.kill()
    assert (out, err) == (b"stopped 40\n", b"")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("prefetch", [False, True])
def test_fork_in_the_middle_of_a_walk(prefetch: bool) -> None:
    """Parent and child both go on with a walk that was begun before the fork, each to its end, and may drop it."""
    with serve(runs=runs(40), faults=["slow-response:every=2"]) as server, opened(server) as client:
        walk = iter(client.runs.list("thread_a", limit=10, prefetch=prefetch))
        got = [next(walk).id]
        rest = ",".join(ids(40)[1:])
        assert in_child(lambda: ",".join(run.id for run in walk)) == rest
        assert in_child(lambda: f"{walk.close()}") == "None"
        assert got + names(list(walk)) == ids(40)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("prefetch", [False, True])
def test_fork_in_the_middle_of_an_async_walk(prefetch: bool) -> None:
    """Parent and child both go on with an async walk, each in an event loop of its own; the child may drop it, too."""

    async def rest(walk: Any) -> str:
        async with asyncio.timeout(20):
            return ",".join([run.id async for run in walk])

    with serve(runs=runs(40), faults=["slow-response:every=2"]) as server, opened(server, "async") as client:
        walk: Any = iter(client.runs.list("thread_a", limit=10, prefetch=prefetch))
        got = [next(walk).id]
        assert in_child(lambda: asyncio.run(rest(walk.inner))) == ",".join(ids(40)[1:])
        assert in_child(lambda: f"{asyncio.run(walk.inner.aclose())}") == "None"
        assert got + names(list(walk)) == ids(40)


@pytest.mark.parametrize("prefetch", [False, True])
def test_async_walk_goes_on_in_another_event_loop(prefetch: bool) -> None:
    """A walk that one event loop has begun can be ended in the next one, the page ahead asked for anew."""

    async def take(walk: Any, most: int) -> list[str]:
        got: list[str] = []
        async with asyncio.timeout(20):
            while len(got) < most:
                got.append((await anext(walk)).id)
        return got

    async def begin() -> tuple[Any, list[str]]:
        walk = aiter(client.runs.list("thread_a", limit=10, prefetch=prefetch))
        return walk, await take(walk, 3)

    with serve(runs=runs(40)) as server:
        client = AsyncClient(api_key=server.api_key, base_url=server.url)
        walk, got = asyncio.run(begin())
        assert got + asyncio.run(take(walk, 37)) == ids(40)
        asyncio.run(client.close())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_in_the_middle_of_many() -> None:
    """A walk of many threads cannot go on in a child, which says so; the parent's does."""

    def step() -> str:
        with pytest.raises(ArgumentError, match="cannot continue in a forked child") as caught:
            next(walk)
        return type(caught.value).__name__

    with serve(runs=[*runs(9), *runs(9, "thread_b")]) as server, opened(server) as client:
        walk = client.runs.list.many(["thread_a", "thread_b"], limit=3, concurrency=2)
        first = next(walk)
        assert in_child(step) == "ArgumentError"
        assert sum(len(page) for _, page in [first, *walk] if isinstance(page, list)) == 18


@pytest.mark.parametrize("kind", WALKS)
def test_no_thread_to_be_had(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no thread can be started, a walk that is to ask ahead asks in its turn."""
    with serve(runs=runs(40)) as server:
        if kind == "async":
            assert names(WALKS[kind](server, limit=10, prefetch=True)) == ids(40)
            return
        with opened(server) as client:

            def fail(_: threading.Thread) -> None:
                raise RuntimeError("can't start new thread")

            monkeypatch.setattr(threading.Thread, "start", fail)
            assert names(list(client.runs.list("thread_a", limit=10, prefetch=True))) == ids(40)
            monkeypatch.undo()


def test_timeout_of_a_page_ahead() -> None:
    """A page ahead that comes too late is an error in its turn, and no thread is left."""
    with serve(runs=runs(40), faults=[SILENT]) as server, opened(server, max_retries=0) as client:
        walk = iter(client.runs.list("thread_a", limit=10, prefetch=True, timeout=0.5))
        assert [next(walk).id for _ in range(10)] == ids(40)[:10]
        with pytest.raises(APITimeoutError):
            next(walk)
        wait_until(client, lambda: not working())


def test_closed_loops_are_let_go() -> None:
    """Closed event loops are not kept by a client that outlives them."""
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def main() -> list[str]:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        return [run.id async for run in client.runs.list("thread_a")]

    with serve(runs=runs(3)) as server:
        client = AsyncClient(api_key=server.api_key, base_url=server.url)
        for _ in range(5):
            assert asyncio.run(main()) == ids(3)
        gc.collect()
        assert sum(loop() is not None for loop in loops) <= 1
