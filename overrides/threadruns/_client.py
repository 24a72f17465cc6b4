"""The clients: a key, a server, and the operations of the API.

An operation is bound with one line, ``list = Paged(lambda: _wire.list_runs)``: what it takes, and what its list holds,
both clients learn from the generated function.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Concatenate, Generic, NoReturn, ParamSpec, Self, TypeVar, overload

from threadruns import _wire
from threadruns._calls import CLOSED, AsyncSender, Call, Sender
from threadruns._errors import ArgumentError, ClientClosedError
from threadruns._many import async_walk_many, walk_many
from threadruns._options import Options
from threadruns._pages import PAGE_SIZE, Course, Item, Leg, Listed, Page, Pager, async_batches, batches, resumed
from threadruns._retries import Budget
from threadruns._service import DEFAULT_BETA, Secret, Service
from threadruns._transport import Network

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
    from types import TracebackType
    from typing import Unpack

    import httpx

    from threadruns._errors import ThreadrunsError
    from threadruns._wire import CallOptions, Request

P = ParamSpec("P")
Q = ParamSpec("Q")
T = TypeVar("T", bound=Item)
C_co = TypeVar("C_co", bound="Client | AsyncClient", covariant=True)


class Resource(Generic[C_co]):
    """A group of operations of a client."""

    def __init__(self, client: C_co) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"


class Paged(Generic[P, T]):
    """Binds a generated operation that lists something to whichever client it is asked from.

    Args:
        load: Returns the operation; called when it is first needed, as its models take time to import.
    """

    def __init__(self, load: Callable[[], Callable[P, Request[Listed[T]]]]) -> None:
        self._load = load

    @overload
    def __get__(self, resource: Resource[Client], owner: Any = None) -> Listing[P, T]: ...
    @overload
    def __get__(self, resource: Resource[AsyncClient], owner: Any = None) -> AsyncListing[P, T]: ...
    def __get__(self, resource: Resource[Any], owner: Any = None) -> Listing[P, T] | AsyncListing[P, T]:
        client = resource._client
        kind = Listing if isinstance(client, Client) else AsyncListing
        return kind(client, self._load())


class Runs(Resource[C_co]):
    """The runs of threads."""

    list = Paged(lambda: _wire.list_runs)
    """Lists the runs of a thread."""


class Bound(Generic[P, T]):
    """A generated operation that lists something, together with the settings of a client."""

    def __init__(self, client: Client | AsyncClient, operation: Callable[P, Request[Listed[T]]]) -> None:
        self._settings = client._settings
        self._operation = operation
        # inspect and help show the operation.
        self.__doc__ = operation.__doc__
        self.__wrapped__ = operation

    def call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call[Listed[T]]:
        """Return the call that the operation builds of these arguments.

        Raises:
            ArgumentError: The operation refuses them.
        """
        from inspect import signature

        operation: Callable[..., Request[Listed[T]]] = self._operation
        try:
            request = operation(*args, **kwargs)
        except ValueError as error:
            raise ArgumentError(f"{error}.") from None
        arguments = signature(operation).bind(*args, **kwargs).arguments
        arguments.pop("options", None)
        options = self._settings.options.updated(request.options)
        return Call(operation, arguments, request, options, {"limit": str(PAGE_SIZE), **request.params})

    def __repr__(self) -> str:
        return f"<{self._operation.__name__} at {self._settings.service.base_url!r}>"


class Listing(Bound[P, T]):
    """An operation that lists something; call it for the first page."""

    def __init__(self, client: Client, operation: Callable[P, Request[Listed[T]]]) -> None:
        super().__init__(client, operation)
        self._sender = client._sender

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Page[T]:
        self._settings.check_open()
        return self._first(self.call(args, kwargs))

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
        """
        self._settings.check_open()
        concurrency = self._settings.options.updated(_only(kwargs, "concurrency")).concurrency

        def open_walk(name: str) -> Generator[list[T]]:
            call = self.call((name, *args), kwargs)
            return batches(self._sender, Leg.first(call), Course(call))

        return walk_many(names, open_walk, concurrency)

    def resume(self, token: str, **options: Unpack[CallOptions]) -> Page[T]:
        """Go on where a walk stopped: return the page that begins with the item after the last one that it yielded.

        Args:
            token: The ``token`` of the walk, of this process or another.
            **options: What holds for this call alone.

        Raises:
            ArgumentError: The token is none of this operation.
        """
        self._settings.check_open()
        arguments, done = resumed(token, self._operation.__name__)
        call = self.call((), {**arguments, **options})
        return Page.empty(self._sender, call) if done else self._first(call)

    def _first(self, call: Call[Listed[T]]) -> Page[T]:
        return Page(self._sender, Leg.first(call), self._sender.send(call))


class AsyncListing(Bound[P, T]):
    """An operation that lists something; await its call for the first page, or iterate over it for all items."""

    def __init__(self, client: AsyncClient, operation: Callable[P, Request[Listed[T]]]) -> None:
        super().__init__(client, operation)
        self._sender = client._sender

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
        """
        self._settings.check_open()
        concurrency = self._settings.options.updated(_only(kwargs, "concurrency")).concurrency

        def open_walk(name: str) -> AsyncGenerator[list[T]]:
            call = self.call((name, *args), kwargs)
            return async_batches(self._sender, Leg.first(call), Course(call))

        return async_walk_many(names, open_walk, concurrency)

    def resume(self, token: str, **options: Unpack[CallOptions]) -> Pager[T]:
        """Go on where a walk stopped: the list begins with the item after the last one that it yielded.

        Args:
            token: The ``token`` of the walk, of this process or another.
            **options: What holds for this call alone.

        Raises:
            ArgumentError: The token is none of this operation.
        """
        self._settings.check_open()
        arguments, done = resumed(token, self._operation.__name__)
        return Pager(self._sender, self.call((), {**arguments, **options}), done=done)


def _only(kwargs: Mapping[str, Any], name: str) -> Any:
    return {name: kwargs[name]} if name in kwargs else {}


class Settings:
    """What a client was told, and whether it is closed."""

    def __init__(self, service: Service, options: Options) -> None:
        self.service = service
        self.options = options
        self.closed = False

    def check_open(self) -> None:
        """Refuse to work for a closed client.

        Raises:
            ClientClosedError: It is closed.
        """
        if self.closed:
            raise ClientClosedError(CLOSED)


class Client:
    """A client of the API. Safe to use from several threads, and after a fork.

    Args:
        api_key: The key; from the environment variable ``OPENAI_API_KEY`` if None. It is shown nowhere.
        base_url: Where the API is, such as ``http://127.0.0.1:8000/v1``; from ``OPENAI_BASE_URL`` if None.
        beta: The version of the Assistants API to ask for, the value of the ``OpenAI-Beta`` header.
        azure_api_version: The version to ask an Azure-like deployment for, such as ``2024-02-15-preview``; sets its
            form: the key goes into the header ``api-key``, the version into the query, and no ``OpenAI-Beta`` is sent.
        max_rate: Requests per second that all calls of this client share; None for no bound.
        proxy: The URL of a proxy; from ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` if None.
        verify: Whether to check certificates, or the TLS settings to use.
        http_client: An ``httpx.Client`` to send with, which stays yours to close; ``proxy`` and ``verify`` are then its
            own, and it never follows redirects.
        **options: What holds for every call unless the call says otherwise; see ``CallOptions``.

    Raises:
        ArgumentError: The key is missing, or something cannot be used as it is.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        beta: str = DEFAULT_BETA,
        azure_api_version: str | None = None,
        max_rate: float | None = None,
        proxy: str | None = None,
        verify: ssl.SSLContext | bool = True,
        http_client: httpx.Client | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        # From here on no variable holds the key, so that no traceback can show it.
        secret, api_key = Secret(api_key), None
        service = _service(secret, base_url, beta, azure_api_version)
        _check_http_client(http_client, "Client")
        self._settings = Settings(service, Options().updated(options))
        self._sender = Sender(service, Network(service, proxy, verify), Budget(_rate(max_rate)), http_client)
        self._owner = True

    @property
    def runs(self) -> Runs[Client]:
        """The runs of threads."""
        return Runs(self)

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self._settings.service.base_url

    @property
    def is_closed(self) -> bool:
        """Whether the client was closed."""
        return self._settings.closed or self._sender.closed

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return a client with other options, on the same connections; this one stays as it is.

        Args:
            **options: What to set; headers and query are added to those that are set already.

        Raises:
            ArgumentError: An option is unknown, or its value makes no sense.
        """
        other = object.__new__(type(self))
        other._settings = Settings(self._settings.service, self._settings.options.updated(options))
        other._sender = self._sender
        other._owner = False
        return other

    def close(self) -> None:
        """Close the client; closing twice is fine. One that ``with_options`` made leaves the connections to the
        first."""
        self._settings.closed = True
        if self._owner:
            self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client(base_url={self.base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A Client cannot be pickled or copied: it holds a key and connections. Make one where it is needed."
        )


class AsyncClient:
    """A client of the API for asyncio. Works in one event loop after another, and after a fork.

    Args:
        api_key: The key; from the environment variable ``OPENAI_API_KEY`` if None. It is shown nowhere.
        base_url: Where the API is, such as ``http://127.0.0.1:8000/v1``; from ``OPENAI_BASE_URL`` if None.
        beta: The version of the Assistants API to ask for, the value of the ``OpenAI-Beta`` header.
        azure_api_version: The version to ask an Azure-like deployment for, such as ``2024-02-15-preview``; sets its
            form: the key goes into the header ``api-key``, the version into the query, and no ``OpenAI-Beta`` is sent.
        max_rate: Requests per second that all calls of this client share; None for no bound.
        proxy: The URL of a proxy; from ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` if None.
        verify: Whether to check certificates, or the TLS settings to use.
        http_client: An ``httpx.AsyncClient`` to send with, which stays yours to close; ``proxy`` and ``verify`` are
            then its own, and it never follows redirects.
        **options: What holds for every call unless the call says otherwise; see ``CallOptions``.

    Raises:
        ArgumentError: The key is missing, or something cannot be used as it is.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        beta: str = DEFAULT_BETA,
        azure_api_version: str | None = None,
        max_rate: float | None = None,
        proxy: str | None = None,
        verify: ssl.SSLContext | bool = True,
        http_client: httpx.AsyncClient | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        # From here on no variable holds the key, so that no traceback can show it.
        secret, api_key = Secret(api_key), None
        service = _service(secret, base_url, beta, azure_api_version)
        _check_http_client(http_client, "AsyncClient")
        self._settings = Settings(service, Options().updated(options))
        self._sender = AsyncSender(service, Network(service, proxy, verify), Budget(_rate(max_rate)), http_client)
        self._owner = True

    @property
    def runs(self) -> Runs[AsyncClient]:
        """The runs of threads."""
        return Runs(self)

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self._settings.service.base_url

    @property
    def is_closed(self) -> bool:
        """Whether the client was closed."""
        return self._settings.closed or self._sender.closed

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return a client with other options, on the same connections; this one stays as it is.

        Args:
            **options: What to set; headers and query are added to those that are set already.

        Raises:
            ArgumentError: An option is unknown, or its value makes no sense.
        """
        other = object.__new__(type(self))
        other._settings = Settings(self._settings.service, self._settings.options.updated(options))
        other._sender = self._sender
        other._owner = False
        return other

    async def close(self) -> None:
        """Close the client; closing twice is fine. One that ``with_options`` made leaves the connections to the
        first."""
        self._settings.closed = True
        if self._owner:
            await self._sender.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient(base_url={self.base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "An AsyncClient cannot be pickled or copied: it holds a key and connections. Make one where it is needed."
        )


def _service(secret: Secret, base_url: str | None, beta: str, azure_api_version: str | None) -> Service:
    from threadruns import __version__

    python = ".".join(map(str, sys.version_info[:2]))
    return Service(
        base_url=base_url,
        secret=secret,
        beta=beta,
        azure_api_version=azure_api_version,
        user_agent=f"threadruns/{__version__} python/{python}",
    )


def _rate(rate: float | None) -> float | None:
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or not rate > 0):
        raise ArgumentError(f"The option max_rate is {rate!r}; it must be requests per second above 0, or None.")
    return rate


def _check_http_client(client: object, kind: str) -> None:
    if client is None:
        return
    import httpx

    if not isinstance(client, getattr(httpx, kind)):
        raise ArgumentError(f"The http_client of a {kind} must be an httpx.{kind}, not {type(client).__name__}.")
