"""Pages and walks: the cursor rule, written once, and the drivers that follow it.

The rule. A page whose ``has_more`` is false is the last: nothing is asked for after it. Otherwise the next page starts
at the last item of this one (``after``), or, if ``before`` was given alone, ends at the first item of this one. An
empty page that promises more, and a cursor that was followed before, stop the walk with a ``PagingError``.

A walk yields each item once, in the order of the list; one that goes backward (``before`` alone) yields the items
nearest to its start first, which is the reverse of ``order``. Items that come twice are left out and counted, items
out of order are counted.
"""

from __future__ import annotations

import json
import logging
from array import array
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, Self, TypeVar

from threadruns._ahead import Ahead, AsyncAhead, Interrupt
from threadruns._errors import APIResponseValidationError, ArgumentError, PagingError, Skipped, excerpt
from threadruns._json import is_array, is_object
from threadruns._wire import DecodeError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterable, Mapping, Sequence
    from typing import NoReturn

    import httpx

    from threadruns._calls import Call
    from threadruns._senders import AsyncSender, Sender
    from threadruns._transport import Answer

PAGE_SIZE = 100
"""Items that a page is asked to hold unless ``limit`` says otherwise: the most that the API allows."""

logger = logging.getLogger("threadruns")


class Item(Protocol):
    """What lists hold."""

    @property
    def id(self) -> str:
        """The id, which is also a cursor."""
        ...

    @property
    def created_at(self) -> int:
        """What the list is ordered by, in Unix seconds."""
        ...


T = TypeVar("T", bound=Item)
T_co = TypeVar("T_co", covariant=True)


class Listed(Protocol[T_co]):
    """What a list endpoint answers with."""

    @property
    def data(self) -> Sequence[T_co]:
        """The items of the page."""
        ...

    @property
    def first_id(self) -> str | None:
        """The id of the first item."""
        ...

    @property
    def last_id(self) -> str | None:
        """The id of the last item."""
        ...

    @property
    def has_more(self) -> bool:
        """Whether items are left in the direction walked."""
        ...

    @classmethod
    def from_dict(cls, source: Mapping[str, Any], /) -> Self:
        """Decode a parsed body."""
        ...

    @classmethod
    def from_json(cls, content: bytes | str, /) -> Self:
        """Decode a body."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        ...


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


def first_leg(call: Call[Listed[T]]) -> Leg[T]:
    """Return the way to the first page of a list."""
    given = call.params.get("before" if is_backward(call.params) else "after")
    return Leg(call, 1, {given: 1} if given else {})


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
        self._ends = contents.ends
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

    def next_leg(self) -> Leg[T] | PagingError | None:
        """Apply the cursor rule: return the way to the next page, None after the last one, or what is wrong with it."""
        if not self.has_more:
            return None
        call, number, leads = self._leg.call, self._leg.number, self._leg.leads
        backward = is_backward(call.params)
        cursor = self._ends[0 if backward else 1]
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

    def _require_next_leg(self) -> Leg[T]:
        leg = self.next_leg()
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


class Contents(Generic[T]):
    """What a page holds, decoded."""

    __slots__ = ("data", "ends", "listed", "skipped")

    def __init__(self, listed: Listed[T], skipped: list[Skipped], ends: tuple[str | None, str | None]) -> None:
        self.listed = listed
        self.data = listed.data if isinstance(listed.data, list) else list(listed.data)
        self.skipped = skipped
        self.ends = ends


def decode(call: Call[Listed[T]], answer: Answer) -> Contents[T]:
    """Decode a page; an item that does not decode does not take the others with it.

    Raises:
        APIResponseValidationError: The page is not what the contract says, or an item and ``invalid`` is "raise".
    """
    listed = None
    # What goes wrong is said by an error of its own, without this one, which holds the body as it came.
    with suppress(DecodeError):
        listed = call.request.model.from_json(answer.body)
    if listed is None:
        return _salvaged(call, answer)
    # The ids of the items are what the server accepts as cursors, whatever the envelope says.
    ends = (listed.data[0].id, listed.data[-1].id) if listed.data else (None, None)
    return Contents(listed, [], ends)


def _salvaged(call: Call[Listed[T]], answer: Answer) -> Contents[T]:
    """Decode what can be decoded of a page.

    Raises:
        APIResponseValidationError: It is no page at all, or an item cannot be decoded and ``invalid`` is "raise".
    """
    raw = _parse(call, answer)
    data = raw.get("data") if is_object(raw) else None
    items = data if is_array(data) else []
    places = list(range(len(items)))
    skipped: list[Skipped] = []
    while True:
        try:
            listed = call.request.model.from_dict(raw)
            break
        except DecodeError as error:
            match error.path:
                case ("data", int(index), *rest) if index < len(places):
                    place = places.pop(index)
                    skipped.append(Skipped(("data", place, *rest), error.problem, items[place]))
                    raw = {**raw, "data": [items[place] for place in places]}
                case _:
                    raise _invalid(call, answer, f"{error}.", error.path, error.problem) from None
    contents = Contents(listed, skipped, (_first_id(items), _first_id(reversed(items))))
    if skipped:
        _report(call, answer, contents, len(items))
    return contents


def _first_id(items: Iterable[Any]) -> str | None:
    ids = (item.get("id") for item in items if is_object(item))
    return next((id for id in ids if isinstance(id, str)), None)


def _report(call: Call[Any], answer: Answer, contents: Contents[Any], total: int) -> None:
    path, problem, _ = contents.skipped[0]
    summary = f"{len(contents.skipped)} of {total} items of the page cannot be decoded, the first at {_dotted(path)}"
    if call.options.invalid == "skip":
        logger.warning("%s: %s: %s", call, summary, problem)
        return
    error = _invalid(call, answer, f"{summary}: {problem}.", path, problem)
    error.items, error.skipped = contents.data, contents.skipped
    raise error


def _parse(call: Call[Any], answer: Answer) -> Any:
    from threadruns._wire import parse_json

    try:
        return parse_json(answer.body)
    except DecodeError:
        pass  # Left before the error is raised: it holds the body as it came, and would be its context.
    kind = answer.header("content-type") or "none"
    begins = excerpt(answer.redacted().body[:20_000].decode("utf-8", "replace"), markup=True)
    raise _invalid(call, answer, f"the body is no JSON (content type {kind[:80]!r}); it begins with {begins!r}.")


def _invalid(
    call: Call[Any], answer: Answer, problem: str, path: tuple[str | int, ...] = (), field: str = ""
) -> APIResponseValidationError:
    message = f"the server answered {answer.status}, but {problem}"
    return APIResponseValidationError(message, call=str(call), answer=answer.redacted(), path=path, field=field)


def _dotted(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


class Seen(Generic[T]):
    """Which items of an ordered list have come, in eight bytes an item.

    As long as a list keeps its order, an item can only come again among those of its own second, so the ids of that
    second are enough. For a list that does not, and for a second with very many items, a hash of every id is kept.
    """

    CROWD = 10_000
    """Ids of one second that are kept at most."""

    def __init__(self, *, ascending: bool) -> None:
        self._sign = 1 if ascending else -1
        self._newest: int | None = None
        self._ids: set[str] = set()
        self._hashes = array("q")
        self._index: Hashes | None = None
        self.disorder = 0

    def add(self, item: T) -> bool:
        """Note an item, and say whether it has not come before."""
        name, moment, newest = item.id, item.created_at * self._sign, self._newest
        late = newest is not None and moment < newest
        if self._index is None and (late or len(self._ids) >= self.CROWD):
            self._index = Hashes(self._hashes)
            self._ids, self._hashes = set(), array("q")
        if self._index is not None:
            if not self._index.add(hash(name)):
                return False
        elif moment == newest:
            if name in self._ids:
                return False
            self._ids.add(name)
            self._hashes.append(hash(name))
        else:
            self._ids = {name}
            self._hashes.append(hash(name))
        if late:
            self.disorder += 1
        else:
            self._newest = moment
        return True


class Hashes:
    """A set of hashes in at most 32 bytes each, where a set of Python takes some 80: a table with open addressing.

    Args:
        hashes: What it holds at first.
    """

    def __init__(self, hashes: Iterable[int] = ()) -> None:
        self._slots = array("q", [0]) * 64
        self._count = 0
        for each in hashes:
            self.add(each)

    def add(self, value: int) -> bool:
        """Put in a hash, and say whether it was not in yet."""
        value = value or 1  # A slot of 0 is free.
        place = self._place(value)
        if self._slots[place]:
            return False
        self._slots[place] = value
        self._count += 1
        if self._count * 2 > len(self._slots):
            held, self._slots = self._slots, array("q", [0]) * (2 * len(self._slots))
            for each in filter(None, held):
                self._slots[self._place(each)] = each
        return True

    def _place(self, value: int) -> int:
        slots = self._slots
        last = len(slots) - 1
        place = value & last
        while slots[place] not in (0, value):
            place = (place + 1) & last
        return place


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

    def enter(self, page: PageOf[T]) -> list[T]:
        """Take in a page, and return what the walk yields of it."""
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
        self._last = not page.has_more and len(items) == len(new)
        if len(new) < len(served):
            logger.warning("%s: %d items came again and were left out", self._call, len(served) - len(new))
        if self.disorder > disorder:
            logger.warning("%s: %d items came out of order", self._call, self.disorder - disorder)
        self.onward = None if self.full else page.next_leg()
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
        return json.dumps(
            {
                "operation": self._call.operation.__name__,
                "arguments": arguments,
                "max_items": None if most is None else most - (self.items - self._left),
                "done": self._last and self._left == 0,
            }
        )


class Rest(NamedTuple):
    """What is left of a walk."""

    arguments: dict[str, Any]
    """What the operation is to be called with."""

    max_items: int | None
    """How many items it was still to yield; None if it had no bound."""

    done: bool
    """Whether it was at the end of the list."""


def resumed(token: str, operation: str) -> Rest:
    """Return what is left of a walk.

    Args:
        token: The token of the walk.
        operation: The name of the operation.

    Raises:
        ArgumentError: The token is none of this operation.
    """
    try:
        state = json.loads(token)
        name, rest = state["operation"], Rest(state["arguments"], state["max_items"], state["done"])
    except (ValueError, TypeError, KeyError):
        raise ArgumentError(
            f"The token {str(token)[:80]!r} cannot be read; pass the token of a walk as it was."
        ) from None
    if name != operation or not is_object(rest.arguments):
        raise ArgumentError(f"The token is of {str(name)[:80]!r}; it cannot resume {operation!r}.")
    return rest


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
        return Walk(self._sender, Course(self._leg), self)


def page_of(sender: Sender, leg: Leg[T], answer: Answer) -> Page[T]:
    """Decode an answer into a page. Outside of the page, so that no traceback shows one that is half made."""
    return Page(sender, leg, answer, decode(leg.call, answer))


class Walk(WalkOf[T], Iterator[T]):
    """An iteration over all items of a list, which knows how far it has come.

    After an error it has not come to its end: the next step asks for the page again. Threads may share it.
    """

    def __init__(self, sender: Sender, course: Course[T], page: Page[T]) -> None:
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
    sender: Sender, course: Course[T], page: Page[T] | None = None, interrupt: Interrupt | None = None
) -> Generator[list[T]]:
    """Yield what a walk yields, page by page.

    Args:
        sender: Sends the calls.
        course: The walk; it takes in the pages.
        page: The first page, if it is there.
        interrupt: What another thread may end the walk by.
    """
    ahead: Ahead | None = None
    interrupt = interrupt or Interrupt()
    try:
        while leg := course.leg():
            interrupt = interrupt.renewed()
            page = page or page_of(sender, leg, ahead.take() if ahead else sender.send(leg.call, interrupt))
            items = course.enter(page)
            # A page that is held while the next one is awaited moves through the generations of the garbage collector.
            page = ahead = None
            if isinstance(course.onward, Leg) and course.onward.call.options.prefetch:
                ahead = Ahead(sender, course.onward.call, interrupt)
            yield items
    finally:
        if ahead is not None:
            ahead.drop()


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
        return AsyncWalk(self._sender, Course(self._leg), self)


def async_page_of(sender: AsyncSender, leg: Leg[T], answer: Answer) -> AsyncPage[T]:
    """Decode an answer into a page; see ``page_of``."""
    return AsyncPage(sender, leg, answer, decode(leg.call, answer))


class AsyncWalk(WalkOf[T], AsyncIterator[T]):
    """An iteration over all items of a list, which knows how far it has come.

    After an error, or a timeout of the caller's, it has not come to its end: the next step asks for the page again.
    Tasks may share it.
    """

    def __init__(self, sender: AsyncSender, course: Course[T], page: AsyncPage[T] | None) -> None:
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
        try:
            return await anext(self._batches)
        except StopAsyncIteration:
            raise
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
    sender: AsyncSender, course: Course[T], page: AsyncPage[T] | None = None
) -> AsyncGenerator[list[T]]:
    """Yield what a walk yields, page by page; see ``batches``."""
    ahead: AsyncAhead | None = None
    try:
        while leg := course.leg():
            page = page or async_page_of(sender, leg, await (ahead.take() if ahead else sender.send(leg.call)))
            items = course.enter(page)
            page = ahead = None
            if isinstance(course.onward, Leg) and course.onward.call.options.prefetch:
                ahead = AsyncAhead(sender, course.onward.call)
            yield items
    finally:
        if ahead is not None:
            await ahead.drop()


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
        page = async_page_of(self._sender, leg, nothing_left(self._call)) if self._done else None
        return AsyncWalk(self._sender, Course(leg), page)

    async def iter_pages(self) -> AsyncIterator[AsyncPage[T]]:
        """Go through the pages of the list, as the server sends them."""
        async for page in (await self).iter_pages():
            yield page

    def __reduce__(self) -> NoReturn:
        raise TypeError("A pager cannot be pickled: it holds the connection to its server. Make it where it is needed.")
