"""Walks: iterations over all items of a list, which follow its course with threads or with an event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from threadruns._ahead import Ahead, AsyncAhead, Interrupt
from threadruns._cursors import Leg
from threadruns._decoding import decode
from threadruns._items import Item

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from typing import NoReturn

    from threadruns._course import Course
    from threadruns._decoding import Contents
    from threadruns._senders import AsyncSender, Sender

T = TypeVar("T", bound=Item)


class WalkOf(Generic[T]):
    """An iteration over all items of a list, which knows how far it has come."""

    def __init__(self, course: Course[T]) -> None:
        self._course = course
        self._items: Iterator[T] = iter(())

    @property
    def token(self) -> str:
        """What restarts this walk just after the item that it yielded last, in another process too: JSON, without the
        key. It holds what was left of ``max_items``, and no other option.

        Pass it to ``resume`` of the endpoint.
        """
        return self._course.token()

    @property
    def pages(self) -> int:
        """How many pages were taken in."""
        return self._course.pages

    @property
    def duplicates(self) -> int:
        """How many items came again and were left out."""
        return self._course.duplicates

    @property
    def disorder(self) -> int:
        """How many items came out of the order of the list; they were yielded."""
        return self._course.disorder

    @property
    def skipped(self) -> int:
        """How many items could not be decoded and were left out; only with ``invalid="skip"``."""
        return self._course.skipped

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._course.items} items of {self.pages} pages>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A walk cannot be pickled: it holds the connection to its server. Pickle its token.")


class Walk(WalkOf[T], Iterator[T]):
    """An iteration over all items of a list, which knows how far it has come.

    After an error it has not come to its end: the next step asks for the page again. Threads may share it.
    """

    def __init__(self, sender: Sender, course: Course[T], page: Contents[T]) -> None:
        super().__init__(course)
        self._sender = sender
        self._interrupt = Interrupt()
        self._batches = batches(sender, course, page, self._interrupt)
        self._lock = Lock()

    def __next__(self) -> T:
        while True:
            for item in self._items:
                self._course.reach(item)
                return item
            with self._lock:
                for item in self._items:  # Another thread may have been first.
                    self._course.reach(item)
                    return item
                self._items = iter(self._batch())

    def _batch(self) -> list[T]:
        try:
            return next(self._batches)
        except StopIteration:
            raise
        except BaseException:
            # A generator that has failed is at its end, and would say so.
            self._batches = batches(self._sender, self._course, None, self._interrupt)
            raise

    def close(self) -> None:
        """End the walk. A page that was asked for ahead, or by another thread, is called off."""
        self._interrupt.set()
        with self._lock:
            self._items = iter(())
            self._course.onward = None
            self._batches.close()


def batches(
    sender: Sender, course: Course[T], page: Contents[T] | None = None, interrupt: Interrupt | None = None
) -> Generator[list[T]]:
    """Yield what a walk yields, page by page.

    Args:
        sender: Sends the calls.
        course: The walk; it takes in the pages.
        page: What the first page holds, if it is there.
        interrupt: What another thread may end the walk by.
    """
    ahead: Ahead | None = None
    interrupt = interrupt or Interrupt()
    try:
        while leg := course.leg():
            interrupt = interrupt.renewed()
            page = page or decode(leg.call, ahead.take() if ahead else sender.send(leg.call, interrupt))
            items = course.enter(leg, page)
            # A page that is held while the next one is awaited moves through the generations of the garbage collector.
            page = ahead = None
            if isinstance(course.onward, Leg) and course.onward.call.options.prefetch:
                ahead = Ahead(sender, course.onward.call, interrupt)
            yield items
    finally:
        if ahead is not None:
            ahead.drop()


class AsyncWalk(WalkOf[T], AsyncIterator[T]):
    """An iteration over all items of a list, which knows how far it has come.

    After an error, or a timeout of the caller's, it has not come to its end: the next step asks for the page again.
    Tasks may share it.
    """

    def __init__(self, sender: AsyncSender, course: Course[T], page: Contents[T] | None) -> None:
        import asyncio

        super().__init__(course)
        self._sender = sender
        self._batches = async_batches(sender, course, page)
        self._lock = asyncio.Lock()

    async def __anext__(self) -> T:
        while True:
            for item in self._items:
                self._course.reach(item)
                return item
            async with self._lock:
                for item in self._items:  # Another task may have been first.
                    self._course.reach(item)
                    return item
                self._items = iter(await self._batch())

    async def _batch(self) -> list[T]:
        while True:
            try:
                return await anext(self._batches)
            except StopAsyncIteration:
                if self._course.onward is None:
                    raise
                # An event loop that ends closes what was begun in it, and this is another one.
                self._batches = async_batches(self._sender, self._course)
            except BaseException:
                # A generator that has failed is at its end, and would say so.
                self._batches = async_batches(self._sender, self._course)
                raise

    async def aclose(self) -> None:
        """End the walk. A page that was asked for ahead is called off."""
        async with self._lock:
            self._items = iter(())
            self._course.onward = None
            await self._batches.aclose()


async def async_batches(
    sender: AsyncSender, course: Course[T], page: Contents[T] | None = None
) -> AsyncGenerator[list[T]]:
    """Yield what a walk yields, page by page; see ``batches``."""
    ahead: AsyncAhead | None = None
    try:
        while leg := course.leg():
            page = page or decode(leg.call, await (ahead.take() if ahead else sender.send(leg.call)))
            items = course.enter(leg, page)
            page = ahead = None
            if isinstance(course.onward, Leg) and course.onward.call.options.prefetch:
                ahead = AsyncAhead(sender, course.onward.call)
            yield items
    finally:
        if ahead is not None:
            await ahead.drop()
