"""Tests of iterations that a signal handler interrupts or closes, or that another thread or task closes."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import threadruns
from tests.support.clients import HTTPX_CLIENTS, open_client, run_ids
from tests.support.runs import ids, runs
from threadruns import AsyncClient, ClientClosedError, ListEnd, Run
from threadruns.testing import serve

SILENT = "no-response:every=2"
"""The fault of a server that sends the first page and never the second."""

STEP = 7
"""Every seventh call is interrupted, to keep the tests short. With 1, each is."""

PAGING = str(Path(threadruns.__file__).parent / "_paging")


class Interruption(BaseException):
    """An exception that a signal handler raises."""


def is_interrupted(walk: Any, got: list[Any], number: int) -> bool:
    """Iterate, and raise an exception at a call of the code of iterations, or at its end, as a signal handler may.

    Args:
        walk: The iteration.
        got: The list to which what it yields is added.
        number: The number of the call.

    Returns:
        False if there were fewer calls.
    """
    left = number

    def profile(frame: FrameType, event: str, _: object) -> None:
        nonlocal left
        # An exception at the return of a function of Python would replace the value that its caller is about to take.
        if event == "return" or not frame.f_code.co_filename.startswith(PAGING):
            return
        left -= 1
        if left == 0:
            sys.setprofile(None)
            raise Interruption

    sys.setprofile(profile)
    try:
        for each in walk:
            got.append(each)
    except Interruption:
        pass
    finally:
        sys.setprofile(None)
    return left <= 0


# An exception in a generator that is being closed by the garbage collector is ignored, with a warning.
IGNORED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@IGNORED
@pytest.mark.parametrize("prefetch", [False, True])
def test_interrupted_steps_lose_nothing(prefetch: bool) -> None:
    """An exception of a signal handler, in any call of an iteration, loses and repeats no run, and does not end it."""
    with serve(runs=runs(12)) as server, open_client(server) as client:
        for number in range(1, 10_000, STEP):
            walk = iter(client.runs.list("thread_a", limit=4, prefetch=prefetch))
            got: list[Run] = []
            happened = is_interrupted(walk, got, number)
            rest = client.runs.list.resume(walk.token)
            assert run_ids(got) + run_ids(list(rest)) == ids(12)
            got += walk
            assert run_ids(got) == ids(12), number
            assert walk.duplicates == 0
            if not happened:
                return
    pytest.fail("every call was interrupted")


@IGNORED
def test_interrupted_steps_of_many_lose_nothing() -> None:
    """The same holds for an iteration over many threads."""
    threads = ["thread_a", "thread_b", "thread_c"]
    with serve(runs=[each for thread in threads for each in runs(4, thread)]) as server, open_client(server) as client:
        for number in range(1, 10_000, STEP):
            walk = client.runs.list.many(threads, limit=2, concurrency=2)
            got: list[tuple[str, Any]] = []
            happened = is_interrupted(walk, got, number)
            got += walk
            for thread in threads:
                pages = [page for name, page in got if name == thread and isinstance(page, list)]
                assert run_ids([run for page in pages for run in page]) == ids(4, thread), number
                assert sum(name == thread and isinstance(each, ListEnd) for name, each in got) == 1
            if not happened:
                return
    pytest.fail("every call was interrupted")


@IGNORED
def test_repeated_runs_are_detected_after_an_interruption() -> None:
    """Runs that the server repeats, also out of order, are left out when a page is added again."""
    with serve(runs=runs(9), faults=["after-inclusive"]) as server, open_client(server) as client:
        expected = run_ids(list(client.runs.list("thread_a", limit=3)))
        for number in range(1, 10_000, STEP):
            walk = iter(client.runs.list("thread_a", limit=3))
            got: list[Run] = []
            happened = is_interrupted(walk, got, number)
            got += walk
            assert run_ids(got) == expected
            if not happened:
                return
    pytest.fail("every call was interrupted")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer of the system")
@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("prefetch", [False, True])
def test_signal_handler_closes_an_iteration(prefetch: bool, many: bool) -> None:
    """A signal handler can close an iteration that waits for a page: the page is cancelled, and the step raises."""
    with serve(runs=runs(40), faults=[SILENT]) as server, open_client(server) as client:
        walk: Any
        if many:
            walk = client.runs.list.many(["thread_a"], limit=10, prefetch=prefetch)
        else:
            walk = iter(client.runs.list("thread_a", limit=10, prefetch=prefetch))

        def handler(*_: object) -> None:
            if len(server.requests) < 2:
                signal.setitimer(signal.ITIMER_REAL, 0.05)
                return
            walk.close()

        before = signal.signal(signal.SIGALRM, handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(ClientClosedError, match="closed while a page was requested"):
                list(walk)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert list(walk) == []


def test_other_thread_closes_many() -> None:
    """Another thread can close an iteration over many threads while its step waits for a page."""
    with serve(runs=runs(40), faults=["no-response"]) as server, open_client(server) as client:
        walk = client.runs.list.many(["thread_a", "thread_b"])
        problems: list[BaseException] = []

        def work() -> None:
            try:
                next(walk)
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        while len(server.requests) < 2:
            time.sleep(0.01)
        walk.close()
        for thread in threads:
            thread.join(20)
        assert len(problems) == 3
        assert all(isinstance(each, ClientClosedError | StopIteration) for each in problems)
        assert any(isinstance(each, ClientClosedError) for each in problems)


async def closed_while_waiting(client: AsyncClient, requests: Callable[[], int], **options: Any) -> None:
    many = options.pop("many")
    walk: Any
    if many:
        walk = client.runs.list.many(["thread_a"], limit=10, **options)
    else:
        walk = aiter(client.runs.list("thread_a", limit=10, **options))

    async def read() -> None:
        async for _ in walk:
            pass

    readers = [asyncio.create_task(read()) for _ in range(3)]
    while requests() < 2:
        await asyncio.sleep(0.01)
    async with asyncio.timeout(20):
        await walk.aclose()
        outcomes = await asyncio.gather(*readers, return_exceptions=True)
    assert any(isinstance(outcome, ClientClosedError) for outcome in outcomes)
    assert all(outcome is None or isinstance(outcome, ClientClosedError) for outcome in outcomes)
    assert [each async for each in walk] == []


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("prefetch", [False, True])
def test_other_task_closes_an_iteration(prefetch: bool, many: bool) -> None:
    """Another task can close an iteration that waits for a page: the page is cancelled, and each waiting step ends."""
    with serve(runs=runs(40), faults=[SILENT]) as server:

        async def main() -> None:
            async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
                await closed_while_waiting(client, lambda: len(server.requests), prefetch=prefetch, many=many)

        asyncio.run(main())


def test_close_keeps_a_cancellation_of_the_caller() -> None:
    """A step that is cancelled by its own program, and closed at the same time, is cancelled."""
    with serve(runs=runs(40), faults=[SILENT]) as server:

        async def main() -> None:
            async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
                walk = aiter(client.runs.list("thread_a", limit=40))

                async def read() -> None:
                    async for _ in walk:
                        pass
                    async for _ in client.runs.list("thread_a"):
                        pass

                await client.runs.list("thread_a", limit=1)
                reader = asyncio.create_task(read())
                while len(server.requests) < 2:
                    await asyncio.sleep(0.01)
                reader.cancel()
                await walk.aclose()
                with pytest.raises(asyncio.CancelledError):
                    await reader

        asyncio.run(main())


def test_own_timeout_does_not_end_many() -> None:
    """If the caller's timeout ends a step of many, the pages are still requested, and a later step yields them."""
    threads = ["thread_a", "thread_b"]
    with serve(runs=[*runs(6), *runs(6, "thread_b")], faults=["slow-response"]) as server:

        async def main() -> None:
            async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
                walk = client.runs.list.many(threads, limit=3)
                got: list[Run] = []
                ends = timeouts = 0
                while ends < 2:
                    try:
                        async with asyncio.timeout(0.01):
                            _, outcome = await anext(walk)
                    except TimeoutError:
                        timeouts += 1
                        continue
                    if isinstance(outcome, list):
                        got += outcome
                    ends += isinstance(outcome, ListEnd)
                assert sorted(run_ids(got)) == sorted([*ids(6), *ids(6, "thread_b")])
                assert timeouts
                assert len(server.requests) == 4

        asyncio.run(main())


@pytest.mark.parametrize("kind", HTTPX_CLIENTS)
def test_threads_and_tasks_share_many(kind: str) -> None:
    """Threads or tasks can share an iteration over many threads; each page is yielded to one of them."""
    names = [f"thread_{number}" for number in range(6)]
    with serve(runs=[each for name in names for each in runs(6, name)]) as server:
        got: list[Run] = []

        def take(outcome: object) -> None:
            if isinstance(outcome, list):
                got.extend(outcome)

        def work(walk: Any) -> None:
            for _, outcome in walk:
                take(outcome)

        async def main() -> None:
            async with AsyncClient(api_key=server.api_key, base_url=server.url) as client:
                walk = client.runs.list.many(names, limit=2, concurrency=3)

                async def read() -> None:
                    async for _, outcome in walk:
                        take(outcome)

                async with asyncio.timeout(20):
                    await asyncio.gather(*[read() for _ in range(4)])

        if kind == "sync":
            with open_client(server) as client:
                walk = client.runs.list.many(names, limit=2, concurrency=3)
                threads = [threading.Thread(target=work, args=(walk,), daemon=True) for _ in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(20)
                assert not any(thread.is_alive() for thread in threads)
        else:
            asyncio.run(main())
        assert sorted(run_ids(got)) == sorted(each for name in names for each in ids(6, name))


@pytest.mark.parametrize("kind", HTTPX_CLIENTS)
def test_exception_of_the_names_does_not_end_many(kind: str) -> None:
    """If reading the names raises, a later step continues with the threads that were not finished."""

    class Names:
        def __init__(self) -> None:
            self.given = iter(["thread_a", "", "thread_b"])

        def __iter__(self) -> Names:
            return self

        def __next__(self) -> str:
            name = next(self.given)
            if not name:
                raise OSError
            return name

    with serve(runs=[*runs(3), *runs(3, "thread_b")]) as server, open_client(server, kind) as client:
        walk = client.runs.list.many(Names(), concurrency=2)
        got: list[Run] = []
        with suppress(OSError):
            got += [run for _, outcome in walk if isinstance(outcome, list) for run in outcome]
        got += [run for _, outcome in walk if isinstance(outcome, list) for run in outcome]
        assert sorted(run_ids(got)) == sorted([*ids(3), *ids(3, "thread_b")])
