"""Iteration over the lists of many threads at once; an error ends only the list in which it occurs.

At most ``concurrency`` pages are requested at a time, and the next page of a list only after the caller has taken
the previous one, so memory does not grow with the number of threads or their length.

The generators never wait. They yield False if no outcome is there, and the iterators wait outside of them: so an
exception during the wait, such as that of the caller's timeout, does not end the generator.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from threadruns._errors import ArgumentError, ClientClosedError, ThreadrunsError
from threadruns._http.cancellation import PAGE_CANCELLED, CancelToken
from threadruns._http.senders import require_event_loop
from threadruns._paging.many_progress import Event, ListEnd, ListTask, ManyProgress
from threadruns._paging.protocols import Item
from threadruns._paging.walks import is_running

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


class Wakeup:
    """A flag that a thread waits for. Unlike an event of the library, a signal handler can set it at any moment."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lock.acquire()

    def set(self) -> None:
        """Set the flag, which lets one thread continue."""
        with suppress(RuntimeError):  # It is set already.
            self._lock.release()

    def wait(self) -> None:
        """Wait for the flag, and clear it."""
        self._lock.acquire()


class BaseManyWalk(Generic[T]):
    """The part that both iterators over many lists share."""

    def __init__(self, progress: ManyProgress[T]) -> None:
        self._progress = progress
        self._closed = False

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


class ManyWalk(BaseManyWalk[T], Iterator["Event[T]"]):
    """An iterator over many lists: the name of a list with a page of its items, its end, or its error.

    An exception of a signal handler does not end it. Threads may share it.
    """

    def __init__(
        self,
        progress: ManyProgress[T],
        open_walk: Callable[[ListTask[T], CancelToken], Generator[list[T]]],
        concurrency: int,
    ) -> None:
        super().__init__(progress)
        self._open_walk = open_walk
        self._concurrency = concurrency
        self._wakeup = Wakeup()
        self._cancel_token = CancelToken()
        self._events = self._start()
        # A signal handler may close the iteration within a step, so the lock can be taken again.
        self._lock = RLock()

    def _start(self) -> Generator[bool]:
        return walk_many(self._progress, self._open_walk, self._concurrency, self._cancel_token, self._wakeup)

    def __next__(self) -> Event[T]:
        while True:
            # No call stands between taking an event and returning it, because a signal handler may raise in any call.
            for event in self._progress.offer_made.events:
                return event
            try:
                if not self._step():
                    self._wakeup.wait()
                if self._closed:
                    raise ClientClosedError(PAGE_CANCELLED)
            except BaseException:
                self._wakeup.set()  # Another thread may be waiting.
                raise

    def _step(self) -> bool:
        """Return whether there is an outcome to take."""
        with self._lock:
            if self._closed:
                raise StopIteration
            if not self._progress.is_offering:
                self._restart()
                if not next(self._events):
                    return False
        self._wakeup.set()
        return True

    def _restart(self) -> None:
        if self._cancel_token.inherited:
            raise ArgumentError("many() cannot continue in a forked child; start a new iteration there.")
        events: Any = self._events
        if events.gi_frame is not None:
            return
        # The generator has ended: at the end, where there is nothing to continue, or because a signal handler raised in
        # it; then it has cancelled its requests.
        self._cancel_token = CancelToken()
        self._progress.reopen()
        self._events = self._start()

    def close(self) -> None:
        """End the iteration, and cancel the pages that are being requested; from any thread."""
        self._closed = True
        self._cancel_token.cancel()
        self._wakeup.set()
        with self._lock:
            if not is_running(self._events):  # Otherwise this is a signal handler within a step.
                self._events.close()


class AsyncManyWalk(BaseManyWalk[T], AsyncIterator["Event[T]"]):
    """An iterator over many lists for ``async for``; see ``ManyWalk``."""

    def __init__(
        self,
        progress: ManyProgress[T],
        open_walk: Callable[[ListTask[T]], AsyncGenerator[list[T]]],
        concurrency: int,
    ) -> None:
        import asyncio

        super().__init__(progress)
        self._open_walk = open_walk
        self._concurrency = concurrency
        self._wakeup = asyncio.Event()
        self._events = self._start()

    def _start(self) -> AsyncGenerator[bool]:
        return async_walk_many(self._progress, self._open_walk, self._concurrency, self._wakeup)

    async def __anext__(self) -> Event[T]:
        while not self._closed:
            for event in self._progress.offer_made.events:
                return event
            events: Any = self._events
            if events.ag_frame is None:  # See ManyWalk.
                self._progress.reopen()
                self._events = self._start()
            try:
                is_offering = await anext(self._events)
            except BaseException:
                self._wakeup.set()  # Another task may be waiting.
                raise
            if is_offering:
                self._wakeup.set()
                continue
            self._wakeup.clear()
            await self._wakeup.wait()
            if self._closed:
                raise ClientClosedError(PAGE_CANCELLED)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End the iteration, and cancel the pages that are being requested."""
        self._closed = True
        self._wakeup.set()
        await self._events.aclose()


def _end(task: ListTask[T]) -> ListEnd:
    if task.progress is None:
        return ListEnd(0, 0)
    return ListEnd(task.progress.received.items, task.progress.received.pages)


def walk_many(
    progress: ManyProgress[T],
    open_walk: Callable[[ListTask[T], CancelToken], Generator[list[T]]],
    concurrency: int,
    cancel_token: CancelToken,
    wakeup: Wakeup,
) -> Generator[bool]:
    """Iterate over many lists, page by page, with threads; yield whether there is an outcome to take.

    Args:
        progress: The lists, and what was yielded of them.
        open_walk: Starts the iteration over one of them, which ends when the token is cancelled.
        concurrency: The number of pages requested at a time.
        cancel_token: Ends the requests.
        wakeup: Set when there is an outcome.
    """
    from concurrent.futures import ThreadPoolExecutor

    def advance(task: ListTask[T], walk: Generator[list[T]] | None) -> PageResult[T, Generator[list[T]]]:
        try:
            walk = walk or open_walk(task, cancel_token)
            return PageResult(task, walk, next(walk))
        except StopIteration:
            return PageResult(task, None, _end(task))
        except ThreadrunsError as error:
            return PageResult(task, None, error)

    done: deque[Future[PageResult[T, Generator[list[T]]]]] = deque()
    active = 0

    def put(future: Future[PageResult[T, Generator[list[T]]]]) -> None:
        done.append(future)
        wakeup.set()

    with ThreadPoolExecutor(concurrency, "threadruns-many") as pool:
        try:
            while True:
                for task in progress.open(concurrency - active):
                    pool.submit(advance, task, None).add_done_callback(put)
                    active += 1
                if not active:
                    return
                while not done:
                    yield False
                task, walk, outcome = done.popleft().result()
                progress.offer(task, outcome)
                yield True
                progress.settle()
                if walk is not None:
                    pool.submit(advance, task, walk).add_done_callback(put)
                else:
                    active -= 1
        finally:
            # Ends the requests in progress; otherwise the pool would wait for their responses.
            cancel_token.cancel()


async def async_walk_many(
    progress: ManyProgress[T],
    open_walk: Callable[[ListTask[T]], AsyncGenerator[list[T]]],
    concurrency: int,
    wakeup: asyncio.Event,
) -> AsyncGenerator[bool]:
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

    done: deque[asyncio.Task[PageResult[T, AsyncGenerator[list[T]]]]] = deque()
    running: set[asyncio.Task[PageResult[T, AsyncGenerator[list[T]]]]] = set()

    def put(finished: asyncio.Task[PageResult[T, AsyncGenerator[list[T]]]]) -> None:
        done.append(finished)
        wakeup.set()

    def start(task: ListTask[T], walk: AsyncGenerator[list[T]] | None) -> None:
        started = asyncio.create_task(advance(task, walk))
        running.add(started)
        started.add_done_callback(put)

    active = 0
    try:
        while True:
            for task in progress.open(concurrency - active):
                start(task, None)
                active += 1
            if not active:
                return
            while not done:
                yield False
            finished = done.popleft()
            running.discard(finished)
            task, walk, outcome = finished.result()
            progress.offer(task, outcome)
            yield True
            progress.settle()
            if walk is not None:
                start(task, walk)
            else:
                active -= 1
    finally:
        for each in running:
            each.cancel()
        if running:
            await asyncio.wait(running)
