"""How connections are made: TLS and proxies, set up when the first one is needed and shared by all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl

    import httpcore

    from threadruns._service import Service

KEEP_ALIVE = 5.0
"""Seconds that a connection is kept for the next exchange; servers close theirs at about that time too."""


class Network:
    """How connections are made.

    Args:
        service: The server.
        proxy: The URL of a proxy; from the usual environment variables if None.
        verify: Whether to check certificates, or the TLS settings to use.
    """

    def __init__(self, service: Service, proxy: str | None, verify: ssl.SSLContext | bool) -> None:
        self._service = service
        self._proxy = proxy
        self._verify = verify
        self._settings: dict[str, Any] | None = None

    def settings(self) -> dict[str, Any]:
        """Return what a connection pool of httpcore is made with. TLS is set up once and shared."""
        if self._settings is None:
            import socket

            self._settings = {
                "max_connections": 1,
                "keepalive_expiry": KEEP_ALIVE,
                "ssl_context": self._tls(),
                "proxy": self._route(),
                "socket_options": [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            }
        return self._settings

    def _tls(self) -> ssl.SSLContext | None:
        if not isinstance(self._verify, bool):
            return self._verify
        if self._service.scheme == "http":
            return None
        import ssl

        import certifi

        if not self._verify:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        return ssl.create_default_context(cafile=file or (None if folder else certifi.where()), capath=folder)

    def _route(self) -> httpcore.Proxy | None:
        import httpcore

        url = self._proxy or self._proxy_of_environment()
        if not url:
            return None
        from urllib.parse import unquote, urlsplit

        parts = urlsplit(url if "://" in url else f"http://{url}")
        auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        port = f":{parts.port}" if parts.port else ""
        return httpcore.Proxy(f"{parts.scheme}://{parts.hostname}{port}", auth=auth)

    def _proxy_of_environment(self) -> str | None:
        from urllib.request import getproxies, proxy_bypass

        proxies = getproxies()
        if proxy_bypass(self._service.host):
            return None
        return proxies.get(self._service.scheme) or proxies.get("all")
