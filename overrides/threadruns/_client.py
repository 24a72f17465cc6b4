"""The clients: a key, a server, and the operations of the API.

An operation is bound with one line, ``list = Paged(lambda: _wire.list_runs)``: what it takes, and what its list holds,
both clients learn from the generated function.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, Self, TypeVar, overload

from threadruns import __version__, _wire
from threadruns._address import Address
from threadruns._errors import ArgumentError
from threadruns._network import Network
from threadruns._options import LONGEST, Options, is_number
from threadruns._retries import Budget
from threadruns._senders import AsyncSender, Sender
from threadruns._service import DEFAULT_BETA, Secret, Service, base_address
from threadruns._settings import Settings

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import TracebackType
    from typing import Unpack

    import httpx

    from threadruns._items import Item, Listed
    from threadruns._lists import AsyncListing, Listing
    from threadruns._wire import CallOptions, Request

P = ParamSpec("P")
T = TypeVar("T", bound="Item")
S_co = TypeVar("S_co", bound=Sender | AsyncSender, covariant=True)


class Resource(Generic[S_co]):
    """A group of operations of a client."""

    def __init__(self, settings: Settings, sender: S_co) -> None:
        self.settings = settings
        self.sender = sender

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self.settings.service.base_url!r}>"


class Paged(Generic[P, T]):
    """Binds a generated operation that lists something to whichever client it is asked from.

    Args:
        load: Returns the operation; called when it is first needed, as its models take time to import.
    """

    def __init__(self, load: Callable[[], Callable[P, Request[Listed[T]]]]) -> None:
        self._load = load

    @overload
    def __get__(self, resource: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, resource: Resource[Sender], owner: Any = None) -> Listing[P, T]: ...
    @overload
    def __get__(self, resource: Resource[AsyncSender], owner: Any = None) -> AsyncListing[P, T]: ...
    def __get__(
        self, resource: Resource[Sender] | Resource[AsyncSender] | None, owner: Any = None
    ) -> Self | Listing[P, T] | AsyncListing[P, T]:
        if resource is None:
            # Documentation tools look at the class.
            return self
        from threadruns._lists import AsyncListing, Listing

        settings, sender = resource.settings, resource.sender
        if isinstance(sender, Sender):
            return Listing(settings, sender, self._load())
        return AsyncListing(settings, sender, self._load())


class Runs(Resource[S_co]):
    """The runs of threads."""

    list = Paged(lambda: _wire.list_runs)
    """Lists the runs of a thread."""


class ClientOf(Generic[S_co]):
    """What both clients can be asked."""

    _settings: Settings
    _sender: S_co
    _owner: bool
    """Whether closing the client closes its connections."""

    @property
    def runs(self) -> Runs[S_co]:
        """The runs of threads."""
        return Runs(self._settings, self._sender)

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
        other._settings = self._settings.updated(options)
        other._sender = self._sender
        other._owner = False
        return other

    def __repr__(self) -> str:
        # A traceback may show a client that is only half made.
        settings = vars(self).get("_settings")
        return f"{type(self).__name__}({f'base_url={settings.service.base_url!r}' if settings else ''})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A client cannot be pickled or copied: it holds a key and connections. Make one where it is needed."
        )


class Client(ClientOf[Sender]):
    """A client of the API. Safe to use from several threads, and after a fork.

    Args:
        api_key: The key; from the environment variable ``OPENAI_API_KEY`` if None. It is shown nowhere.
        base_url: Where the API is, such as ``http://127.0.0.1:8000/v1``; from ``OPENAI_BASE_URL`` if None.
        beta: The version of the Assistants API to ask for, the value of the ``OpenAI-Beta`` header.
        azure_api_version: The version to ask an Azure-like deployment for, such as ``2024-02-15-preview``; sets its
            form: the key goes into the header ``api-key``, the version into the query, and no ``OpenAI-Beta`` is sent.
        max_rate: Requests per second that all calls of this client share; None for no bound.
        proxy: The URL of a proxy, ``http``, ``https`` or ``socks5`` (which needs the extra ``socks``), with its user
            name and password if it wants them; from ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` if
            None.
        verify: Whether to check certificates, or the TLS settings to use.
        http_client: An ``httpx.Client`` to send with, which stays yours to close; ``proxy`` and ``verify`` are set
            there, and it never follows redirects.
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
        # From here on no variable holds the key or a password, so that no traceback can show it.
        secret, api_key = Secret(api_key), None
        address, base_url = base_address(base_url), None
        route, proxy = None if proxy is None else Address(proxy, "proxy"), None
        service = _service(secret, address, beta, azure_api_version)
        _check_http_client(http_client, "Client", route, verify)
        self._settings = Settings(service, Options().updated(options))
        self._sender = Sender(service, Network(service, route, verify), Budget(_rate(max_rate)), http_client)
        self._owner = True

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


class AsyncClient(ClientOf[AsyncSender]):
    """A client of the API for asyncio. Works in one event loop after another, and after a fork.

    Args:
        api_key: The key; from the environment variable ``OPENAI_API_KEY`` if None. It is shown nowhere.
        base_url: Where the API is, such as ``http://127.0.0.1:8000/v1``; from ``OPENAI_BASE_URL`` if None.
        beta: The version of the Assistants API to ask for, the value of the ``OpenAI-Beta`` header.
        azure_api_version: The version to ask an Azure-like deployment for, such as ``2024-02-15-preview``; sets its
            form: the key goes into the header ``api-key``, the version into the query, and no ``OpenAI-Beta`` is sent.
        max_rate: Requests per second that all calls of this client share; None for no bound.
        proxy: The URL of a proxy, ``http``, ``https`` or ``socks5`` (which needs the extra ``socks``), with its user
            name and password if it wants them; from ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` if
            None.
        verify: Whether to check certificates, or the TLS settings to use.
        http_client: An ``httpx.AsyncClient`` to send with, which stays yours to close; ``proxy`` and ``verify`` are
            set there, and it never follows redirects.
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
        # From here on no variable holds the key or a password, so that no traceback can show it.
        secret, api_key = Secret(api_key), None
        address, base_url = base_address(base_url), None
        route, proxy = None if proxy is None else Address(proxy, "proxy"), None
        service = _service(secret, address, beta, azure_api_version)
        _check_http_client(http_client, "AsyncClient", route, verify)
        self._settings = Settings(service, Options().updated(options))
        self._sender = AsyncSender(service, Network(service, route, verify), Budget(_rate(max_rate)), http_client)
        self._owner = True

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


def _service(secret: Secret, address: Address, beta: str, azure_api_version: str | None) -> Service:
    python = ".".join(map(str, sys.version_info[:2]))
    return Service(
        address=address,
        secret=secret,
        beta=beta,
        azure_api_version=azure_api_version,
        user_agent=f"threadruns/{__version__} python/{python}",
    )


def _rate(rate: float | None) -> float | None:
    if rate is not None and not (is_number(rate) and rate * LONGEST >= 1):
        raise ArgumentError(f"The option max_rate is {rate!r}; it must be requests per second above 0, or None.")
    return rate


def _check_http_client(client: object, kind: str, proxy: Address | None, verify: object) -> None:
    if client is None:
        return
    import httpx

    if not isinstance(client, getattr(httpx, kind)):
        raise ArgumentError(f"The http_client of a {kind} must be an httpx.{kind}, not {type(client).__name__}.")
    if proxy is not None or verify is not True:
        raise ArgumentError(
            "The httpx client that is passed as http_client has its own proxy and verify: set them there."
        )
