"""The clients, blocking and for asyncio."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Generic, NoReturn, Self, TypeVar

from threadruns._client.resources import Runs
from threadruns._client.settings import Settings
from threadruns._errors import ArgumentError
from threadruns._http.addresses import Address
from threadruns._http.rate_limit import RateLimiter
from threadruns._http.secrets import Secret
from threadruns._http.senders import AsyncSender, Sender
from threadruns._http.service import Service, base_address
from threadruns._http.transports.settings import ConnectionSettings
from threadruns._options import MAX_SECONDS, Options, is_number
from threadruns._version import __version__

if TYPE_CHECKING:
    import ssl
    from types import TracebackType
    from typing import Unpack

    from threadruns._http.secrets import ApiKey, AsyncApiKey
    from threadruns._http.transport import AsyncHttpClient, AsyncHttpTransport, HttpClient, HttpTransport
    from threadruns._wire import CallOptions

S_co = TypeVar("S_co", bound=Sender | AsyncSender, covariant=True)


class BaseClient(Generic[S_co]):
    """The part that both clients share."""

    _settings: Settings
    _sender: S_co
    _owns_sender: bool = True
    """True if closing the client closes its connections."""

    @property
    def runs(self) -> Runs[S_co]:
        """The runs of threads."""
        return Runs(self._settings, self._sender)

    @property
    def base_url(self) -> str:
        """The base URL of the API."""
        return self._settings.service.base_url

    @property
    def is_closed(self) -> bool:
        """True after the client was closed."""
        return self._settings.closed or self._sender.closed

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return a client with other options that shares the connections; this client does not change.

        Args:
            **options: The options to set; headers and query parameters are added to those that are set already.

        Raises:
            ArgumentError: An option is unknown, or its value is invalid.
        """
        other = object.__new__(type(self))
        other._settings = self._settings.updated(options)
        other._sender = self._sender
        other._owns_sender = False
        return other

    def __repr__(self) -> str:
        # A traceback may show a client whose constructor failed.
        settings = vars(self).get("_settings")
        return f"{type(self).__name__}({f'base_url={settings.service.base_url!r}' if settings else ''})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A client cannot be pickled or copied, because it holds a key and connections. Make one where it is needed."
        )


class Client(BaseClient[Sender]):
    """A blocking client of the API. It can be shared by threads, and used after a fork.

    Args:
        api_key: The API key, or a function that returns it and is called before each attempt, for keys that expire;
            for ``AsyncClient`` it may be async. From the environment variable ``OPENAI_API_KEY`` if None. No repr, log
            or error shows the key.
        base_url: The base URL of the API, such as ``http://127.0.0.1:8000/v1``; from ``OPENAI_BASE_URL`` if None.
            It has no default.
        beta: The version of the Assistants API, sent in the header ``OpenAI-Beta``; that of the document if None.
        azure_api_version: The version of an Azure-like deployment, such as ``2024-02-15-preview``. Selects its form:
            the key is sent in the header ``api-key``, the version in the query, and no ``OpenAI-Beta`` is sent.
        max_rate: The largest number of requests per second, shared by all calls of this client; None for no limit.
        proxy: The URL of a proxy, ``http``, ``https`` or ``socks5`` (which needs the extra ``socks``), with user name
            and password if it requires them; from ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` if
            None.
        verify: Whether to verify certificates, or the TLS settings to use.
        http_client: A ``Client`` of httpx or httpx2 (for ``AsyncClient``, an ``AsyncClient``) to send with. The caller
            closes it, and sets ``proxy`` and ``verify`` on it; redirects are never followed.
        transport: A transport of httpx or httpx2 to send with, in place of our connections. It is closed with the
            client.
        **options: The defaults of all calls; see ``CallOptions``.

    Raises:
        ArgumentError: The key or the base URL is missing, or an argument is invalid.
    """

    def __init__(
        self,
        *,
        api_key: ApiKey | None = None,
        base_url: str | None = None,
        beta: str | None = None,
        azure_api_version: str | None = None,
        max_rate: float | None = None,
        proxy: str | None = None,
        verify: ssl.SSLContext | bool = True,
        http_client: HttpClient | None = None,
        transport: HttpTransport | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        # From here on no variable holds the key or a password, so that no traceback can show it.
        secret, api_key = Secret(api_key), None
        address, base_url = base_address(base_url), None
        proxy_address, proxy = None if proxy is None else Address(proxy, "proxy"), None
        service = _service(secret, address, beta, azure_api_version)
        self._settings = Settings(service, Options().updated(options))
        connections = ConnectionSettings(service, proxy_address, verify, http_client, transport, asynchronous=False)
        self._sender = Sender(service, connections, RateLimiter(_check_rate(max_rate)))

    def close(self) -> None:
        """Close the client; closing twice is fine. Clients made by ``with_options`` leave the connections open."""
        self._settings.closed = True
        if self._owns_sender:
            self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(BaseClient[AsyncSender]):
    """A client of the API for asyncio. It works in several event loops, one after another, and after a fork.

    Its arguments are those of ``Client``.
    """

    def __init__(
        self,
        *,
        api_key: AsyncApiKey | None = None,
        base_url: str | None = None,
        beta: str | None = None,
        azure_api_version: str | None = None,
        max_rate: float | None = None,
        proxy: str | None = None,
        verify: ssl.SSLContext | bool = True,
        http_client: AsyncHttpClient | None = None,
        transport: AsyncHttpTransport | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        # From here on no variable holds the key or a password, so that no traceback can show it.
        secret, api_key = Secret(api_key), None
        address, base_url = base_address(base_url), None
        proxy_address, proxy = None if proxy is None else Address(proxy, "proxy"), None
        service = _service(secret, address, beta, azure_api_version)
        self._settings = Settings(service, Options().updated(options))
        connections = ConnectionSettings(service, proxy_address, verify, http_client, transport, asynchronous=True)
        self._sender = AsyncSender(service, connections, RateLimiter(_check_rate(max_rate)))

    async def close(self) -> None:
        """Close the client; closing twice is fine. Clients made by ``with_options`` leave the connections open."""
        self._settings.closed = True
        if self._owns_sender:
            await self._sender.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _service(secret: Secret, address: Address, beta: str | None, azure_api_version: str | None) -> Service:
    python = ".".join(map(str, sys.version_info[:2]))
    return Service(
        address=address,
        secret=secret,
        beta=beta,
        azure_api_version=azure_api_version,
        user_agent=f"threadruns/{__version__} python/{python}",
    )


def _check_rate(rate: float | None) -> float | None:
    if rate is not None and not (is_number(rate) and rate * MAX_SECONDS >= 1):
        raise ArgumentError(f"The option max_rate is {rate!r}; it must be requests per second above 0, or None.")
    return rate
