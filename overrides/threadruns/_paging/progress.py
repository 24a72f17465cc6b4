"""The progress of an iteration: which items it yields, how many it has yielded, and where it continues.

Each item is yielded once, in the order of the list. Going backward (``before`` alone) yields the items nearest to the
cursor first, which is the reverse of ``order``. Repeated items are left out and counted; items out of order are
counted.

A signal handler may raise at any moment, and the caller may then continue. So a page is added by one assignment, with
its items that are still to yield: before it, the page was not received; after it, none of its items can get lost.
"""

from __future__ import annotations

import logging
from operator import length_hint
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from threadruns._errors import PagingError
from threadruns._paging.cursors import PageRequest, cursor_parameter, is_backward
from threadruns._paging.deduplication import Deduplicator
from threadruns._paging.protocols import Item
from threadruns._paging.tokens import ResumeState, dump_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threadruns._paging.decoding import DecodedPage
    from threadruns._paging.deduplication import Snapshot

T = TypeVar("T", bound=Item)

logger = logging.getLogger("threadruns")


class Received(NamedTuple, Generic[T]):
    """All pages received so far, and the items of the last one."""

    next_request: PageRequest[T] | PagingError | None
    """The request for the next page, None after the last page, or the error that stops the iteration."""
    snapshot: Snapshot
    """The items received, to detect repeated ones."""
    batch: list[T]
    """The items of the last page."""
    unyielded: Iterator[T]
    """The items of the last page that are still to yield: an iterator over the batch."""
    dropped: int = 0
    """The number of items that will not be yielded, because the iteration was closed."""
    position: str | None = None
    """The id of the last item that was yielded before the batch; None if there was none."""
    is_last_page: bool = False
    items: int = 0
    pages: int = 0
    duplicates: int = 0
    skipped: int = 0
    kept: int = 0


class WalkProgress(Generic[T]):
    """The progress of an iteration over a list.

    Args:
        request: The request for its first page.
    """

    def __init__(self, request: PageRequest[T]) -> None:
        self._call = call = request.call
        self._backward = is_backward(call.params)
        ascending = call.params.get("order") == "asc"
        self._deduplicator: Deduplicator[T] = Deduplicator(ascending=ascending != self._backward)
        self.received: Received[T] = Received(request, self._deduplicator.snapshot(), [], iter(()))

    @property
    def next_request(self) -> PageRequest[T] | PagingError | None:
        """The request for the next page, None after the last page, or the error that stops the iteration."""
        return self.received.next_request

    def require_next_request(self) -> PageRequest[T] | None:
        """Return the request for the next page, or None after the last page.

        Raises:
            PagingError: The server sent no usable cursor.
        """
        if isinstance(self.next_request, PagingError):
            raise self.next_request
        return self.next_request

    def add_page(self, request: PageRequest[T], page: DecodedPage[T]) -> None:
        """Add a page, whose items are then to be yielded.

        Args:
            request: The request that fetched it.
            page: The page.
        """
        before = self.received
        served = page.data[::-1] if self._backward else page.data
        new = self._deduplicator.add_page(served, before.snapshot)
        left = self.left
        items = new if left is None else new[:left]
        self.received = Received(
            next_request=None if left is not None and len(new) >= left else request.next_request(page),
            snapshot=self._deduplicator.snapshot(),
            batch=items,
            unyielded=iter(items),
            position=self.position,
            is_last_page=not page.has_more and len(items) == len(new),
            items=before.items + len(items),
            pages=before.pages + 1,
            duplicates=before.duplicates + len(served) - len(new),
            skipped=before.skipped + len(page.skipped),
            kept=before.kept + len(page.kept),
        )
        if len(new) < len(served):
            logger.warning("%s: %d repeated items were left out", self._call, len(served) - len(new))
        if self.received.snapshot.disorder > before.snapshot.disorder:
            disorder = self.received.snapshot.disorder - before.snapshot.disorder
            logger.warning("%s: %d items were out of order", self._call, disorder)

    def release_batch(self) -> None:
        """Forget the items of the last page, all of which were yielded."""
        self.received = self.received._replace(batch=[], unyielded=iter(()), position=self.position)

    def yield_batch(self) -> None:
        """Record that the items of the last page are yielded, all at once."""
        self.received = self.received._replace(unyielded=iter(()))

    def close(self) -> None:
        """End the iteration: nothing is yielded any more."""
        self.received = self.received._replace(
            next_request=None, batch=[], unyielded=iter(()), dropped=self.unyielded, position=self.position
        )

    @property
    def unyielded(self) -> int:
        """The number of items that were received and not yielded."""
        received = self.received
        return received.dropped + length_hint(received.unyielded)

    @property
    def position(self) -> str | None:
        """The id of the last yielded item; None before the first one."""
        received = self.received
        for place in range(len(received.batch) - length_hint(received.unyielded) - 1, -1, -1):
            name: Any = received.batch[place].id  # not always text if invalid values are kept
            if isinstance(name, str):
                return name
        return received.position

    @property
    def left(self) -> int | None:
        """The number of items still to yield at most; None for no limit."""
        max_items = self._call.options.max_items
        return None if max_items is None else max_items - (self.received.items - self.unyielded)

    def token(self) -> str:
        """Return the resume token for the position after the last yielded item, as JSON text."""
        arguments = dict(self._call.arguments)
        position = self.position
        if position is not None:
            arguments[cursor_parameter(self._call.params)] = position
        done = self.received.is_last_page and self.unyielded == 0
        return dump_token(self._call.operation.__name__, ResumeState(arguments, self.left, done))
