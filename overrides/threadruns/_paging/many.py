"""Iteration over the lists of many threads at once; an error ends only the list in which it occurs.

At most ``concurrency`` pages are requested at a time, and the next page of a list only after the caller has taken
the previous one, so memory does not grow with the number of threads or their length.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from threadruns._errors import ArgumentError, ThreadrunsError
from threadruns._http.cancellation import CancelToken
from threadruns._http.senders import require_event_loop
from threadruns._paging.many_progress import ListEnd, ListTask, ManyProgress
from threadruns._paging.protocols import Item

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable, Generator
    from concurrent.futures import Future
    from typing import NoReturn

T = TypeVar("T", bound=Item)
W = TypeVar("W")


class PageResult(NamedTuple, Generic[T, W]):
    """The outcome of requesting the next page of a list."""

    task: ListTask[T]
    walk: W | None
    """The iteration, if it continues."""
    outcome: list[T] | ListEnd | ThreadrunsError
    """The items of the page, the end after the last page, or the error."""


class BaseManyWalk(Generic[T]):
    """The part that both iterators over many lists share."""

    def __init__(self, progress: ManyProgress[T]) -> None:
        self._progress = progress

    @property
    def token(self) -> str:
        """A resume token for what was not yielded yet: JSON text without the key.

        Pass it to ``resume_many`` of the operation, with the same names. If it is saved in one transaction with what
        was yielded, each item is saved exactly once; if it is saved afterwards, at least once.
        """
        return self._progress.token()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "An iteration cannot be pickled, because it holds the connection to its server. Pickle its token."
        )


class ManyWalk(BaseManyWalk[T], Iterator[tuple[str, "list[T] | ListEnd | ThreadrunsError"]]):
    """An iterator over many lists: the name of a list with a page of its items, its end, or its error."""

    def __init__(
        self,
        progress: ManyProgress[T],
        open_walk: Callable[[ListTask[T], CancelToken], Generator[list[T]]],
        concurrency: int,
    ) -> None:
        super().__init__(progress)
        self._events = walk_many(progress, open_walk, concurrency)

    def __next__(self) -> tuple[str, list[T] | ListEnd | ThreadrunsError]:
        return next(self._events)

    def close(self) -> None:
        """End the iteration, and cancel the pages that are being requested."""
        self._events.close()


class AsyncManyWalk(BaseManyWalk[T], AsyncIterator[tuple[str, "list[T] | ListEnd | ThreadrunsError"]]):
    """An iterator over many lists for ``async for``; see ``ManyWalk``."""

    def __init__(
        self,
        progress: ManyProgress[T],
        open_walk: Callable[[ListTask[T]], AsyncGenerator[list[T]]],
        concurrency: int,
    ) -> None:
        super().__init__(progress)
        self._events = async_walk_many(progress, open_walk, concurrency)

    async def __anext__(self) -> tuple[str, list[T] | ListEnd | ThreadrunsError]:
        return await anext(self._events)

    async def aclose(self) -> None:
        """End the iteration, and cancel the pages that are being requested."""
        await self._events.aclose()


def _end(task: ListTask[T]) -> ListEnd:
    return ListEnd(task.progress.items, task.progress.pages) if task.progress else ListEnd(0, 0)


def walk_many(
    progress: ManyProgress[T],
    open_walk: Callable[[ListTask[T], CancelToken], Generator[list[T]]],
    concurrency: int,
) -> Generator[tuple[str, list[T] | ListEnd | ThreadrunsError]]:
    """Iterate over many lists, page by page, with threads.

    Args:
        progress: The lists, and what was yielded of them.
        open_walk: Starts the iteration over one of them, which ends when the token is cancelled.
        concurrency: The number of pages requested at a time.

    Raises:
        ArgumentError: The iteration is continued in a forked child, which does not have its threads.
    """
    from concurrent.futures import ThreadPoolExecutor
    from queue import SimpleQueue

    def advance(task: ListTask[T], walk: Generator[list[T]] | None) -> PageResult[T, Generator[list[T]]]:
        try:
            walk = walk or open_walk(task, cancel_token)
            return PageResult(task, walk, next(walk))
        except StopIteration:
            return PageResult(task, None, _end(task))
        except ThreadrunsError as error:
            return PageResult(task, None, error)

    done: SimpleQueue[Future[PageResult[T, Generator[list[T]]]]] = SimpleQueue()
    active = 0
    cancel_token = CancelToken()
    with ThreadPoolExecutor(concurrency, "threadruns-many") as pool:
        try:
            while True:
                for task in progress.open(concurrency - active):
                    pool.submit(advance, task, None).add_done_callback(done.put)
                    active += 1
                if not active:
                    return
                task, walk, outcome = done.get().result()
                progress.record(task, outcome)
                yield task.state.name, outcome
                if cancel_token.inherited:
                    raise ArgumentError("many() cannot continue in a forked child; start a new iteration there.")
                if walk is not None:
                    pool.submit(advance, task, walk).add_done_callback(done.put)
                else:
                    active -= 1
        finally:
            # Ends the requests in progress; otherwise the pool would wait for their responses.
            cancel_token.cancel()


async def async_walk_many(
    progress: ManyProgress[T], open_walk: Callable[[ListTask[T]], AsyncGenerator[list[T]]], concurrency: int
) -> AsyncGenerator[tuple[str, list[T] | ListEnd | ThreadrunsError]]:
    """Iterate over many lists, page by page, with tasks; see ``walk_many``."""
    import asyncio

    require_event_loop()

    async def advance(
        task: ListTask[T], walk: AsyncGenerator[list[T]] | None
    ) -> PageResult[T, AsyncGenerator[list[T]]]:
        try:
            walk = walk or open_walk(task)
            return PageResult(task, walk, await anext(walk))
        except StopAsyncIteration:
            return PageResult(task, None, _end(task))
        except ThreadrunsError as error:
            return PageResult(task, None, error)

    done: asyncio.Queue[asyncio.Task[PageResult[T, AsyncGenerator[list[T]]]]] = asyncio.Queue()
    running: set[asyncio.Task[PageResult[T, AsyncGenerator[list[T]]]]] = set()

    def start(task: ListTask[T], walk: AsyncGenerator[list[T]] | None) -> None:
        started = asyncio.create_task(advance(task, walk))
        running.add(started)
        started.add_done_callback(done.put_nowait)

    active = 0
    try:
        while True:
            for task in progress.open(concurrency - active):
                start(task, None)
                active += 1
            if not active:
                return
            finished = await done.get()
            running.discard(finished)
            task, walk, outcome = finished.result()
            progress.record(task, outcome)
            yield task.state.name, outcome
            if walk is not None:
                start(task, walk)
            else:
                active -= 1
    finally:
        for each in running:
            each.cancel()
        if running:
            await asyncio.wait(running)
