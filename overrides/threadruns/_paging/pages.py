"""Pages of a list, blocking and in an event loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from threadruns._errors import PagingError
from threadruns._paging.cursors import first_request
from threadruns._paging.decoding import decode
from threadruns._paging.progress import WalkProgress
from threadruns._paging.protocols import Item
from threadruns._paging.walks import AsyncWalk, Walk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator
    from typing import NoReturn

    import httpx

    from threadruns._errors import Kept, Skipped
    from threadruns._http.call import Call
    from threadruns._http.senders import AsyncSender, Sender
    from threadruns._paging.cursors import PageRequest
    from threadruns._paging.decoding import DecodedPage
    from threadruns._paging.protocols import ListResponse
    from threadruns._response import RawResponse

T = TypeVar("T", bound=Item)


class BasePage(Generic[T]):
    """One page of a list: ``data`` holds its items in the requested order."""

    data: list[T]
    """The items of this page."""

    first_id: str | None
    """The id of the first item; None on an empty page."""

    last_id: str | None
    """The id of the last item; None on an empty page."""

    has_more: bool
    """True if more items follow in the requested direction."""

    skipped: list[Skipped]
    """The invalid items that were left out; with ``invalid="keep"``, only those that are not objects."""

    kept: list[Kept]
    """The invalid values of this page that were kept; only with ``invalid="keep"``."""

    def __init__(self, request: PageRequest[T], response: RawResponse, page: DecodedPage[T]) -> None:
        self._request = request
        self._response = response
        self._page = page
        self.data, self.skipped, self.kept = page.data, page.skipped, page.kept
        named: tuple[Any, Any] = (page.envelope.first_id, page.envelope.last_id)
        self.first_id, self.last_id = (
            name if name is None or isinstance(name, str) else end for name, end in zip(named, page.ends, strict=True)
        )
        self.has_more = page.has_more

    @property
    def request_id(self) -> str | None:
        """The server's id of the request for this page."""
        return self._response.header("x-request-id")

    @property
    def response(self) -> httpx.Response:
        """The response as an ``httpx.Response`` with its body read; its request does not hold the key."""
        return self._response.httpx_response

    def has_next_page(self) -> bool:
        """Return whether the server has more items; sends no request."""
        return self.has_more

    def _require_next_request(self) -> PageRequest[T]:
        request = self._request.next_request(self._page)
        if request is None:
            raise PagingError(
                f"{self._request.call}: this is the last page; call has_next_page() before get_next_page()."
            )
        if isinstance(request, PagingError):
            raise request
        return request

    def __rich_repr__(self) -> Iterator[tuple[str, Any]]:
        yield "number", self._request.number
        yield "data", self.data
        yield "has_more", self.has_more

    def _repr_html_(self) -> str:
        """Return a table of the items, for notebooks."""
        from threadruns._paging.notebooks import html_table

        return html_table(repr(self)[1:-1], [item.to_dict() for item in self.data])

    def __repr__(self) -> str:
        more = "more follow" if self.has_more else "the last page"
        request = self._request
        return f"<{type(self).__name__} {request.number} of {request.call}: {len(self.data)} items, {more}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A page cannot be pickled, because it holds the connection to its server."
            " Pickle its data, or the token of an iteration."
        )


def empty_response(call: Call[Any]) -> RawResponse:
    """Return an empty page, for a list that is finished; no request is sent."""
    from threadruns._response import RawResponse

    body = b'{"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false}'
    return RawResponse(call.request.method, call.request.path, 200, [(b"content-type", b"application/json")], body)


class Page(BasePage[T]):
    """One page of a list: ``data`` holds its items; iterating yields all items of the list, from this page on."""

    def __init__(self, sender: Sender, request: PageRequest[T], response: RawResponse, page: DecodedPage[T]) -> None:
        super().__init__(request, response, page)
        self._sender = sender

    def get_next_page(self) -> Page[T]:
        """Request and return the next page.

        Raises:
            PagingError: This is the last page (see ``has_next_page``), or the server sent no usable cursor.
            APIError: The request failed.
        """
        request = self._require_next_request()
        return decode_page(self._sender, request, self._sender.send(request.call))

    def iter_pages(self) -> Iterator[Page[T]]:
        """Iterate over the pages of the list, starting with this one."""
        page = self
        yield page
        while page.has_next_page():
            page = page.get_next_page()
            yield page

    def __iter__(self) -> Walk[T]:
        """Iterate over the items of the list, from this page on. Each call starts again."""
        return Walk(self._sender, WalkProgress(self._request), self._page)


def decode_page(sender: Sender, request: PageRequest[T], response: RawResponse) -> Page[T]:
    """Decode a response into a page. This is a function, so that no traceback shows a page that is half built."""
    return Page(sender, request, response, decode(request.call, response, request.number))


class AsyncPage(BasePage[T]):
    """One page of a list: ``data`` holds its items; iterating yields all items of the list, from this page on."""

    def __init__(
        self, sender: AsyncSender, request: PageRequest[T], response: RawResponse, page: DecodedPage[T]
    ) -> None:
        super().__init__(request, response, page)
        self._sender = sender

    async def get_next_page(self) -> AsyncPage[T]:
        """Request and return the next page.

        Raises:
            PagingError: This is the last page (see ``has_next_page``), or the server sent no usable cursor.
            APIError: The request failed.
        """
        request = self._require_next_request()
        return decode_async_page(self._sender, request, await self._sender.send(request.call))

    async def iter_pages(self) -> AsyncIterator[AsyncPage[T]]:
        """Iterate over the pages of the list, starting with this one."""
        page = self
        yield page
        while page.has_next_page():
            page = await page.get_next_page()
            yield page

    def __aiter__(self) -> AsyncWalk[T]:
        """Iterate over the items of the list, from this page on. Each call starts again."""
        return AsyncWalk(self._sender, WalkProgress(self._request), self._page)


def decode_async_page(sender: AsyncSender, request: PageRequest[T], response: RawResponse) -> AsyncPage[T]:
    """Decode a response into a page; see ``decode_page``."""
    return AsyncPage(sender, request, response, decode(request.call, response, request.number))


class Pager(Generic[T]):
    """A list that is not requested yet: await it for the first page, or iterate over all items."""

    def __init__(self, sender: AsyncSender, call: Call[ListResponse[T]], *, done: bool = False) -> None:
        self._sender = sender
        self._call = call
        self._done = done

    def __await__(self) -> Generator[Any, None, AsyncPage[T]]:
        return self._first_page().__await__()

    async def _first_page(self) -> AsyncPage[T]:
        response = empty_response(self._call) if self._done else await self._sender.send(self._call)
        return decode_async_page(self._sender, first_request(self._call), response)

    def __aiter__(self) -> AsyncWalk[T]:
        """Iterate over the items of the list. Each call starts again."""
        page = decode(self._call, empty_response(self._call)) if self._done else None
        return AsyncWalk(self._sender, WalkProgress(first_request(self._call)), page)

    async def iter_pages(self) -> AsyncIterator[AsyncPage[T]]:
        """Iterate over the pages of the list."""
        async for page in (await self).iter_pages():
            yield page

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A pager cannot be pickled, because it holds the connection to its server. Make it where it is needed."
        )
