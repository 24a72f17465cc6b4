"""The lists of many threads at once: walks side by side, each failing for itself.

At most ``concurrency`` pages are asked for at a time, and the next page of a walk only once the caller has taken the
one before, so memory stays the same however many threads there are and however long they are.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from threadruns._ahead import Interrupt
from threadruns._errors import ArgumentError, ThreadrunsError
from threadruns._senders import check_loop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable
    from concurrent.futures import Future
    from typing import Generic

    T = TypeVar("T")
    W = TypeVar("W")

    class Turn(NamedTuple, Generic[T, W]):
        """What came of asking a walk for its next page."""

        name: str
        walk: W | None
        """The walk, if it goes on."""
        outcome: list[T] | ThreadrunsError | None
        """The items of the page, or why there are none; None if the walk was at its end already."""
else:

    class Turn(NamedTuple):
        name: str
        walk: object
        outcome: object


def walk_many(
    names: Iterable[str], open_walk: Callable[[str, Interrupt], Generator[list[T]]], concurrency: int
) -> Generator[tuple[str, list[T] | ThreadrunsError]]:
    """Go through many lists, page by page, with threads.

    Args:
        names: What the lists are of.
        open_walk: Starts the walk through one of them, which ends when the interrupt is set.
        concurrency: How many pages are asked for at a time.

    Raises:
        ArgumentError: It was begun in the parent of a forked process, with threads that the child does not have.
    """
    from concurrent.futures import ThreadPoolExecutor
    from queue import SimpleQueue

    def advance(name: str, walk: Generator[list[T]] | None) -> Turn[T, Generator[list[T]]]:
        try:
            walk = walk or open_walk(name, interrupt)
            return Turn(name, walk, next(walk))
        except StopIteration:
            return Turn(name, None, None)
        except ThreadrunsError as error:
            return Turn(name, None, error)

    done: SimpleQueue[Future[Turn[T, Generator[list[T]]]]] = SimpleQueue()
    waiting = iter(names)
    active = 0
    interrupt = Interrupt()
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
                if interrupt.inherited:
                    raise ArgumentError("A walk of many threads cannot go on in a forked child: begin it there.")
                if walk is not None:
                    pool.submit(advance, name, walk).add_done_callback(done.put)
                else:
                    active -= 1
        finally:
            # Before the pool waits for its threads.
            interrupt.set()


async def async_walk_many(
    names: Iterable[str], open_walk: Callable[[str], AsyncGenerator[list[T]]], concurrency: int
) -> AsyncGenerator[tuple[str, list[T] | ThreadrunsError]]:
    """Go through many lists, page by page, with tasks; see ``walk_many``."""
    import asyncio

    check_loop()

    async def advance(name: str, walk: AsyncGenerator[list[T]] | None) -> Turn[T, AsyncGenerator[list[T]]]:
        try:
            walk = walk or open_walk(name)
            return Turn(name, walk, await anext(walk))
        except StopAsyncIteration:
            return Turn(name, None, None)
        except ThreadrunsError as error:
            return Turn(name, None, error)

    done: asyncio.Queue[asyncio.Task[Turn[T, AsyncGenerator[list[T]]]]] = asyncio.Queue()
    tasks: set[asyncio.Task[Turn[T, AsyncGenerator[list[T]]]]] = set()

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
