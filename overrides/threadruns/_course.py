"""The course of a walk: which items of the pages it yields, how far it has come, and where it goes on.

A walk yields each item once, in the order of the list; one that goes backward (``before`` alone) yields the items
nearest to its start first, which is the reverse of ``order``. Items that come twice are left out and counted, items
out of order are counted.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Generic, TypeVar

from threadruns._cursors import is_backward
from threadruns._errors import PagingError
from threadruns._items import Item
from threadruns._seen import Seen
from threadruns._tokens import Rest, token_of

if TYPE_CHECKING:
    from threadruns._cursors import Leg
    from threadruns._decoding import Contents

T = TypeVar("T", bound=Item)

logger = logging.getLogger("threadruns")


class Course(Generic[T]):
    """How far a walk has come: what it has yielded, what it has left out, and where it goes on.

    Args:
        leg: The way to its first page.
    """

    onward: Leg[T] | PagingError | None
    """The way to the next page, None after the last one, or what is wrong with it."""

    def __init__(self, leg: Leg[T]) -> None:
        self.onward = leg
        self._call = call = leg.call
        self._backward = is_backward(call.params)
        ascending = call.params.get("order") == "asc"
        self._seen: Seen[T] = Seen(ascending=ascending != self._backward)
        self._left = 0
        self._last = False
        self._position: str | None = None
        self.items = 0
        self.pages = 0
        self.duplicates = 0
        self.skipped = 0

    @property
    def disorder(self) -> int:
        """How many items came out of order."""
        return self._seen.disorder

    @property
    def full(self) -> bool:
        """Whether the walk has as many items as were asked for."""
        return self._call.options.max_items is not None and self.items >= self._call.options.max_items

    def leg(self) -> Leg[T] | None:
        """Return the way to the next page, or None after the last one.

        Raises:
            PagingError: The server's cursors lead nowhere.
        """
        if isinstance(self.onward, PagingError):
            raise self.onward
        return self.onward

    def enter(self, leg: Leg[T], page: Contents[T]) -> list[T]:
        """Take in a page, and return what the walk yields of it.

        Args:
            leg: The way that led to it.
            page: What it holds.
        """
        disorder = self.disorder
        served = page.data[::-1] if self._backward else page.data
        new = [item for item in served if self._seen.add(item)]
        most = self._call.options.max_items
        items = new if most is None else new[: most - self.items]
        self.pages += 1
        self.items += len(items)
        self.duplicates += len(served) - len(new)
        self.skipped += len(page.skipped)
        self._left = len(items)
        self._last = not page.listed.has_more and len(items) == len(new)
        if len(new) < len(served):
            logger.warning("%s: %d items came again and were left out", self._call, len(served) - len(new))
        if self.disorder > disorder:
            logger.warning("%s: %d items came out of order", self._call, self.disorder - disorder)
        self.onward = None if self.full else leg.onward(page)
        return items

    def reach(self, item: T) -> None:
        """Note that an item is about to be yielded."""
        self._left -= 1
        self._position = item.id

    def token(self) -> str:
        """Return what restarts the walk after the item that was yielded last, as JSON text."""
        arguments = dict(self._call.arguments)
        if self._position is not None:
            arguments["before" if self._backward else "after"] = self._position
        most = self._call.options.max_items
        left = None if most is None else most - (self.items - self._left)
        return token_of(self._call.operation.__name__, Rest(arguments, left, self._last and self._left == 0))
