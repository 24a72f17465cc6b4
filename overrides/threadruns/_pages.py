"""Pages of lists, as the client returns them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from threadruns._course import Course
from threadruns._cursors import first_leg
from threadruns._decoding import decode
from threadruns._errors import PagingError
from threadruns._items import Item
from threadruns._walks import AsyncWalk, Walk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator
    from typing import NoReturn

    import httpx

    from threadruns._calls import Call
    from threadruns._cursors import Leg
    from threadruns._decoding import Contents
    from threadruns._errors import Skipped
    from threadruns._items import Listed
    from threadruns._senders import AsyncSender, Sender
    from threadruns._transport import Answer

T = TypeVar("T", bound=Item)


class PageOf(Generic[T]):
    """A page of a list: ``data`` holds its items in the order that was asked for."""

    data: list[T]
    """The items of this page."""

    first_id: str | None
    """The id of the first item; None if there is none."""

    last_id: str | None
    """The id of the last item; None if there is none."""

    has_more: bool
    """Whether items are left beyond this page in the direction walked."""

    skipped: list[Skipped]
    """The items of this page that could not be decoded; only with ``invalid="skip"``."""

    def __init__(self, leg: Leg[T], answer: Answer, contents: Contents[T]) -> None:
        self._leg = leg
        self._answer = answer
        self._contents = contents
        self.data, self.skipped = contents.data, contents.skipped
        self.first_id, self.last_id = contents.listed.first_id, contents.listed.last_id
        self.has_more = contents.listed.has_more

    @property
    def request_id(self) -> str | None:
        """The server's name for the exchange that brought this page."""
        return self._answer.header("x-request-id")

    @property
    def response(self) -> httpx.Response:
        """The answer that brought this page, its body read; the request that it holds is without the key."""
        return self._answer.response

    def has_next_page(self) -> bool:
        """Say whether the server has more items; costs no request."""
        return self.has_more

    def _require_next_leg(self) -> Leg[T]:
        leg = self._leg.onward(self._contents)
        if leg is None:
            raise PagingError(f"{self._leg.call}: this is the last page; ask has_next_page() before get_next_page().")
        if isinstance(leg, PagingError):
            raise leg
        return leg

    def __repr__(self) -> str:
        more = "more follow" if self.has_more else "the last page"
        return f"<{type(self).__name__} {self._leg.number} of {self._leg.call}: {len(self.data)} items, {more}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A page cannot be pickled: it holds the connection to its server. Pickle its data, or the token of a walk."
        )


def nothing_left(call: Call[Any]) -> Answer:
    """Return the answer of a server of which a list has nothing left, without asking it."""
    from threadruns._transport import Answer

    body = b'{"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false}'
    return Answer(call.request.method, call.request.path, 200, [(b"content-type", b"application/json")], body)


class Page(PageOf[T]):
    """A page of a list: ``data`` holds its items; iterating goes through all items of the list, from this page on."""

    def __init__(self, sender: Sender, leg: Leg[T], answer: Answer, contents: Contents[T]) -> None:
        super().__init__(leg, answer, contents)
        self._sender = sender

    def get_next_page(self) -> Page[T]:
        """Return the next page.

        Raises:
            PagingError: There is none (see ``has_next_page``), or the server's cursors lead nowhere.
            APIError: It could not be had.
        """
        leg = self._require_next_leg()
        return page_of(self._sender, leg, self._sender.send(leg.call))

    def iter_pages(self) -> Iterator[Page[T]]:
        """Go through the pages of the list, this one first, as the server sends them."""
        page = self
        yield page
        while page.has_next_page():
            page = page.get_next_page()
            yield page

    def __iter__(self) -> Walk[T]:
        """Go through the items of the list, from this page on. Each call starts again."""
        return Walk(self._sender, Course(self._leg), self._contents)


def page_of(sender: Sender, leg: Leg[T], answer: Answer) -> Page[T]:
    """Decode an answer into a page. Outside of the page, so that no traceback shows one that is half made."""
    return Page(sender, leg, answer, decode(leg.call, answer))


class AsyncPage(PageOf[T]):
    """A page of a list: ``data`` holds its items; iterating goes through all items of the list, from this page on."""

    def __init__(self, sender: AsyncSender, leg: Leg[T], answer: Answer, contents: Contents[T]) -> None:
        super().__init__(leg, answer, contents)
        self._sender = sender

    async def get_next_page(self) -> AsyncPage[T]:
        """Return the next page.

        Raises:
            PagingError: There is none (see ``has_next_page``), or the server's cursors lead nowhere.
            APIError: It could not be had.
        """
        leg = self._require_next_leg()
        return async_page_of(self._sender, leg, await self._sender.send(leg.call))

    async def iter_pages(self) -> AsyncIterator[AsyncPage[T]]:
        """Go through the pages of the list, this one first, as the server sends them."""
        page = self
        yield page
        while page.has_next_page():
            page = await page.get_next_page()
            yield page

    def __aiter__(self) -> AsyncWalk[T]:
        """Go through the items of the list, from this page on. Each call starts again."""
        return AsyncWalk(self._sender, Course(self._leg), self._contents)


def async_page_of(sender: AsyncSender, leg: Leg[T], answer: Answer) -> AsyncPage[T]:
    """Decode an answer into a page; see ``page_of``."""
    return AsyncPage(sender, leg, answer, decode(leg.call, answer))


class Pager(Generic[T]):
    """A list that has not been asked for yet: await it for its first page, or iterate over all its items."""

    def __init__(self, sender: AsyncSender, call: Call[Listed[T]], *, done: bool = False) -> None:
        self._sender = sender
        self._call = call
        self._done = done

    def __await__(self) -> Generator[Any, None, AsyncPage[T]]:
        return self._first().__await__()

    async def _first(self) -> AsyncPage[T]:
        answer = nothing_left(self._call) if self._done else await self._sender.send(self._call)
        return async_page_of(self._sender, first_leg(self._call), answer)

    def __aiter__(self) -> AsyncWalk[T]:
        """Go through the items of the list. Each call starts again."""
        leg = first_leg(self._call)
        page = decode(self._call, nothing_left(self._call)) if self._done else None
        return AsyncWalk(self._sender, Course(leg), page)

    async def iter_pages(self) -> AsyncIterator[AsyncPage[T]]:
        """Go through the pages of the list, as the server sends them."""
        async for page in (await self).iter_pages():
            yield page

    def __reduce__(self) -> NoReturn:
        raise TypeError("A pager cannot be pickled: it holds the connection to its server. Make it where it is needed.")
