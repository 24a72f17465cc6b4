"""The operations of a client, grouped by resource.

Each operation is bound with one line: ``list = ListBinding(lambda: _wire.operations.list_runs)`` for an operation that
returns pages, and ``retrieve = OperationBinding(lambda: _wire.operations.retrieve_run)`` for any other. Its arguments
and the type of its result are taken from the generated function.
"""

from __future__ import annotations

from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

from threadruns import _wire
from threadruns._http.senders import AsyncSender, Sender

# Type checkers treat this name as true. jedi, which completes names in editors, does not evaluate the call, and reads
# both branches.
TYPE_CHECKING = bool(())

if TYPE_CHECKING:
    from collections.abc import Callable

    from threadruns._client.lists import AsyncListOperation, ListOperation
    from threadruns._client.operations import AsyncOperation, Operation
    from threadruns._client.settings import Settings
    from threadruns._paging.protocols import Item, ListResponse
    from threadruns._wire import Request

P = ParamSpec("P")
T = TypeVar("T", bound="Item")
M = TypeVar("M")
S_co = TypeVar("S_co", bound=Sender | AsyncSender, covariant=True)


class Resource(Generic[S_co]):
    """A group of operations of a client."""

    def __init__(self, settings: Settings, sender: S_co) -> None:
        self.settings = settings
        self.sender = sender

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self.settings.service.base_url!r}>"


class ListBinding(Generic[P, T]):
    """A descriptor that binds a generated list operation to its client.

    Args:
        load: Returns the operation; called on first use, because its models take time to import.
    """

    def __init__(self, load: Callable[[], Callable[P, Request[ListResponse[T]]]]) -> None:
        self._load = load

    @overload
    def __get__(self, resource: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, resource: Resource[Sender], owner: Any = None) -> ListOperation[P, T]: ...
    @overload
    def __get__(self, resource: Resource[AsyncSender], owner: Any = None) -> AsyncListOperation[P, T]: ...
    def __get__(
        self, resource: Resource[Sender] | Resource[AsyncSender] | None, owner: Any = None
    ) -> Self | ListOperation[P, T] | AsyncListOperation[P, T]:
        if resource is None:
            # Documentation tools access the class.
            return self
        from threadruns._client.lists import AsyncListOperation, ListOperation

        settings, sender = resource.settings, resource.sender
        if isinstance(sender, Sender):
            return ListOperation(settings, sender, self._load())
        return AsyncListOperation(settings, sender, self._load())


class OperationBinding(Generic[P, M]):
    """A descriptor that binds a generated operation, which returns one object or nothing, to its client.

    Args:
        load: Returns the operation; called on first use, because its models take time to import.
    """

    def __init__(self, load: Callable[[], Callable[P, Request[M]]]) -> None:
        self._load = load

    @overload
    def __get__(self, resource: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, resource: Resource[Sender], owner: Any = None) -> Operation[P, M]: ...
    @overload
    def __get__(self, resource: Resource[AsyncSender], owner: Any = None) -> AsyncOperation[P, M]: ...
    def __get__(
        self, resource: Resource[Sender] | Resource[AsyncSender] | None, owner: Any = None
    ) -> Self | Operation[P, M] | AsyncOperation[P, M]:
        if resource is None:
            # Documentation tools access the class.
            return self
        from threadruns._client.operations import AsyncOperation, Operation

        settings, sender = resource.settings, resource.sender
        if isinstance(sender, Sender):
            return Operation(settings, sender, self._load())
        return AsyncOperation(settings, sender, self._load())


class Runs(Resource[S_co]):
    """The runs of threads."""

    list = ListBinding(lambda: _wire.operations.list_runs)
    """Lists the runs of a thread."""

    if not TYPE_CHECKING:
        # jedi cannot infer the type of the items here, and does not count a ParamSpec as a type parameter.
        list: ListOperation[_wire.Run] | AsyncListOperation[_wire.Run]
