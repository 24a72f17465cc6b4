"""What lists hold, and what the endpoints that list it answer with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
