"""Tests of iterations that are stopped, interrupted, shared or forked."""

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

from tests.client.test_lifecycle import run_in_child
from tests.support.clients import HTTPX_CLIENTS, WALKS, SyncAdapter, open_client, run_ids
from tests.support.relay import forward_to, run_relay
from tests.support.runs import ids, runs
from threadruns import APITimeoutError, ArgumentError, AsyncClient, Client, ClientClosedError, InternalServerError
from threadruns._http.cancellation import CancelToken
from threadruns._paging.prefetch import PrefetchedPage
from threadruns.testing import RunningServer, serve

SILENT = "no-response:every=2"
"""The fault of a server that sends the first page and never the second."""

AN_HOUR = {"max_retry_after": 4000}


def settle(client: Any) -> None:
    """Run the pending callbacks of an async client's event loop."""
    if isinstance(client, SyncAdapter):
        client.runner.run(asyncio.sleep(0.01))


def wait_until(client: Any, condition: Callable[[], bool]) -> None:
    """Wait for a condition, longer than any machine needs and shorter than any timeout of the client."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        settle(client)
        time.sleep(0.002)


def worker_threads() -> list[threading.Thread]:
    """Return the threads that prefetch pages."""
    return [
        thread for thread in threading.enumerate() if thread.name.startswith(("threadruns-prefetch", "threadruns-many"))
    ]


@pytest.mark.parametrize("kind", WALKS)
def test_prefetch_is_one_page_ahead(kind: str) -> None:
    """While the caller processes a page, the next one is requested, and no more."""
    with serve(runs=runs(40)) as server, open_client(server, kind) as client:
        walk = iter(client.runs.list("thread_a", limit=10, prefetch=True))
        for taken, asked in ((1, 2), (9, 2), (1, 3), (9, 3), (1, 4), (19, 4)):
            for _ in range(taken):
                next(walk)
            wait_until(client, lambda asked=asked: len(server.requests) >= asked and not worker_threads())
            settle(client)
            assert len(server.requests) == asked
        assert list(walk) == []
        assert len(server.requests) == 4


class Stop(Exception):
    """An exception that a caller raises."""


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


WAYS_TO_STOP = [by_close, by_closing_the_client, by_dropping, by_garbage]


def stop_while_prefetching(server: RunningServer, client: Any, way: Callable[[Any, Any], None], **call: Any) -> None:
    """Start an iteration with prefetch, and stop it while the next page is requested."""
    walk = iter(client.runs.list("thread_a", limit=10, prefetch=True, **call))
    next(walk)
    wait_until(client, lambda: len(server.requests) == 2)
    way(client, walk)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("way", WAYS_TO_STOP)
@pytest.mark.parametrize("secure", [False, True])
def test_stopping_cancels_the_prefetch(
    secure: bool, way: Callable[[Any, Any], None], kind: str, server_tls: ssl.SSLContext, trusting_tls: ssl.SSLContext
) -> None:
    """In whatever way an iteration is stopped, the prefetch and its connection, thread or task end at once."""
    with (
        serve(runs=runs(40), faults=[SILENT]) as server,
        run_relay(forward_to(server.url), server_tls if secure else None) as relay,
    ):
        url = f"{'https' if secure else 'http'}://localhost:{relay.port}/v1"
        with open_client(server, kind, base_url=url, verify=trusting_tls) as client:
            stop_while_prefetching(server, client, way)
            gc.collect()
            wait_until(client, lambda: not relay.open and not worker_threads())
            assert relay.ended == 1


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("error", [False, True])
def test_leaving_a_loop_cancels_the_prefetch(error: bool, kind: str) -> None:
    """Leaving a loop by break or by an error cancels the prefetch."""
    with (
        serve(runs=runs(40), faults=[SILENT]) as server,
        run_relay(forward_to(server.url)) as relay,
        open_client(server, kind, base_url=f"http://127.0.0.1:{relay.port}/v1") as client,
    ):
        with suppress(Stop):
            for _ in client.runs.list("thread_a", limit=10, prefetch=True):
                wait_until(client, lambda: len(server.requests) == 2)
                if error:
                    raise Stop
                break
        gc.collect()
        wait_until(client, lambda: not relay.open and not worker_threads())


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("way", WAYS_TO_STOP)
def test_stopping_cancels_the_wait_for_a_retry(way: Callable[[Any, Any], None], kind: str) -> None:
    """Stopping an iteration cancels a prefetch that waits for its next attempt."""
    with serve(runs=runs(40), faults=["retry-after-hour:every=2"]) as server, open_client(server, kind) as client:
        stop_while_prefetching(server, client, way, **AN_HOUR)
        gc.collect()
        wait_until(client, lambda: not worker_threads())
        assert len(server.requests) == 2


@pytest.mark.parametrize("kind", WALKS)
def test_stopping_with_own_http_client(kind: str) -> None:
    """With a caller's httpx client, nothing awaits the prefetch any more, and it ends by its timeout."""
    own = HTTPX_CLIENTS[kind]()
    with serve(runs=runs(40), faults=[SILENT]) as server, open_client(server, kind, http_client=own) as client:
        stop_while_prefetching(server, client, by_close, timeout=1, max_retries=0)
        wait_until(client, lambda: not worker_threads())
        assert len(client.runs.list("thread_a").data) == 40


def test_stopping_cancels_a_tls_handshake() -> None:
    """A connection in its TLS handshake is closed at once."""
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
                wait_until(client, lambda: not worker_threads())


@pytest.mark.parametrize("kind", WALKS)
def test_cancellation_leaves_connections_usable(kind: str) -> None:
    """Cancelling a prefetch just as its page arrives leaves all connections usable."""
    chance = random.Random(1)
    with serve(runs=runs(40)) as server, open_client(server, kind, max_retries=0) as client:
        for _ in range(100):
            walk = iter(client.runs.list("thread_a", limit=10, prefetch=True))
            next(walk)
            time.sleep(chance.random() / 250)
            walk.close()
            assert run_ids(client.runs.list("thread_a", limit=5).data) == ids(40)[:5]
        wait_until(client, lambda: not worker_threads())


def test_cancellation_affects_no_other_thread() -> None:
    """Stopping iterations in some threads does not affect the iterations of other threads."""

    def whole(_: int) -> bool:
        return run_ids(list(client.runs.list("thread_a", limit=4, prefetch=True))) == ids(40)

    def part(number: int) -> bool:
        walk = iter(client.runs.list("thread_a", limit=4, prefetch=True))
        got = [next(walk).id for _ in range(number % 9 + 1)]
        walk.close()
        return got == ids(40)[: len(got)]

    with serve(runs=runs(40)) as server, open_client(server, max_retries=0) as client, ThreadPoolExecutor(8) as pool:
        done = [pool.submit(whole if number % 2 else part, number) for number in range(80)]
        assert all(each.result() for each in done)


@pytest.mark.parametrize("kind", WALKS)
def test_stopping_many_cancels_its_requests(kind: str) -> None:
    """Stopping an iteration over many threads waits for none of its requests."""
    threads = ["thread_a", *(f"thread_t{number}" for number in range(8))]
    served = [each for thread in threads for each in runs(30, thread)]
    with serve(runs=served, faults=["no-response:every=3"]) as server, open_client(server, kind) as client:
        walk = client.runs.list.many(threads, limit=10, concurrency=4, prefetch=True)
        next(walk)
        wait_until(client, lambda: len(server.requests) > 3)
        walk.close()
        wait_until(client, lambda: not worker_threads())


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("prefetch", [False, True])
def test_iteration_continues_after_an_error(prefetch: bool, kind: str) -> None:
    """After a failed page, the next step requests the same page, and every run is yielded once."""
    with (
        serve(runs=runs(40), faults=["status-500:every=2"]) as server,
        open_client(server, kind, max_retries=0) as client,
    ):
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
def test_iteration_continues_after_a_timeout_of_the_caller(prefetch: bool) -> None:
    """An async step that was cancelled during a request can be repeated."""

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


def test_threads_share_an_iteration() -> None:
    """Threads that share an iterator get each run once among them."""
    with serve(runs=runs(200)) as server, open_client(server) as client, ThreadPoolExecutor(8) as pool:
        walk = iter(client.runs.list("thread_a", limit=7, prefetch=True))
        taken = pool.map(lambda _: [run.id for run in walk], range(8))
        assert sorted(name for part in taken for name in part) == sorted(ids(200))


def test_tasks_share_an_iteration() -> None:
    """Tasks that share an iterator get each run once among them."""

    async def main() -> list[str]:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            walk = aiter(client.runs.list("thread_a", limit=7))

            async def take() -> list[str]:
                return [run.id async for run in walk]

            return [name for part in await asyncio.gather(*(take() for _ in range(8))) for name in part]

    with serve(runs=runs(200)) as server:
        assert sorted(asyncio.run(main())) == sorted(ids(200))


def test_iterator_closed_by_another_thread() -> None:
    """Closing an iterator releases a thread that waits for its page."""
    with serve(runs=runs(40), faults=["no-response:every=2"]) as server, open_client(server) as client:
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
def test_keyboard_interrupt(prefetch: bool, kind: str) -> None:
    """Ctrl-C during a request ends the iteration at once, and the client stays usable."""
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
def test_fork_during_an_iteration(prefetch: bool) -> None:
    """After a fork, parent and child can both continue the iteration to its end, or close it."""
    with serve(runs=runs(40), faults=["slow-response:every=2"]) as server, open_client(server) as client:
        walk = iter(client.runs.list("thread_a", limit=10, prefetch=prefetch))
        got = [next(walk).id]
        rest = ",".join(ids(40)[1:])
        assert run_in_child(lambda: ",".join(run.id for run in walk)) == rest
        assert run_in_child(lambda: f"{walk.close()}") == "None"
        assert got + run_ids(list(walk)) == ids(40)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("prefetch", [False, True])
def test_fork_during_an_async_iteration(prefetch: bool) -> None:
    """After a fork, parent and child can both continue an async iteration in their own event loops, or close it."""

    async def rest(walk: Any) -> str:
        async with asyncio.timeout(20):
            return ",".join([run.id async for run in walk])

    with serve(runs=runs(40), faults=["slow-response:every=2"]) as server, open_client(server, "async") as client:
        walk: Any = iter(client.runs.list("thread_a", limit=10, prefetch=prefetch))
        got = [next(walk).id]
        assert run_in_child(lambda: asyncio.run(rest(walk.inner))) == ",".join(ids(40)[1:])
        assert run_in_child(lambda: f"{asyncio.run(walk.inner.aclose())}") == "None"
        assert got + run_ids(list(walk)) == ids(40)


@pytest.mark.parametrize("prefetch", [False, True])
def test_async_iteration_continues_in_another_event_loop(prefetch: bool) -> None:
    """An iteration that began in one event loop can be continued in the next one, with a new prefetch."""

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
def test_fork_during_many() -> None:
    """An iteration over many threads cannot continue in a child, which reports it; the parent's continues."""

    def step() -> str:
        with pytest.raises(ArgumentError, match="cannot continue in a forked child") as caught:
            next(walk)
        return type(caught.value).__name__

    with serve(runs=[*runs(9), *runs(9, "thread_b")]) as server, open_client(server) as client:
        walk = client.runs.list.many(["thread_a", "thread_b"], limit=3, concurrency=2)
        first = next(walk)
        assert run_in_child(step) == "ArgumentError"
        assert sum(len(page) for _, page in [first, *walk] if isinstance(page, list)) == 18


@pytest.mark.parametrize("kind", WALKS)
def test_prefetch_without_a_thread(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no thread can be started, pages are requested when they are needed."""
    with serve(runs=runs(40)) as server:
        if kind == "async":
            assert run_ids(WALKS[kind](server, limit=10, prefetch=True)) == ids(40)
            return
        with open_client(server) as client:

            def fail(_: threading.Thread) -> None:
                raise RuntimeError("can't start new thread")

            monkeypatch.setattr(threading.Thread, "start", fail)
            assert run_ids(list(client.runs.list("thread_a", limit=10, prefetch=True))) == ids(40)
            monkeypatch.undo()


def test_timeout_of_a_prefetch() -> None:
    """A prefetch that times out raises its error after the runs before it, and leaves no thread."""
    with serve(runs=runs(40), faults=[SILENT]) as server, open_client(server, max_retries=0) as client:
        walk = iter(client.runs.list("thread_a", limit=10, prefetch=True, timeout=0.5))
        assert [next(walk).id for _ in range(10)] == ids(40)[:10]
        with pytest.raises(APITimeoutError):
            next(walk)
        wait_until(client, lambda: not worker_threads())


def test_closed_event_loops_are_released() -> None:
    """A client does not keep closed event loops alive."""
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
