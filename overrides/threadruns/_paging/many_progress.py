"""The progress of an iteration over many lists: which are finished, which are left, and where each continues.

A list is left from the moment that its name is read until its end was yielded. A list that failed is left too, at the
page that failed, unless its arguments are wrong. So a token that is taken after an event and saved with it describes
exactly what was not yielded.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import islice
from operator import length_hint
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar

from threadruns._errors import ArgumentError, ThreadrunsError
from threadruns._paging.cursors import cursor_parameter
from threadruns._paging.protocols import Item
from threadruns._paging.tokens import ListState, ManyState, dump_many_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from threadruns._paging.progress import WalkProgress

T = TypeVar("T", bound=Item)


class ListEnd(NamedTuple):
    """The end of one of many lists: all its items were yielded."""

    items: int
    """The number of items that this iteration yielded."""

    pages: int
    """The number of pages that this iteration received."""


Event: TypeAlias = "tuple[str, list[T] | ListEnd | ThreadrunsError]"
"""The name of a list with a page of its items, its end, or its error."""


class ListTask(Generic[T]):
    """One of the lists.

    Args:
        number: Its number among the lists of this iteration.
        state: Its name, and the position from which it starts.
    """

    __slots__ = ("failed", "number", "progress", "state")

    def __init__(self, number: int, state: ListState) -> None:
        self.number = number
        self.state = state
        self.progress: WalkProgress[T] | None = None
        """The progress of its iteration; None until it is started."""
        self.failed = False
        """True once its error was yielded."""

    @property
    def remaining(self) -> ListState:
        """The part of the list that was not yielded."""
        if self.progress is None:
            return self.state
        return ListState(self.state.name, self.progress.position or self.state.cursor, self.progress.left)


class Offer(NamedTuple, Generic[T]):
    """An outcome for the caller to take."""

    task: ListTask[T] | None
    outcome: list[T] | ListEnd | ThreadrunsError
    events: Iterator[Event[T]]
    """Yields the name of the list with the outcome, once."""


NO_OFFER: Offer[Any] = Offer(None, [], iter(()))


class ManyProgress(Generic[T]):
    """The progress of an iteration over many lists.

    Args:
        operation: The name of the operation.
        state: The state to continue from.
        names: The names of the lists; those that the state has read are skipped.

    Raises:
        ArgumentError: The names are not those that the state has read.
    """

    def __init__(self, operation: str, state: ManyState, names: Iterable[str]) -> None:
        self._operation = operation
        self._state = state
        self._names = iter(names)
        self._left: dict[int, ListTask[T]] = {}
        self._hash = blake2b(digest_size=8)
        self._count = 0
        self._unread: tuple[str, ...] = ()
        while self._count < state.names and self._read_name() is not None:
            pass
        if (self._count, self._digest) != (state.names, state.digest or self._digest):
            raise ArgumentError(
                "The names are not those that the token was made with: pass the same names in the same order."
            )
        numbers = range(-len(state.lists), 0)
        self._left = {number: ListTask(number, each) for number, each in zip(numbers, state.lists, strict=True)}
        self._waiting = iter([*self._left.values()])
        self.offer_made: Offer[T] = NO_OFFER

    @property
    def _digest(self) -> str:
        return self._hash.hexdigest()

    def _read_name(self) -> str | None:
        """Return the next name, or None after the last one."""
        if not self._unread:
            for name in self._names:
                self._unread = (name,)  # No call stands before this, because a signal handler may raise in any.
                break
            else:
                return None
        (name,) = self._unread
        hashed = self._hash.copy()
        hashed.update(f"{name}\n".encode("utf-8", "surrogatepass"))
        if self._count >= self._state.names:  # Names before that are only compared.
            self._left[self._count + 1] = ListTask(self._count + 1, ListState(name, None, self._state.max_items))
        self._count, self._hash, self._unread = self._count + 1, hashed, ()
        return name

    def open(self, count: int) -> Iterator[ListTask[T]]:
        """Yield the next lists to start, at most ``count``: first those left by the token, then new ones."""
        for task in islice(self._waiting, count):
            count -= 1
            yield task
        while count > 0 and self._read_name() is not None:
            count -= 1
            yield self._left[self._count]

    def reopen(self) -> None:
        """Let ``open`` yield all unfinished lists again, after the iteration was interrupted."""
        self.settle()
        self._waiting = iter([task for task in self._left.values() if task.number <= self._count and not task.failed])

    @property
    def is_offering(self) -> bool:
        """True if there is an outcome that nobody has taken yet."""
        return length_hint(self.offer_made.events) > 0

    def offer(self, task: ListTask[T], outcome: list[T] | ListEnd | ThreadrunsError) -> None:
        """Let the caller take an outcome. Only an outcome that was taken counts as yielded."""
        self.offer_made = Offer(task, outcome, iter(((task.state.name, outcome),)))

    def settle(self) -> None:
        """Record the outcome that was taken; doing it twice is fine."""
        task, outcome, _ = self.offer_made
        if task is None or self.is_offering:
            return
        if isinstance(outcome, ListEnd | ArgumentError):
            self._left.pop(task.number, None)
        elif isinstance(outcome, ThreadrunsError):
            task.failed = True
        elif task.progress is not None:
            task.progress.yield_batch()
        self.offer_made = NO_OFFER

    def token(self) -> str:
        """Return the resume token for what was not yielded, as JSON text."""
        self.settle()
        lists = [task.remaining for task in self._left.values()]
        return dump_many_token(
            self._operation, self._state._replace(names=self._count, digest=self._digest, lists=lists)
        )


def resumed_arguments(arguments: Mapping[str, Any], cursor: str | None) -> Mapping[str, Any]:
    """Return the arguments of a list that continues at a cursor."""
    if cursor is None:
        return arguments
    return {**arguments, cursor_parameter(arguments): cursor}
