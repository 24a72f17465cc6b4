"""The progress of an iteration: which items it yields, how many it has yielded, and where it continues.

Each item is yielded once, in the order of the list. Going backward (``before`` alone) yields the items nearest to the
cursor first, which is the reverse of ``order``. Repeated items are left out and counted; items out of order are
counted.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from threadruns._errors import PagingError
from threadruns._paging.cursors import cursor_parameter, is_backward
from threadruns._paging.deduplication import Deduplicator
from threadruns._paging.protocols import Item
from threadruns._paging.tokens import ResumeState, dump_token

if TYPE_CHECKING:
    from threadruns._paging.cursors import PageRequest
    from threadruns._paging.decoding import DecodedPage

T = TypeVar("T", bound=Item)

logger = logging.getLogger("threadruns")


class WalkProgress(Generic[T]):
    """The progress of an iteration over a list.

    Args:
        request: The request for its first page.
    """

    next_request: PageRequest[T] | PagingError | None
    """The request for the next page, None after the last page, or the error that stops the iteration."""

    def __init__(self, request: PageRequest[T]) -> None:
        self.next_request = request
        self._call = call = request.call
        self._backward = is_backward(call.params)
        ascending = call.params.get("order") == "asc"
        self._deduplicator: Deduplicator[T] = Deduplicator(ascending=ascending != self._backward)
        self._unyielded = 0
        self._is_last_page = False
        self._position: str | None = None
        self.items = 0
        self.pages = 0
        self.duplicates = 0
        self.skipped = 0
        self.kept = 0

    @property
    def disorder(self) -> int:
        """The number of items that broke the order of the list."""
        return self._deduplicator.disorder

    @property
    def is_full(self) -> bool:
        """True once ``max_items`` is reached."""
        return self._call.options.max_items is not None and self.items >= self._call.options.max_items

    def require_next_request(self) -> PageRequest[T] | None:
        """Return the request for the next page, or None after the last page.

        Raises:
            PagingError: The server sent no usable cursor.
        """
        if isinstance(self.next_request, PagingError):
            raise self.next_request
        return self.next_request

    def add_page(self, request: PageRequest[T], page: DecodedPage[T]) -> list[T]:
        """Add a page, and return the items of it to yield.

        Args:
            request: The request that fetched it.
            page: The page.
        """
        disorder = self.disorder
        served = page.data[::-1] if self._backward else page.data
        new = [item for item in served if self._deduplicator.add(item)]
        max_items = self._call.options.max_items
        items = new if max_items is None else new[: max_items - self.items]
        self.pages += 1
        self.items += len(items)
        self.duplicates += len(served) - len(new)
        self.skipped += len(page.skipped)
        self.kept += len(page.kept)
        self._unyielded = len(items)
        self._is_last_page = not page.has_more and len(items) == len(new)
        if len(new) < len(served):
            logger.warning("%s: %d repeated items were left out", self._call, len(served) - len(new))
        if self.disorder > disorder:
            logger.warning("%s: %d items were out of order", self._call, self.disorder - disorder)
        self.next_request = None if self.is_full else request.next_request(page)
        return items

    def advance(self, item: T) -> None:
        """Record that an item is about to be yielded."""
        self._unyielded -= 1
        position: Any = item.id  # not always text if invalid values are kept
        if isinstance(position, str):
            self._position = position

    def advance_page(self, items: list[T]) -> None:
        """Record that the items of a page are about to be yielded, all at once."""
        self._unyielded = 0
        if items:
            self._position = items[-1].id

    @property
    def position(self) -> str | None:
        """The id of the last yielded item; None before the first one."""
        return self._position

    @property
    def left(self) -> int | None:
        """The number of items still to yield at most; None for no limit."""
        max_items = self._call.options.max_items
        return None if max_items is None else max_items - (self.items - self._unyielded)

    def token(self) -> str:
        """Return the resume token for the position after the last yielded item, as JSON text."""
        arguments = dict(self._call.arguments)
        if self._position is not None:
            arguments[cursor_parameter(self._call.params)] = self._position
        done = self._is_last_page and self._unyielded == 0
        return dump_token(self._call.operation.__name__, ResumeState(arguments, self.left, done))
