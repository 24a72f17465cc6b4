"""The runs of many threads at once."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tests.mutants.corpus import FAULTS
from tests.support.clients import names, opened
from tests.support.runs import ids, run, runs
from threadruns import ArgumentError, AsyncClient, NotFoundError, RateLimitError, Run, ThreadrunsError
from threadruns.testing import RunningServer, serve

Outcome = tuple[str, list[Run] | ThreadrunsError]


def many(server: RunningServer, kind: str, threads: Any, **options: Any) -> list[Outcome]:
    """Return everything that a walk of many threads yields."""
    if kind == "sync":
        with opened(server) as client:
            return list(client.runs.list.many(threads, **options))

    async def main() -> list[Outcome]:
        async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
            return [each async for each in client.runs.list.many(threads, **options)]

    return asyncio.run(main())


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("concurrency", [1, 3, 64])
def test_each_thread_whole(concurrency: int, kind: str) -> None:
    """Each thread comes with all its runs, page by page and in order; one without runs comes with an empty page."""
    threads = [f"thread_t{number}" for number in range(20)]
    served = [each for thread in threads for each in runs(7, thread)]
    with serve(runs=served, threads=["thread_e"]) as server:
        got: dict[str, list[str]] = defaultdict(list)
        for name, page in many(server, kind, [*threads, "thread_e"], limit=3, concurrency=concurrency):
            assert isinstance(page, list)
            assert len(page) <= 3
            got[name] += names(page)
        assert got == {"thread_e": [], **{thread: ids(7, thread) for thread in threads}}


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_failures_stay_where_they_are(kind: str) -> None:
    """A thread that fails is reported with its error, a bad id among them, and the others go on."""
    with serve(runs=[*runs(5), *runs(5, "thread_b")]) as server:
        got = many(server, kind, ["thread_a", "thread_none", "..", "thread_b"], limit=2, concurrency=2)
    failed = {name: outcome for name, outcome in got if isinstance(outcome, ThreadrunsError)}
    assert {name: type(error) for name, error in failed.items()} == {"thread_none": NotFoundError, "..": ArgumentError}
    assert sum(len(page) for name, page in got if isinstance(page, list)) == 10


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_failure_after_some_pages(kind: str) -> None:
    """A thread that fails on a later page keeps the pages that came before."""
    with serve(runs=runs(5), faults=["status-403:every=2"]) as server:
        first, second = many(server, kind, ["thread_a"], limit=2)
    assert isinstance(first[1], list)
    assert names(first[1]) == ids(5)[:2]
    assert isinstance(second[1], ThreadrunsError)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_names_are_read_as_they_are_needed(kind: str) -> None:
    """Ids are taken from their source only when there is room, so that it may be endless, and giving up ends it."""
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
            with opened(server) as client:
                walk = client.runs.list.many(endless(), concurrency=4)
                for _ in range(10):
                    next(walk)
                walk.close()
    assert taken <= 10 + 4


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_no_more_than_asked_for_at_a_time(kind: str) -> None:
    """No more pages are on their way than the concurrency allows."""
    threads = [f"thread_t{number}" for number in range(12)]
    with serve(runs=[each for thread in threads for each in runs(1, thread)], faults=["slow-response"]) as server:
        if kind == "sync":
            with opened(server) as client:
                next(client.runs.list.many(threads, concurrency=3))
        else:

            async def main() -> None:
                async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
                    await anext(client.runs.list.many(threads, concurrency=3))

            asyncio.run(main())
        assert len(server.requests) == 3


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_one_limit_holds_back_all(kind: str) -> None:
    """After a 429 the other threads wait as well, so that few requests are refused."""
    threads = [f"thread_t{number}" for number in range(20)]
    served = [each for thread in threads for each in runs(1, thread)]
    with serve(runs=served, faults=["retry-after-short:first=3"]) as server:
        got = many(server, kind, threads, concurrency=4)
        assert not [outcome for _, outcome in got if isinstance(outcome, RateLimitError)]
        assert len(server.requests) == 23


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_memory_stays_flat(kind: str) -> None:
    """What a walk of many threads holds does not grow with their number."""

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            for _, page in client.runs.list.many(("thread_a" for _ in range(count)), concurrency=4):
                assert isinstance(page, list)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    with serve(runs=runs(20)) as server, opened(server, kind) as client:
        peak(20)
        few = peak(30)
        server.requests.clear()
        assert peak(150) < 2 * few


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_thousand_threads(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand threads come whole, each once, though some requests fail on their way."""
    monkeypatch.setattr("threadruns._http.retries.FIRST_WAIT", 0.0)
    threads = [f"thread_t{number:04}" for number in range(1000)]
    with serve(runs=[run(0, thread) for thread in threads], faults=["occasional-close"], catalogue=FAULTS) as server:
        got = dict(many(server, kind, threads, concurrency=32, max_retries=20))
    assert [len(got[thread]) for thread in threads] == [1] * 1000


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_rate_holds_for_many(kind: str) -> None:
    """Threads that are walked side by side share the one rate of their client."""
    with serve(runs=runs(1)) as server, opened(server, kind, max_rate=50) as client:
        started = time.monotonic()
        assert len(list(client.runs.list.many(["thread_a"] * 20, concurrency=20))) == 20
        assert time.monotonic() - started >= 19 / 50


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_one_name_is_not_many(kind: str) -> None:
    """A single id is refused: it would be taken for a list of its letters."""
    with serve(runs=runs(1)) as server, opened(server, kind) as client:
        with pytest.raises(ArgumentError, match=r"iterable of thread ids, got the string 'thread_a'"):
            client.runs.list.many("thread_a")
        assert not server.requests


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_bad_concurrency(kind: str) -> None:
    """A concurrency that makes no sense is refused before anything is sent."""
    with serve() as server, opened(server, kind) as client:
        with pytest.raises(ArgumentError, match="concurrency"):
            client.runs.list.many(["thread_a"], concurrency=0)
        assert not server.requests
