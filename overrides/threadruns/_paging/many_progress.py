"""The progress of an iteration over many lists: which are finished, which are left, and where each continues.

A list is left from the moment that its name is read until its end was yielded. A list that failed is left too, at the
page that failed, unless its arguments are wrong. So a token that is taken after an event and saved with it describes
exactly what was not yielded.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

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


class ListTask(Generic[T]):
    """One of the lists.

    Args:
        number: Its number among the lists of this iteration.
        state: Its name, and the position from which it starts.
    """

    __slots__ = ("number", "progress", "state")

    def __init__(self, number: int, state: ListState) -> None:
        self.number = number
        self.state = state
        self.progress: WalkProgress[T] | None = None
        """The progress of its iteration; None until it is started."""


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
        self._hash = blake2b(digest_size=8)
        self._count = 0
        for _ in islice(self._read_names(), state.names):
            pass
        if (self._count, self._digest) != (state.names, state.digest or self._digest):
            raise ArgumentError(
                "The names are not those that the token was made with: pass the same names in the same order."
            )
        self._resumed = iter(state.lists)
        self._opened = 0
        self._left: dict[int, ListState] = {number - len(state.lists): each for number, each in enumerate(state.lists)}

    @property
    def _digest(self) -> str:
        return self._hash.hexdigest()

    def _read_names(self) -> Iterator[str]:
        for name in self._names:
            self._count += 1
            self._hash.update(f"{name}\n".encode("utf-8", "surrogatepass"))
            yield name

    def open(self, count: int) -> Iterator[ListTask[T]]:
        """Yield the next lists to start, at most ``count``: first those left by the token, then new ones."""
        for state in islice(self._resumed, count):
            number = self._opened - len(self._state.lists)
            self._opened += 1
            count -= 1
            yield ListTask(number, state)
        for name in islice(self._read_names(), count):
            state = ListState(name, None, self._state.max_items)
            self._left[self._count] = state
            yield ListTask(self._count, state)

    def record(self, task: ListTask[T], outcome: list[T] | ListEnd | ThreadrunsError) -> None:
        """Record that an outcome is about to be yielded."""
        if isinstance(outcome, ListEnd | ArgumentError):
            del self._left[task.number]
        elif isinstance(outcome, list) and task.progress is not None:
            task.progress.advance_page(outcome)
            position = task.progress.position or task.state.cursor
            self._left[task.number] = ListState(task.state.name, position, task.progress.left)

    def token(self) -> str:
        """Return the resume token for what was not yielded, as JSON text."""
        return dump_many_token(
            self._operation,
            self._state._replace(names=self._count, digest=self._digest, lists=[*self._left.values()]),
        )


def resumed_arguments(arguments: Mapping[str, Any], cursor: str | None) -> Mapping[str, Any]:
    """Return the arguments of a list that continues at a cursor."""
    if cursor is None:
        return arguments
    return {**arguments, cursor_parameter(arguments): cursor}
