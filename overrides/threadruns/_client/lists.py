"""List operations bound to a client: one list, many lists, or the rest of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Concatenate, Generic, NamedTuple, ParamSpec, TypeVar

from threadruns._client.arguments import check_arguments, drop_absent, largest_page
from threadruns._client.operations import BaseOperation, signature_of
from threadruns._errors import ArgumentError
from threadruns._paging.cursors import first_request
from threadruns._paging.many import AsyncManyWalk, ManyWalk
from threadruns._paging.many_progress import ListTask, ManyProgress, resumed_arguments
from threadruns._paging.pages import Page, Pager, decode_page, empty_response
from threadruns._paging.progress import WalkProgress
from threadruns._paging.protocols import Item, ListResponse
from threadruns._paging.tokens import ManyState, load_many_token, load_token
from threadruns._paging.walks import iter_async_batches, iter_batches

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
    from typing import Unpack

    from threadruns._client.settings import Settings
    from threadruns._http.call import Call
    from threadruns._http.cancellation import CancelToken
    from threadruns._http.senders import AsyncSender, Sender
    from threadruns._response import RawResponse
    from threadruns._wire import CallOptions, Request

P = ParamSpec("P")
Q = ParamSpec("Q")
T = TypeVar("T", bound=Item)


class BaseListOperation(BaseOperation[P, ListResponse[T]]):
    """The part that both list operations share: one list, many lists, or the rest of a list."""

    def build_call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call[ListResponse[T]]:
        """Return the call of the operation with these arguments; without a limit, it asks for the largest page.

        Raises:
            ArgumentError: The operation refuses them.
        """
        call = super().build_call(args, kwargs)
        return call.with_params(**{**largest_page(self._operation), **call.params})

    def build_resumed_call(self, token: str, options: CallOptions) -> tuple[Call[ListResponse[T]], bool]:
        """Return the call that continues an iteration, and True if the iteration has no items left.

        Raises:
            ArgumentError: The token belongs to another operation, or an option is invalid.
        """
        state = load_token(token, self._operation.__name__)
        max_items = {} if state.max_items is None else {"max_items": state.max_items}
        try:
            call = self.build_call((), {**state.arguments, **max_items, **options})
        except TypeError as error:
            raise ArgumentError(f"The token does not fit {self._operation.__name__}: {error}.") from None
        return call, state.done or (state.max_items == 0 and "max_items" not in options)

    def start_many(self, names: Iterable[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Many[T]:
        """Return an iteration over the lists of some names, not started yet.

        Raises:
            ArgumentError: ``names`` is one string, or an argument is invalid.
        """
        given = drop_absent(self._operation, kwargs)
        arguments = signature_of(self._operation).bind("", *args, **given).arguments
        options = arguments.pop("options", {})
        del arguments[self._name_parameter]
        check_arguments(self._operation, arguments)
        max_items = self._settings.options.updated(options).max_items
        return self._many(ManyState(arguments, max_items), names, options)

    def resume_many_from(self, token: str, names: Iterable[str], options: CallOptions) -> Many[T]:
        """Return an iteration over the lists that a token stores as unfinished; see ``start_many``."""
        state = load_many_token(token, self._operation.__name__)
        check_arguments(self._operation, state.arguments)
        if "max_items" in options:
            limit = options["max_items"]
            state = state._replace(max_items=limit, lists=[each._replace(max_items=limit) for each in state.lists])
        return self._many(state, names, options)

    def _many(self, state: ManyState, names: Iterable[str], options: CallOptions) -> Many[T]:
        if isinstance(names, str | bytes):
            raise ArgumentError(f"many() expects an iterable of thread ids, got the string {names!r:.80}.")
        concurrency = self._settings.options.updated(options).concurrency
        progress: ManyProgress[T] = ManyProgress(self._operation.__name__, state, names)
        return Many(progress, state.arguments, options, concurrency)

    @property
    def _name_parameter(self) -> str:
        return next(iter(signature_of(self._operation).parameters))

    def start_list(self, many: Many[T], task: ListTask[T]) -> WalkProgress[T]:
        """Start one of many lists, and return its progress, which is also set on the task.

        Raises:
            ArgumentError: The name of the list is not valid.
        """
        if task.progress is not None:  # It was interrupted.
            return task.progress
        name, cursor, max_items = task.state
        given = {**resumed_arguments(many.arguments, cursor), **many.options, "max_items": max_items}
        progress: WalkProgress[T] = WalkProgress(
            first_request(self.build_call((), {self._name_parameter: name, **given}))
        )
        if max_items == 0:
            progress.close()
        task.progress = progress
        return progress


class Many(NamedTuple, Generic[T]):
    """An iteration over many lists, not started yet."""

    progress: ManyProgress[T]
    arguments: Mapping[str, Any]
    """The arguments that all lists share."""
    options: CallOptions
    concurrency: int


class ListOperation(BaseListOperation[P, T]):
    """A list operation of a blocking client; call it for the first page."""

    returned = "Page"

    def __init__(self, settings: Settings, sender: Sender, operation: Callable[P, Request[ListResponse[T]]]) -> None:
        super().__init__(settings, operation)
        self._sender = sender

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Page[T]:
        self._settings.require_open()
        call = self.build_call(args, kwargs)
        return self._first_page(call, self._sender.send(call))

    def many(
        self: ListOperation[Concatenate[str, Q], T], names: Iterable[str], *args: Q.args, **kwargs: Q.kwargs
    ) -> ManyWalk[T]:
        """Iterate over many lists at once, such as those of many threads.

        Yields the name of a list with one of: the items of its next page; a ``ListEnd`` after its last page; or the
        error that ended it. The other lists continue. The pages of a list come in order, each item once; an empty list
        yields one empty page. The ``token`` of the iterator stores what is left; see ``resume_many``.

        Args:
            names: The names of the lists, such as thread ids; read as they are needed.
            *args: The other arguments of the operation.
            **kwargs: The other arguments of the operation; ``concurrency`` is the number of lists requested at a time.

        Raises:
            ArgumentError: ``names`` is one string, or an argument is invalid.
        """
        self._settings.require_open()
        return self._walk_many(self.start_many(names, args, kwargs))

    def resume_many(self, token: str, names: Iterable[str], **options: Unpack[CallOptions]) -> ManyWalk[T]:
        """Continue an iteration over many lists: unfinished lists from where they stopped, and then those not started.

        A list that had failed is requested again, at the page that failed.

        Args:
            token: The ``token`` of the iteration, of this process or another one.
            names: The same names in the same order; those that were read are skipped.
            **options: Options for this call.

        Raises:
            ArgumentError: The token belongs to another operation, or the names are not the same.
        """
        self._settings.require_open()
        return self._walk_many(self.resume_many_from(token, names, options))

    def _walk_many(self, many: Many[T]) -> ManyWalk[T]:
        def open_walk(task: ListTask[T], cancel_token: CancelToken) -> Generator[list[T]]:
            return iter_batches(self._sender, self.start_list(many, task), cancel_token=cancel_token)

        return ManyWalk(many.progress, open_walk, many.concurrency)

    def resume(self, token: str, **options: Unpack[CallOptions]) -> Page[T]:
        """Continue an iteration: return the page that starts after the last item that it yielded.

        Args:
            token: The ``token`` of the iteration, of this process or another one.
            **options: Options for this call; the default of ``max_items`` is what the iteration had left of it.

        Raises:
            ArgumentError: The token belongs to another operation.
        """
        self._settings.require_open()
        call, done = self.build_resumed_call(token, options)
        return self._first_page(call, empty_response(call) if done else self._sender.send(call))

    def _first_page(self, call: Call[ListResponse[T]], response: RawResponse) -> Page[T]:
        return decode_page(self._sender, first_request(call), response)


class AsyncListOperation(BaseListOperation[P, T]):
    """A list operation of an async client; await its call for the first page, or iterate over it for all items."""

    returned = "Pager"

    def __init__(
        self, settings: Settings, sender: AsyncSender, operation: Callable[P, Request[ListResponse[T]]]
    ) -> None:
        super().__init__(settings, operation)
        self._sender = sender

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Pager[T]:
        self._settings.require_open()
        return Pager(self._sender, self.build_call(args, kwargs))

    def many(
        self: AsyncListOperation[Concatenate[str, Q], T], names: Iterable[str], *args: Q.args, **kwargs: Q.kwargs
    ) -> AsyncManyWalk[T]:
        """Iterate over many lists at once, such as those of many threads; see ``ListOperation.many``.

        Args:
            names: The names of the lists, such as thread ids; read as they are needed.
            *args: The other arguments of the operation.
            **kwargs: The other arguments of the operation; ``concurrency`` is the number of lists requested at a time.

        Raises:
            ArgumentError: ``names`` is one string, or an argument is invalid.
        """
        self._settings.require_open()
        return self._walk_many(self.start_many(names, args, kwargs))

    def resume_many(self, token: str, names: Iterable[str], **options: Unpack[CallOptions]) -> AsyncManyWalk[T]:
        """Continue an iteration over many lists; see ``ListOperation.resume_many``.

        Args:
            token: The ``token`` of the iteration, of this process or another one.
            names: The same names in the same order; those that were read are skipped.
            **options: Options for this call.

        Raises:
            ArgumentError: The token belongs to another operation, or the names are not the same.
        """
        self._settings.require_open()
        return self._walk_many(self.resume_many_from(token, names, options))

    def _walk_many(self, many: Many[T]) -> AsyncManyWalk[T]:
        def open_walk(task: ListTask[T]) -> AsyncGenerator[list[T]]:
            return iter_async_batches(self._sender, self.start_list(many, task))

        return AsyncManyWalk(many.progress, open_walk, many.concurrency)

    def resume(self, token: str, **options: Unpack[CallOptions]) -> Pager[T]:
        """Continue an iteration: the returned list starts after the last item that it yielded.

        Args:
            token: The ``token`` of the iteration, of this process or another one.
            **options: Options for this call; the default of ``max_items`` is what the iteration had left of it.

        Raises:
            ArgumentError: The token belongs to another operation.
        """
        self._settings.require_open()
        call, done = self.build_resumed_call(token, options)
        return Pager(self._sender, call, done=done)
