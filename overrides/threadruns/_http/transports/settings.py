"""How connections are made: TLS and proxies, set up when the first one is needed and shared by all."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from threadruns._errors import ArgumentError
from threadruns._http.addresses import Address

if TYPE_CHECKING:
    import ssl

    import httpcore

    from threadruns._http.service import Service

KEEP_ALIVE = 5.0
"""Seconds that a connection is kept for the next exchange; servers close theirs at about that time too."""


PROXY_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""The schemes of proxies, each with the port that it has unless the URL names one."""


class ConnectionSettings:
    """How connections are made.

    Args:
        service: The server.
        proxy: The address of a proxy; from the usual environment variables if None.
        verify: Whether to check certificates, or the TLS settings to use.

    Raises:
        ArgumentError: Proxy or TLS settings cannot be used.
    """

    def __init__(self, service: Service, proxy: Address | None, verify: ssl.SSLContext | bool) -> None:
        if not isinstance(verify, bool) and not hasattr(verify, "wrap_socket"):
            raise ArgumentError(f"The setting verify is {verify!r}; it must be True, False or an ssl.SSLContext.")
        if proxy is not None:
            _check_proxy(proxy)
        self._service = service
        self._proxy = proxy
        self._verify = verify
        self._settings: dict[str, Any] | None = None

    def settings(self) -> dict[str, Any]:
        """Return what a connection pool of httpcore is made with. TLS is set up once and shared.

        Raises:
            ArgumentError: The environment names a proxy that cannot be used.
        """
        if self._settings is None:
            import socket

            proxy = self._proxy or self._proxy_of_environment()
            secure = "https" in (self._service.scheme, proxy and proxy.scheme)
            tls = self._tls() if secure else None
            self._settings = {
                "max_connections": 1,
                "keepalive_expiry": KEEP_ALIVE,
                "ssl_context": tls,
                "proxy": None if proxy is None else _route(proxy, tls),
                "socket_options": [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            }
        return self._settings

    def _tls(self) -> ssl.SSLContext:
        if not isinstance(self._verify, bool):
            return self._verify
        import ssl

        import certifi

        if not self._verify:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        return ssl.create_default_context(cafile=file or (None if folder else certifi.where()), capath=folder)

    def _proxy_of_environment(self) -> Address | None:
        # The module is large, and only these systems have proxies beside the environment.
        if sys.platform not in ("darwin", "win32") and not any(name.lower().endswith("_proxy") for name in os.environ):
            return None
        from urllib.request import getproxies, proxy_bypass

        proxies = getproxies()
        name = self._service.scheme if self._service.scheme in proxies else "all"
        if name not in proxies or proxy_bypass(self._service.host):
            return None
        proxy = Address(proxies[name] if "://" in proxies[name] else f"http://{proxies[name]}", f"{name}_proxy")
        del proxies  # It may hold a password, which no traceback is to show.
        _check_proxy(proxy)
        return proxy


def _check_proxy(proxy: Address) -> None:
    proxy.check(*PROXY_PORTS, example="http://127.0.0.1:3128")
    if proxy.scheme.startswith("socks"):
        from importlib.util import find_spec

        if find_spec("socksio") is None:
            raise ArgumentError("A SOCKS proxy needs socksio; install it with: pip install 'threadruns[socks]'.")


def _route(proxy: Address, tls: ssl.SSLContext | None) -> httpcore.Proxy:
    import httpcore

    # httpcore has no port of its own for socks5h; names are looked up by the proxy under either scheme.
    url = httpcore.URL(
        scheme=proxy.scheme.removesuffix("h"),
        host=proxy.host,
        port=proxy.parts.port or PROXY_PORTS[proxy.scheme],
        target="/",
    )
    return httpcore.Proxy(url, auth=proxy.credentials, ssl_context=tls if proxy.scheme == "https" else None)
