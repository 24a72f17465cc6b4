"""The lists of many threads at once; an error ends the list that it belongs to, and no other.

At most ``concurrency`` pages are requested at a time, and the next page of a list only once the caller has taken the
one before, so memory does not grow with the number of threads or their length.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from threadruns._errors import ArgumentError, ThreadrunsError
from threadruns._http.cancellation import CancelToken
from threadruns._http.senders import require_event_loop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable
    from concurrent.futures import Future

T = TypeVar("T")
W = TypeVar("W")


class PageResult(NamedTuple, Generic[T, W]):
    """The outcome of requesting the next page of a list."""

    name: str
    walk: W | None
    """The iteration, if it continues."""
    outcome: list[T] | ThreadrunsError | None
    """The items of the page, or the error; None after the last page."""


def walk_many(
    names: Iterable[str], open_walk: Callable[[str, CancelToken], Generator[list[T]]], concurrency: int
) -> Generator[tuple[str, list[T] | ThreadrunsError]]:
    """Iterate over many lists, page by page, with threads.

    Args:
        names: The names of the lists.
        open_walk: Starts the iteration over one of them, which ends when the token is cancelled.
        concurrency: The number of pages requested at a time.

    Raises:
        ArgumentError: It was started in the parent of a forked process; the child does not have its threads.
    """
    from concurrent.futures import ThreadPoolExecutor
    from queue import SimpleQueue

    def advance(name: str, walk: Generator[list[T]] | None) -> PageResult[T, Generator[list[T]]]:
        try:
            walk = walk or open_walk(name, cancel_token)
            return PageResult(name, walk, next(walk))
        except StopIteration:
            return PageResult(name, None, None)
        except ThreadrunsError as error:
            return PageResult(name, None, error)

    done: SimpleQueue[Future[PageResult[T, Generator[list[T]]]]] = SimpleQueue()
    waiting = iter(names)
    active = 0
    cancel_token = CancelToken()
    with ThreadPoolExecutor(concurrency, "threadruns-many") as pool:
        try:
            while True:
                for name in islice(waiting, concurrency - active):
                    pool.submit(advance, name, None).add_done_callback(done.put)
                    active += 1
                if not active:
                    return
                name, walk, outcome = done.get().result()
                if outcome is not None:
                    yield name, outcome
                if cancel_token.inherited:
                    raise ArgumentError("many() cannot continue in a forked child: start it there.")
                if walk is not None:
                    pool.submit(advance, name, walk).add_done_callback(done.put)
                else:
                    active -= 1
        finally:
            # Before the pool waits for its threads.
            cancel_token.cancel()


async def async_walk_many(
    names: Iterable[str], open_walk: Callable[[str], AsyncGenerator[list[T]]], concurrency: int
) -> AsyncGenerator[tuple[str, list[T] | ThreadrunsError]]:
    """Iterate over many lists, page by page, with tasks; see ``walk_many``."""
    import asyncio

    require_event_loop()

    async def advance(name: str, walk: AsyncGenerator[list[T]] | None) -> PageResult[T, AsyncGenerator[list[T]]]:
        try:
            walk = walk or open_walk(name)
            return PageResult(name, walk, await anext(walk))
        except StopAsyncIteration:
            return PageResult(name, None, None)
        except ThreadrunsError as error:
            return PageResult(name, None, error)

    done: asyncio.Queue[asyncio.Task[PageResult[T, AsyncGenerator[list[T]]]]] = asyncio.Queue()
    tasks: set[asyncio.Task[PageResult[T, AsyncGenerator[list[T]]]]] = set()

    def start(name: str, walk: AsyncGenerator[list[T]] | None) -> None:
        task = asyncio.create_task(advance(name, walk))
        tasks.add(task)
        task.add_done_callback(done.put_nowait)

    waiting = iter(names)
    active = 0
    try:
        while True:
            for name in islice(waiting, concurrency - active):
                start(name, None)
                active += 1
            if not active:
                return
            task = await done.get()
            tasks.discard(task)
            name, walk, outcome = task.result()
            if outcome is not None:
                yield name, outcome
            if walk is not None:
                start(name, walk)
            else:
                active -= 1
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
