"""The interfaces of list items and of list responses, which the generated models satisfy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Item(Protocol):
    """An item of a list."""

    @property
    def id(self) -> str:
        """The id, which is also a cursor."""
        ...

    @property
    def created_at(self) -> int:
        """The time that lists are ordered by, in Unix seconds."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return the item as a JSON object."""
        ...


T_co = TypeVar("T_co", covariant=True)


class ListResponse(Protocol[T_co]):
    """The body of a response of a list endpoint."""

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
        """True if more items follow in the requested direction."""
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
        """Return the body as parsed JSON."""
        ...
