"""The cursor rule: the request for the page after a given page.

A page whose ``has_more`` is false is the last one. Otherwise the next page starts after the last item of this one
(``after``), or, if only ``before`` was given, ends before the first item of this one. An empty page with ``has_more``,
a cursor that was used before, and one that cannot be sent stop the iteration with a ``PagingError``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from threadruns._errors import PagingError
from threadruns._paging.protocols import Item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threadruns._http.call import Call
    from threadruns._paging.decoding import DecodedPage
    from threadruns._paging.protocols import ListResponse

T = TypeVar("T", bound=Item)

MAX_CURSOR = 5000
"""The largest number of characters of a cursor. Percent-encoded, it still fits into the longest URL of httpx."""


def is_backward(params: Mapping[str, Any]) -> bool:
    """Return whether query parameters request pages towards the beginning of the list."""
    return "before" in params and "after" not in params


def cursor_parameter(params: Mapping[str, Any]) -> str:
    """Return the name of the parameter that takes the cursor of the next page."""
    return "before" if is_backward(params) else "after"


class PageRequest(Generic[T]):
    """A request for one page of a list.

    Args:
        call: The call that fetches the page.
        number: The number of the page, from 1.
        page_numbers: The page number that each cursor leads to. All requests of an iteration share it, so that
            repeating a request is allowed and a loop of cursors is detected.
    """

    __slots__ = ("call", "number", "page_numbers")

    def __init__(self, call: Call[ListResponse[T]], number: int, page_numbers: dict[str, int]) -> None:
        self.call = call
        self.number = number
        self.page_numbers = page_numbers

    def next_request(self, page: DecodedPage[T]) -> PageRequest[T] | PagingError | None:
        """Apply the cursor rule.

        Args:
            page: The page that this request fetched.

        Returns:
            The request for the next page, None after the last page, or the error that stops the iteration.
        """
        if not page.has_more:
            return None
        call, number, page_numbers = self.call, self.number, self.page_numbers
        cursor = page.ends[0 if is_backward(call.params) else 1]
        if cursor is None:
            problem = "an empty page, and there is no item" if not page.data else "a page without an item with an id"
            return PagingError(
                f"{call}: the server says that more items follow {problem} to continue from; the list is incomplete."
            )
        if not _can_be_sent(cursor):
            return PagingError(
                f"{call}: the server says that more items follow, and the item to continue from has an id that no URL"
                f" can hold: {cursor[:40]!r}; the list is incomplete.",
                cursor=cursor,
            )
        if page_numbers.setdefault(cursor, number + 1) != number + 1:
            return PagingError(
                f"{call}: the server's pages form a loop: page {number} leads to the cursor {cursor!r}, which was"
                " used before; the list is incomplete.",
                cursor=cursor,
            )
        return PageRequest(call.with_params(**{cursor_parameter(call.params): cursor}), number + 1, page_numbers)


def _can_be_sent(cursor: str) -> bool:
    """Return whether a text can be a parameter of a query, which neither lone surrogates nor very long texts can."""
    return len(cursor) <= MAX_CURSOR and (cursor.isascii() or cursor == cursor.encode("utf-8", "replace").decode())


def first_request(call: Call[ListResponse[T]]) -> PageRequest[T]:
    """Return the request for the first page of a list."""
    cursor = call.params.get(cursor_parameter(call.params))
    return PageRequest(call, 1, {cursor: 1} if cursor else {})
