"""Operations that list something, bound to a client: for one list, for many, or for the rest of one."""

from __future__ import annotations

from functools import cache
from inspect import signature
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

from threadruns._calls import Call
from threadruns._course import Course
from threadruns._cursors import first_leg
from threadruns._errors import ArgumentError
from threadruns._items import Item, Listed
from threadruns._many import async_walk_many, walk_many
from threadruns._pages import Page, Pager, nothing_left, page_of
from threadruns._tokens import resumed
from threadruns._walks import async_batches, batches
from threadruns._wire import UNSET

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
    from typing import Unpack

    from threadruns._ahead import Interrupt
    from threadruns._errors import ThreadrunsError
    from threadruns._senders import AsyncSender, Sender
    from threadruns._settings import Settings
    from threadruns._transport import Answer
    from threadruns._wire import CallOptions, Request

PAGE_SIZE = 100
"""Items that a page is asked to hold unless ``limit`` says otherwise: the most that the API allows."""

_signature = cache(signature)

P = ParamSpec("P")
Q = ParamSpec("Q")
T = TypeVar("T", bound=Item)


class Bound(Generic[P, T]):
    """A generated operation that lists something, together with the settings of a client."""

    def __init__(self, settings: Settings, operation: Callable[P, Request[Listed[T]]]) -> None:
        self._settings = settings
        self._operation = operation
        # inspect and help show the operation.
        self.__doc__ = operation.__doc__
        self.__wrapped__ = operation

    def call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call[Listed[T]]:
        """Return the call that the operation builds of these arguments.

        Raises:
            ArgumentError: The operation refuses them.
        """
        operation: Callable[..., Request[Listed[T]]] = self._operation
        try:
            request = operation(*args, **kwargs)
        except ValueError as error:
            raise ArgumentError(f"{error}.") from None
        arguments = _signature(operation).bind(*args, **kwargs).arguments
        arguments.pop("options", None)
        for name, value in arguments.items():
            _check_argument(name, value)
        options = self._settings.options.updated(request.options)
        return Call(operation, arguments, request, options, {"limit": str(PAGE_SIZE), **request.params})

    def rest(self, token: str, options: CallOptions) -> tuple[Call[Listed[T]], bool]:
        """Return the call that brings what is left of a walk, and whether nothing is.

        Raises:
            ArgumentError: The token is none of this operation, or an option makes no sense.
        """
        rest = resumed(token, self._operation.__name__)
        bound = {} if rest.max_items is None else {"max_items": rest.max_items}
        try:
            call = self.call((), {**rest.arguments, **bound, **options})
        except TypeError as error:
            raise ArgumentError(f"The token does not fit {self._operation.__name__}: {error}.") from None
        return call, rest.done or (rest.max_items == 0 and "max_items" not in options)

    def __repr__(self) -> str:
        return f"<{self._operation.__name__} at {self._settings.service.base_url!r}>"


class Listing(Bound[P, T]):
    """An operation that lists something; call it for the first page."""

    def __init__(self, settings: Settings, sender: Sender, operation: Callable[P, Request[Listed[T]]]) -> None:
        super().__init__(settings, operation)
        self._sender = sender

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Page[T]:
        self._settings.check_open()
        call = self.call(args, kwargs)
        return self._page(call, self._sender.send(call))

    def many(
        self: Listing[Concatenate[str, Q], T], names: Iterable[str], *args: Q.args, **kwargs: Q.kwargs
    ) -> Generator[tuple[str, list[T] | ThreadrunsError]]:
        """Go through many lists at once, such as those of many threads.

        Yields the name of a list with the items of one of its pages, or with the error that ended it; the others go on.
        The pages of a list come in their order, each item once; an empty list comes with an empty page.

        Args:
            names: What the lists are of, such as the ids of threads; read as they are needed.
            *args: What else the operation takes.
            **kwargs: What else the operation takes; ``concurrency`` says how many lists are walked at a time.

        Raises:
            ArgumentError: ``names`` is a single one, or an option makes no sense.
        """
        self._settings.check_open()
        concurrency = self._settings.options.updated(_only(kwargs, "concurrency")).concurrency

        def open_walk(name: str, interrupt: Interrupt) -> Generator[list[T]]:
            call = self.call((name, *args), kwargs)
            return batches(self._sender, Course(first_leg(call)), interrupt=interrupt)

        return walk_many(_names(names), open_walk, concurrency)

    def resume(self, token: str, **options: Unpack[CallOptions]) -> Page[T]:
        """Go on where a walk stopped: return the page that begins with the item after the last one that it yielded.

        Args:
            token: The ``token`` of the walk, of this process or another.
            **options: What holds for this call alone; ``max_items`` is what was left of it unless it is given anew.

        Raises:
            ArgumentError: The token is none of this operation.
        """
        self._settings.check_open()
        call, done = self.rest(token, options)
        return self._page(call, nothing_left(call) if done else self._sender.send(call))

    def _page(self, call: Call[Listed[T]], answer: Answer) -> Page[T]:
        return page_of(self._sender, first_leg(call), answer)


class AsyncListing(Bound[P, T]):
    """An operation that lists something; await its call for the first page, or iterate over it for all items."""

    def __init__(self, settings: Settings, sender: AsyncSender, operation: Callable[P, Request[Listed[T]]]) -> None:
        super().__init__(settings, operation)
        self._sender = sender

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Pager[T]:
        self._settings.check_open()
        return Pager(self._sender, self.call(args, kwargs))

    def many(
        self: AsyncListing[Concatenate[str, Q], T], names: Iterable[str], *args: Q.args, **kwargs: Q.kwargs
    ) -> AsyncGenerator[tuple[str, list[T] | ThreadrunsError]]:
        """Go through many lists at once, such as those of many threads.

        Yields the name of a list with the items of one of its pages, or with the error that ended it; the others go on.
        The pages of a list come in their order, each item once; an empty list comes with an empty page.

        Args:
            names: What the lists are of, such as the ids of threads; read as they are needed.
            *args: What else the operation takes.
            **kwargs: What else the operation takes; ``concurrency`` says how many lists are walked at a time.

        Raises:
            ArgumentError: ``names`` is a single one, or an option makes no sense.
        """
        self._settings.check_open()
        concurrency = self._settings.options.updated(_only(kwargs, "concurrency")).concurrency

        def open_walk(name: str) -> AsyncGenerator[list[T]]:
            call = self.call((name, *args), kwargs)
            return async_batches(self._sender, Course(first_leg(call)))

        return async_walk_many(_names(names), open_walk, concurrency)

    def resume(self, token: str, **options: Unpack[CallOptions]) -> Pager[T]:
        """Go on where a walk stopped: the list begins with the item after the last one that it yielded.

        Args:
            token: The ``token`` of the walk, of this process or another.
            **options: What holds for this call alone; ``max_items`` is what was left of it unless it is given anew.

        Raises:
            ArgumentError: The token is none of this operation.
        """
        self._settings.check_open()
        call, done = self.rest(token, options)
        return Pager(self._sender, call, done=done)


def _only(kwargs: Mapping[str, Any], name: str) -> Any:
    return {name: kwargs[name]} if name in kwargs else {}


def _check_argument(name: str, value: Any) -> None:
    # Sent as text, None and NaN would be words, and no server takes an empty cursor for what it is.
    sensible = isinstance(value, str | int | float | list) or hasattr(value, "__index__") or value is UNSET
    if not sensible or value == "" or value != value:
        raise ArgumentError(f"{name} is {value!r:.80}; give it a value, or leave it out.")


def _names(names: Iterable[str]) -> Iterable[str]:
    if isinstance(names, str | bytes):
        raise ArgumentError(f"many takes several names, such as a list of them; {names!r:.80} is one.")
    return names
