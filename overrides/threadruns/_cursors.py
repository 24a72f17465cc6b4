"""The cursor rule, written once: where a list goes on after a page.

A page whose ``has_more`` is false is the last: nothing is asked for after it. Otherwise the next page starts at the
last item of this one (``after``), or, if ``before`` was given alone, ends at the first item of this one. An empty page
that promises more, and a cursor that was followed before, stop the walk with a ``PagingError``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from threadruns._errors import PagingError
from threadruns._items import Item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threadruns._calls import Call
    from threadruns._decoding import Contents
    from threadruns._items import Listed

T = TypeVar("T", bound=Item)


def is_backward(params: Mapping[str, Any]) -> bool:
    """Say whether a list is walked towards its beginning."""
    return "before" in params and "after" not in params


class Leg(Generic[T]):
    """The way to one page: the call that brings it, and which page each cursor followed so far leads to.

    The cursors are shared by all legs of a walk, so that going a step twice is fine and going in a circle is not.
    """

    __slots__ = ("call", "leads", "number")

    def __init__(self, call: Call[Listed[T]], number: int, leads: dict[str, int]) -> None:
        self.call = call
        self.number = number
        self.leads = leads

    def onward(self, contents: Contents[T]) -> Leg[T] | PagingError | None:
        """Apply the cursor rule: return the way to the next page, None after the last one, or what is wrong with it.

        Args:
            contents: The page that this way led to.
        """
        if not contents.listed.has_more:
            return None
        call, number, leads = self.call, self.number, self.leads
        backward = is_backward(call.params)
        cursor = contents.ends[0 if backward else 1]
        if cursor is None:
            return PagingError(
                f"{call}: the server says that more items follow an empty page, and there is no item to go on from;"
                " the list is incomplete."
            )
        if leads.setdefault(cursor, number + 1) != number + 1:
            return PagingError(
                f"{call}: the server's pages go in a circle: page {number} leads to the cursor {cursor!r}, which was"
                " followed before; the list is incomplete.",
                cursor=cursor,
            )
        return Leg(call.at(**{"before" if backward else "after": cursor}), number + 1, leads)


def first_leg(call: Call[Listed[T]]) -> Leg[T]:
    """Return the way to the first page of a list."""
    given = call.params.get("before" if is_backward(call.params) else "after")
    return Leg(call, 1, {given: 1} if given else {})
