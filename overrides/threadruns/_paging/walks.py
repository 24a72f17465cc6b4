"""Iterators over all items of a list, blocking and in an event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from threadruns._errors import ClientClosedError
from threadruns._http.cancellation import PAGE_CANCELLED, CancelToken
from threadruns._http.senders import require_event_loop
from threadruns._paging.cursors import PageRequest
from threadruns._paging.decoding import decode
from threadruns._paging.prefetch import AsyncPrefetchedPage, PrefetchedPage
from threadruns._paging.protocols import Item

if TYPE_CHECKING:
    import asyncio
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
        self._closed = False

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
        return self._progress.received.pages

    @property
    def duplicates(self) -> int:
        """The number of repeated items, which were left out."""
        return self._progress.received.duplicates

    @property
    def disorder(self) -> int:
        """The number of items that were out of order; they were yielded."""
        return self._progress.received.snapshot.disorder

    @property
    def skipped(self) -> int:
        """The number of invalid items that were left out; with ``invalid="keep"``, only those that are not objects."""
        return self._progress.received.skipped

    @property
    def kept(self) -> int:
        """The number of invalid values that were kept; only with ``invalid="keep"``."""
        return self._progress.received.kept

    def __repr__(self) -> str:
        received = self._progress.received
        return f"<{type(self).__name__}: {received.items} items of {received.pages} pages>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "An iteration cannot be pickled, because it holds the connection to its server. Pickle its token."
        )


class Walk(BaseWalk[T], Iterator[T]):
    """An iterator over all items of a list that reports its progress.

    An error, or an exception of a signal handler, does not end it: the next step requests the page again. Threads may
    share it.
    """

    def __init__(self, sender: Sender, progress: WalkProgress[T], page: DecodedPage[T]) -> None:
        super().__init__(progress)
        self._sender = sender
        self._cancel_token = CancelToken()
        self._batches = iter_batches(sender, progress, page, self._cancel_token)
        # A signal handler may close the iteration within a step, so the lock can be taken again.
        self._lock = RLock()

    def __next__(self) -> T:
        while True:
            # No call stands between taking an item and returning it, because a signal handler may raise in any call.
            for item in self._progress.received.unyielded:
                return item
            with self._lock:
                if not self._progress.unyielded:  # Otherwise another thread has received a page.
                    self._receive_page()

    def _receive_page(self) -> None:
        while not self._closed:
            try:
                next(self._batches)
            except StopIteration:
                if self._progress.next_request is None:
                    raise
                # A generator that raised is finished, so another one continues at the same page. It has a token of its
                # own, because the one that ended has cancelled the page that it was prefetching.
                token = CancelToken()
                self._batches, self._cancel_token = iter_batches(self._sender, self._progress, None, token), token
            else:
                break
        if self._closed:  # perhaps by a signal handler during the step
            self._progress.close()
            raise StopIteration

    def close(self) -> None:
        """End the iteration, and cancel a page that is being requested; from any thread, and in a signal handler."""
        self._closed = True
        self._cancel_token.cancel()
        with self._lock:
            self._progress.close()
            if not is_running(self._batches):  # Otherwise this is a signal handler within a step, which now fails.
                self._batches.close()


def is_running(generator: Any) -> bool:
    """Return whether the code of a generator is being executed."""
    return bool(generator.gi_running)


def iter_batches(
    sender: Sender,
    progress: WalkProgress[T],
    page: DecodedPage[T] | None = None,
    cancel_token: CancelToken | None = None,
) -> Generator[list[T]]:
    """Receive the pages of an iteration; yield the items of each, which the progress has as well.

    Args:
        sender: Sends the calls.
        progress: The progress, to which the pages are added.
        page: The first page, if it was already received.
        cancel_token: Ends the iteration from another thread.
    """
    prefetched: PrefetchedPage | None = None
    cancel_token = cancel_token or CancelToken()
    try:
        if progress.unyielded:  # received by an iteration that was interrupted
            yield progress.received.batch
        progress.release_batch()
        while request := progress.require_next_request():
            cancel_token = cancel_token.renewed()
            if page is None:
                response = prefetched.result() if prefetched else sender.send(request.call, cancel_token)
                page = decode(request.call, response, request.number)
                del response
            progress.add_page(request, page)
            # Released before the next request: otherwise the garbage collector would move the page to an older
            # generation, and free it later.
            page = prefetched = None
            if isinstance(progress.next_request, PageRequest) and progress.next_request.call.options.prefetch:
                prefetched = PrefetchedPage(sender, progress.next_request.call, cancel_token)
            yield progress.received.batch
            progress.release_batch()
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
        self._receiver: asyncio.Task[object] | None = None
        """The task that receives a page."""

    async def __anext__(self) -> T:
        while True:
            for item in self._progress.received.unyielded:
                return item
            async with self._lock:
                if not self._progress.unyielded:  # Otherwise another task has received a page.
                    await self._receive_page()

    async def _receive_page(self) -> None:
        import asyncio

        if self._closed:
            raise StopAsyncIteration
        require_event_loop()
        self._receiver = asyncio.current_task()
        try:
            await self._next_batch()
        except asyncio.CancelledError:
            # uncancel returns the number of other requests to cancel the task, such as that of a timeout.
            if self._closed and self._receiver is not None and not self._receiver.uncancel():
                raise ClientClosedError(PAGE_CANCELLED) from None
            raise
        finally:
            self._receiver = None

    async def _next_batch(self) -> None:
        while True:
            try:
                await anext(self._batches)
            except StopAsyncIteration:
                if self._progress.next_request is None:
                    raise
                # A generator that raised is finished, and so is one whose event loop has ended: another one continues
                # at the same page.
                self._batches = iter_async_batches(self._sender, self._progress)
            else:
                return

    async def aclose(self) -> None:
        """End the iteration, and cancel a page that is being requested, also by another task."""
        import asyncio

        receiver = self._receiver
        if not self._closed and receiver is not None and receiver.get_loop() is asyncio.get_running_loop():
            receiver.cancel()
        self._closed = True
        async with self._lock:
            self._progress.close()
            await self._batches.aclose()


async def iter_async_batches(
    sender: AsyncSender, progress: WalkProgress[T], page: DecodedPage[T] | None = None
) -> AsyncGenerator[list[T]]:
    """Receive the pages of an iteration; see ``iter_batches``."""
    prefetched: AsyncPrefetchedPage | None = None
    try:
        if progress.unyielded:  # received by an iteration that was interrupted
            yield progress.received.batch
        progress.release_batch()
        while request := progress.require_next_request():
            if page is None:
                page = decode(
                    request.call,
                    await (prefetched.result() if prefetched else sender.send(request.call)),
                    request.number,
                )
            progress.add_page(request, page)
            page = prefetched = None
            if isinstance(progress.next_request, PageRequest) and progress.next_request.call.options.prefetch:
                prefetched = AsyncPrefetchedPage(sender, progress.next_request.call)
            yield progress.received.batch
            progress.release_batch()
    finally:
        if prefetched is not None:
            await prefetched.cancel()
