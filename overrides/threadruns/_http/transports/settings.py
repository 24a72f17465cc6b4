"""The settings of connections: TLS and proxies, or a client or transport of the caller."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from threadruns._errors import ArgumentError
from threadruns._http.transports.proxies import check_proxy, httpcore_proxy, proxy_from_environment

if TYPE_CHECKING:
    import ssl

    from threadruns._http.addresses import Address
    from threadruns._http.service import Service

KEEP_ALIVE = 5.0
"""Seconds that an idle connection is kept; many servers close idle connections after about the same time."""

LIBRARIES = ("httpx", "httpx2")
"""The libraries whose clients and transports can be passed."""


class ConnectionSettings:
    """The settings of connections. TLS and proxies are set up by the first connection and shared by all.

    Args:
        service: The server.
        proxy: The address of a proxy; from the environment or the system if None.
        verify: Whether to verify certificates, or the TLS settings to use.
        http_client: The caller's client, if any.
        transport: The caller's transport, if any.
        asynchronous: True for an asynchronous client.

    Raises:
        ArgumentError: The settings cannot be used, or exclude each other.
    """

    def __init__(
        self,
        service: Service,
        proxy: Address | None,
        verify: ssl.SSLContext | bool,
        http_client: Any,
        transport: Any,
        *,
        asynchronous: bool,
    ) -> None:
        if not isinstance(verify, bool) and not hasattr(verify, "wrap_socket"):
            raise ArgumentError(f"The setting verify is {verify!r}; it must be True, False or an ssl.SSLContext.")
        if proxy is not None:
            check_proxy(proxy)
        self._library = "httpx"
        form = "Async" if asynchronous else ""
        if http_client is not None:
            self._library = _library_of(http_client, "http_client", form, "Client")
        if transport is not None:
            self._library = _library_of(transport, "transport", form, "BaseTransport")
        if http_client is not None and transport is not None:
            raise ArgumentError("Pass http_client or transport, not both: a client has its own transport.")
        given = "http_client" if http_client is not None else "transport"
        if (http_client, transport) != (None, None) and (proxy is not None or verify is not True):
            raise ArgumentError(f"The {given} that is passed has its own proxy and verify: set them there.")
        self.http_client, self.transport = http_client, transport
        self._service = service
        self._proxy = proxy
        self._verify = verify
        self._for_httpcore: dict[str, Any] | None = None

    @property
    def library(self) -> Any:
        """The library that requests are made with: that of the caller's client or transport."""
        import httpx

        return httpx if self._library == "httpx" else sys.modules[self._library]

    def for_httpcore(self) -> dict[str, Any]:
        """Return the arguments of a connection pool of httpcore that holds one connection.

        Raises:
            ArgumentError: The environment names a proxy or certificates that cannot be used.
        """
        if self._for_httpcore is None:
            service = self._service
            proxy = self._proxy or proxy_from_environment(service.scheme, service.host, service.port)
            secure = "https" in (service.scheme, proxy and proxy.scheme)
            tls = self._tls() if secure else None
            self._for_httpcore = {
                "max_connections": 1,
                "keepalive_expiry": KEEP_ALIVE,
                "ssl_context": tls,
                "proxy": None if proxy is None else httpcore_proxy(proxy, tls),
            }
        return self._for_httpcore

    def _tls(self) -> ssl.SSLContext:
        if not isinstance(self._verify, bool):
            return self._verify
        from threadruns._http.transports.certificates import tls_settings

        return tls_settings(self._verify)


def _library_of(value: object, name: str, form: str, kind: str) -> str:
    """Return the library that a client or a transport belongs to."""
    wanted = f"{form}{kind}"
    for library in LIBRARIES:
        # A library that was not imported cannot have made the object.
        module = sys.modules.get(library)
        if module is not None and isinstance(value, getattr(module, wanted)):
            return library
    raise ArgumentError(
        f"The {name} of {'an' if form else 'a'} {form}Client must be an httpx.{wanted} or httpx2.{wanted},"
        f" not {type(value).__name__}."
    )
