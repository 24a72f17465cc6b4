"""Tests of listing many threads concurrently."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tests.mutants.corpus import FAULTS
from tests.support.clients import open_client, run_ids
from tests.support.runs import ids, run, runs
from threadruns import ArgumentError, AsyncClient, ListEnd, NotFoundError, RateLimitError, Run, ThreadrunsError
from threadruns.testing import RunningServer, serve

Outcome = tuple[str, list[Run] | ListEnd | ThreadrunsError]


def list_many(server: RunningServer, kind: str, threads: Any, **options: Any) -> list[Outcome]:
    """Return everything that an iteration over many threads yields."""
    if kind == "sync":
        with open_client(server) as client:
            return list(client.runs.list.many(threads, **options))

    async def main() -> list[Outcome]:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            return [each async for each in client.runs.list.many(threads, **options)]

    return asyncio.run(main())


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("concurrency", [1, 3, 64])
def test_every_run_of_each_thread(concurrency: int, kind: str) -> None:
    """Each thread is yielded page by page, in order and completely; an empty thread yields an empty page."""
    threads = [f"thread_t{number}" for number in range(20)]
    served = [each for thread in threads for each in runs(7, thread)]
    with serve(runs=served, threads=["thread_e"]) as server:
        got: dict[str, list[str]] = defaultdict(list)
        for name, page in list_many(server, kind, [*threads, "thread_e"], limit=3, concurrency=concurrency):
            assert not isinstance(page, ThreadrunsError)
            if isinstance(page, list):
                assert len(page) <= 3
                got[name] += run_ids(page)
        assert got == {"thread_e": [], **{thread: ids(7, thread) for thread in threads}}


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_failure_does_not_affect_other_threads(kind: str) -> None:
    """A thread that fails is yielded with its error, and the other threads continue."""
    with serve(runs=[*runs(5), *runs(5, "thread_b")]) as server:
        got = list_many(server, kind, ["thread_a", "thread_none", "..", "thread_b"], limit=2, concurrency=2)
    failed = {name: outcome for name, outcome in got if isinstance(outcome, ThreadrunsError)}
    assert {name: type(error) for name, error in failed.items()} == {"thread_none": NotFoundError, "..": ArgumentError}
    assert sum(len(page) for name, page in got if isinstance(page, list)) == 10


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_failure_after_some_pages(kind: str) -> None:
    """A thread that fails on a later page keeps the pages before it."""
    with serve(runs=runs(5), faults=["status-403:every=2"]) as server:
        first, second = list_many(server, kind, ["thread_a"], limit=2)
    assert isinstance(first[1], list)
    assert run_ids(first[1]) == ids(5)[:2]
    assert isinstance(second[1], ThreadrunsError)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_thread_ids_are_read_lazily(kind: str) -> None:
    """Thread ids are read as needed, so the source may be endless, and stopping ends the reading."""
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield "thread_a"

    async def main() -> int:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            walk = client.runs.list.many(endless(), concurrency=4)
            for _ in range(10):
                await anext(walk)
            before = asyncio.all_tasks()
            await walk.aclose()
            return len(before - asyncio.all_tasks())

    with serve(runs=runs(1)) as server:
        if kind == "async":
            assert asyncio.run(main()) <= 4
        else:
            with open_client(server) as client:
                walk = client.runs.list.many(endless(), concurrency=4)
                for _ in range(10):
                    next(walk)
                walk.close()
    assert taken <= 10 + 4


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_concurrency_limits_requests(kind: str) -> None:
    """No more requests are made at a time than the concurrency allows."""
    threads = [f"thread_t{number}" for number in range(12)]
    with serve(runs=[each for thread in threads for each in runs(1, thread)], faults=["slow-response"]) as server:
        if kind == "sync":
            with open_client(server) as client:
                next(client.runs.list.many(threads, concurrency=3))
        else:

            async def main() -> None:
                async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
                    await anext(client.runs.list.many(threads, concurrency=3))

            asyncio.run(main())
        assert len(server.requests) == 3


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_429_delays_all_threads(kind: str) -> None:
    """After a 429 the requests of all threads are delayed."""
    threads = [f"thread_t{number}" for number in range(20)]
    served = [each for thread in threads for each in runs(1, thread)]
    with serve(runs=served, faults=["retry-after-short:first=3"]) as server:
        got = list_many(server, kind, threads, concurrency=4)
        assert not [outcome for _, outcome in got if isinstance(outcome, RateLimitError)]
        assert len(server.requests) == 23


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_memory_is_constant(kind: str) -> None:
    """Memory does not grow with the number of threads."""

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            for _, page in client.runs.list.many(("thread_a" for _ in range(count)), concurrency=4):
                assert isinstance(page, list | ListEnd)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    with serve(runs=runs(20)) as server, open_client(server, kind) as client:
        peak(20)
        few = peak(30)
        server.requests.clear()
        assert peak(150) < 2 * few


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_thousand_threads(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand threads are listed completely and once, although some requests fail."""
    monkeypatch.setattr("threadruns._http.retries.FIRST_WAIT", 0.0)
    threads = [f"thread_t{number:04}" for number in range(1000)]
    with serve(runs=[run(0, thread) for thread in threads], faults=["occasional-close"], catalogue=FAULTS) as server:
        events = list_many(server, kind, threads, concurrency=32, max_retries=20)
    got = {name: outcome for name, outcome in events if isinstance(outcome, list)}
    assert [len(got[thread]) for thread in threads] == [1] * 1000
    assert len(events) == 2000


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_rate_limit_applies_to_many(kind: str) -> None:
    """Threads that are listed concurrently share the rate limit of the client."""
    with serve(runs=runs(1)) as server, open_client(server, kind, max_rate=50) as client:
        started = time.monotonic()
        assert len(list(client.runs.list.many(["thread_a"] * 20, concurrency=20))) == 40
        assert time.monotonic() - started >= 19 / 50


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_single_id_is_rejected(kind: str) -> None:
    """A single id is rejected, because it would be read as a list of characters."""
    with serve(runs=runs(1)) as server, open_client(server, kind) as client:
        with pytest.raises(ArgumentError, match=r"iterable of thread ids, got the string 'thread_a'"):
            client.runs.list.many("thread_a")
        assert not server.requests


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_invalid_concurrency(kind: str) -> None:
    """An invalid concurrency is rejected before a request is made."""
    with serve() as server, open_client(server, kind) as client:
        with pytest.raises(ArgumentError, match="concurrency"):
            client.runs.list.many(["thread_a"], concurrency=0)
        assert not server.requests
