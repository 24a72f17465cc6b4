"""Detection of repeated items, with little memory."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from threadruns._paging.protocols import Item

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T", bound=Item)


class Snapshot(NamedTuple):
    """A state of a ``Deduplicator`` to go back to, with what was added since then."""

    newest: int | None
    disorder: int
    ids: set[str]
    added_ids: list[str]
    hashes: int
    added_hashes: list[int]


class Deduplicator(Generic[T]):
    """Detects repeated items of an ordered list, in eight bytes an item.

    While the list keeps its order, an item can only be repeated next to items with the same ``created_at``, so only the
    ids of that second are kept. Once the list breaks its order, or a second has very many items, a set of the hashes
    of all ids is used.

    Args:
        ascending: Whether the list ascends by ``created_at``.
    """

    MAX_IDS_PER_SECOND = 10_000
    """The largest number of ids of one second that are kept as text."""

    def __init__(self, *, ascending: bool) -> None:
        self._sign = 1 if ascending else -1
        self._newest: int | None = None
        self._ids: set[str] = set()
        self._hashes = array("q")
        self._all_hashes: set[int] | None = None
        self.disorder = 0
        """The number of items that broke the order of the list."""
        self._snapshot = self.snapshot()

    def snapshot(self) -> Snapshot:
        """Return the present state, and record from now on what is added to it."""
        self._snapshot = Snapshot(self._newest, self.disorder, self._ids, [], len(self._hashes), [])
        return self._snapshot

    def add_page(self, items: Iterable[T], snapshot: Snapshot) -> list[T]:
        """Add items, and return those that are new.

        Args:
            items: The items.
            snapshot: The state to add them to. An interrupted attempt to add a page may have changed it.
        """
        self._newest, self.disorder = snapshot.newest, snapshot.disorder
        self._ids = snapshot.ids
        self._ids.difference_update(snapshot.added_ids)
        snapshot.added_ids.clear()
        del self._hashes[snapshot.hashes :]
        if self._all_hashes is not None:
            self._all_hashes.difference_update(snapshot.added_hashes)
        snapshot.added_hashes.clear()
        self._snapshot = snapshot
        return [item for item in items if self.add(item)]

    def add(self, item: T) -> bool:
        """Add an item, and return whether it is new."""
        # The id and the time may be of any type if invalid values are kept.
        name: Any = item.id
        created_at: Any = item.created_at
        if not isinstance(name, str):
            return True
        newest = self._newest
        timeless = type(created_at) not in (int, float)
        moment = newest if timeless else created_at * self._sign
        late = newest is not None and moment is not None and moment < newest
        if self._all_hashes is None and (late or timeless or len(self._ids) >= self.MAX_IDS_PER_SECOND):
            self._snapshot.added_hashes.extend(self._hashes[self._snapshot.hashes :])
            self._all_hashes = set(self._hashes)
            self._ids, self._hashes = set(), array("q")
        if self._all_hashes is not None:
            hashed = hash(name)
            if hashed in self._all_hashes:
                return False
            self._snapshot.added_hashes.append(hashed)
            self._all_hashes.add(hashed)
        elif moment == newest:
            if name in self._ids:
                return False
            if self._ids is self._snapshot.ids:
                self._snapshot.added_ids.append(name)
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
