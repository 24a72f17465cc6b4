"""Iterators over all items of a list, blocking and in an event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from threadruns._http.cancellation import CancelToken
from threadruns._paging.cursors import PageRequest
from threadruns._paging.decoding import decode
from threadruns._paging.prefetch import AsyncPrefetchedPage, PrefetchedPage
from threadruns._paging.protocols import Item

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from typing import NoReturn

    from threadruns._http.senders import AsyncSender, Sender
    from threadruns._paging.decoding import DecodedPage
    from threadruns._paging.progress import WalkProgress

T = TypeVar("T", bound=Item)


class BaseWalk(Generic[T]):
    """An iterator over all items of a list that reports its progress."""

    def __init__(self, progress: WalkProgress[T]) -> None:
        self._progress = progress
        self._items: Iterator[T] = iter(())

    @property
    def token(self) -> str:
        """A resume token for the position after the last yielded item: JSON text without the key.

        Pass it to ``resume`` of the operation, in this process or another one. It stores what is left of
        ``max_items``, and no other option.
        """
        return self._progress.token()

    @property
    def pages(self) -> int:
        """The number of pages received."""
        return self._progress.pages

    @property
    def duplicates(self) -> int:
        """The number of repeated items, which were left out."""
        return self._progress.duplicates

    @property
    def disorder(self) -> int:
        """The number of items that were out of order; they were yielded."""
        return self._progress.disorder

    @property
    def skipped(self) -> int:
        """The number of invalid items that were left out; with ``invalid="keep"``, only those that are not objects."""
        return self._progress.skipped

    @property
    def kept(self) -> int:
        """The number of invalid values that were kept; only with ``invalid="keep"``."""
        return self._progress.kept

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._progress.items} items of {self.pages} pages>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "An iteration cannot be pickled, because it holds the connection to its server. Pickle its token."
        )


class Walk(BaseWalk[T], Iterator[T]):
    """An iterator over all items of a list that reports its progress.

    An error does not end it: the next step requests the page again. Threads may share it.
    """

    def __init__(self, sender: Sender, progress: WalkProgress[T], page: DecodedPage[T]) -> None:
        super().__init__(progress)
        self._sender = sender
        self._cancel_token = CancelToken()
        self._batches = iter_batches(sender, progress, page, self._cancel_token)
        self._lock = Lock()

    def __next__(self) -> T:
        while True:
            for item in self._items:
                self._progress.advance(item)
                return item
            with self._lock:
                for item in self._items:  # Another thread may have fetched them.
                    self._progress.advance(item)
                    return item
                self._items = iter(self._next_batch())

    def _next_batch(self) -> list[T]:
        try:
            return next(self._batches)
        except StopIteration:
            raise
        except BaseException:
            # A generator that raised is finished, so it is replaced by one that continues at the same page.
            self._batches = iter_batches(self._sender, self._progress, None, self._cancel_token)
            raise

    def close(self) -> None:
        """End the iteration, and cancel a page that is being requested."""
        self._cancel_token.cancel()
        with self._lock:
            self._items = iter(())
            self._progress.next_request = None
            self._batches.close()


def iter_batches(
    sender: Sender,
    progress: WalkProgress[T],
    page: DecodedPage[T] | None = None,
    cancel_token: CancelToken | None = None,
) -> Generator[list[T]]:
    """Yield the items of an iteration, page by page.

    Args:
        sender: Sends the calls.
        progress: The progress, to which the pages are added.
        page: The first page, if it was already received.
        cancel_token: Ends the iteration from another thread.
    """
    prefetched: PrefetchedPage | None = None
    cancel_token = cancel_token or CancelToken()
    try:
        while request := progress.require_next_request():
            cancel_token = cancel_token.renewed()
            if page is None:
                response = prefetched.result() if prefetched else sender.send(request.call, cancel_token)
                page = decode(request.call, response, request.number)
                del response
            items = progress.add_page(request, page)
            # Released before the next request: otherwise the garbage collector would move the page to an older
            # generation, and free it later.
            page = prefetched = None
            if isinstance(progress.next_request, PageRequest) and progress.next_request.call.options.prefetch:
                prefetched = PrefetchedPage(sender, progress.next_request.call, cancel_token)
            yield items
    finally:
        if prefetched is not None:
            prefetched.cancel()


class AsyncWalk(BaseWalk[T], AsyncIterator[T]):
    """An iterator over all items of a list that reports its progress.

    An error, or a timeout of the caller's, does not end it: the next step requests the page again. Tasks may share it.
    """

    def __init__(self, sender: AsyncSender, progress: WalkProgress[T], page: DecodedPage[T] | None) -> None:
        import asyncio

        super().__init__(progress)
        self._sender = sender
        self._batches = iter_async_batches(sender, progress, page)
        self._lock = asyncio.Lock()

    async def __anext__(self) -> T:
        while True:
            for item in self._items:
                self._progress.advance(item)
                return item
            async with self._lock:
                for item in self._items:  # Another task may have fetched them.
                    self._progress.advance(item)
                    return item
                self._items = iter(await self._next_batch())

    async def _next_batch(self) -> list[T]:
        while True:
            try:
                return await anext(self._batches)
            except StopAsyncIteration:
                if self._progress.next_request is None:
                    raise
                # The event loop that started the generator closed it when it ended; this is another loop.
                self._batches = iter_async_batches(self._sender, self._progress)
            except BaseException:
                # A generator that raised is finished, so it is replaced by one that continues at the same page.
                self._batches = iter_async_batches(self._sender, self._progress)
                raise

    async def aclose(self) -> None:
        """End the iteration, and cancel a page that is being requested in the background."""
        async with self._lock:
            self._items = iter(())
            self._progress.next_request = None
            await self._batches.aclose()


async def iter_async_batches(
    sender: AsyncSender, progress: WalkProgress[T], page: DecodedPage[T] | None = None
) -> AsyncGenerator[list[T]]:
    """Yield the items of an iteration, page by page; see ``iter_batches``."""
    prefetched: AsyncPrefetchedPage | None = None
    try:
        while request := progress.require_next_request():
            if page is None:
                page = decode(
                    request.call,
                    await (prefetched.result() if prefetched else sender.send(request.call)),
                    request.number,
                )
            items = progress.add_page(request, page)
            page = prefetched = None
            if isinstance(progress.next_request, PageRequest) and progress.next_request.call.options.prefetch:
                prefetched = AsyncPrefetchedPage(sender, progress.next_request.call)
            yield items
    finally:
        if prefetched is not None:
            await prefetched.cancel()
