"""Which items of a list have come, in few bytes of memory."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Generic, TypeVar

from threadruns._items import Item

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T", bound=Item)


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
