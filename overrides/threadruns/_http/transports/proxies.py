"""The proxy of a request, from the environment or the system, and the hosts that NO_PROXY excludes from it.

An entry of ``NO_PROXY`` is a host name, which stands for its subdomains too and may begin with ``.`` or ``*.``; an IP
address; or a block of addresses such as ``10.0.0.0/8``. An entry that ends with a port applies to that port
only. ``*`` stands for all hosts. Entries are separated by commas or white space.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from threadruns._errors import ArgumentError
from threadruns._http.addresses import Address

if TYPE_CHECKING:
    import ssl

    import httpcore

PROXY_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""The schemes of proxies, each with its default port."""

DEFAULT_PORTS = {"http": 80, "https": 443}


def proxy_from_environment(scheme: str, host: str, port: int | None) -> Address | None:
    """Return the proxy for a server, from the environment or the settings of the system, or None.

    Args:
        scheme: The scheme of the server's URL.
        host: Its host, as it is looked up.
        port: Its port; None for that of the scheme.

    Raises:
        ArgumentError: A variable names a proxy that cannot be used.
    """
    # The module is large, and only these systems have proxies beside the environment.
    if sys.platform not in ("darwin", "win32") and not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies, getproxies_environment, proxy_bypass

    proxies = getproxies()
    name = scheme if scheme in proxies else "all"
    if name not in proxies:
        return None
    if excludes(proxies.get("no", ""), host, port or DEFAULT_PORTS[scheme]):
        return None
    if not getproxies_environment() and proxy_bypass(host):
        # The operating system has its own list of excluded hosts.
        return None
    proxy = Address(proxies[name] if "://" in proxies[name] else f"http://{proxies[name]}", f"{name}_proxy")
    del proxies  # It may hold a password, which no traceback must show.
    check_proxy(proxy)
    return proxy


def excludes(no_proxy: str, host: str, port: int) -> bool:
    """Return whether a value of ``NO_PROXY`` excludes a host from the proxy."""
    import re

    return any(_matches(entry.lower(), host.lower().rstrip("."), port) for entry in re.split(r"[\s,]+", no_proxy))


def _matches(entry: str, host: str, port: int) -> bool:
    import re
    from ipaddress import ip_address, ip_network

    if entry == "*":
        return True
    # An IPv6 address has several colons, so it can have a port only if it is in brackets.
    found = re.fullmatch(r"\[(.+)\](?::(\d{1,5}))?|([^:]+)(?::(\d{1,5}))?|(.+)", entry)
    if found is None:
        return False
    name, of_name = found[1] or found[3] or found[5], found[2] or found[4]
    if of_name is not None and int(of_name) != port:
        return False
    try:
        address = ip_address(host)
    except ValueError:
        name = name.removeprefix("*").removeprefix(".").rstrip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))
    try:
        return address in ip_network(name, strict=False)
    except ValueError:
        return False


def check_proxy(proxy: Address) -> None:
    """Refuse a proxy that cannot be used.

    Raises:
        ArgumentError: Its URL is malformed, or its scheme needs a library that is not installed.
    """
    proxy.check(*PROXY_PORTS, example="http://127.0.0.1:3128")
    if proxy.scheme.startswith("socks"):
        from importlib.util import find_spec

        if find_spec("socksio") is None:
            raise ArgumentError(
                "A SOCKS proxy needs socksio, which is not installed. In a clone of the repository:"
                " pip install '.[socks]'"
            )


def httpcore_proxy(proxy: Address, tls: ssl.SSLContext | None) -> httpcore.Proxy:
    """Return a proxy as httpcore takes it.

    Args:
        proxy: The address.
        tls: The TLS settings, for a proxy that is reached over TLS.
    """
    import httpcore

    # httpcore has no default port for socks5h; with either scheme, the proxy looks up names.
    url = httpcore.URL(
        scheme=proxy.scheme.removesuffix("h"),
        host=proxy.host,
        port=proxy.parts.port or PROXY_PORTS[proxy.scheme],
        target="/",
    )
    return httpcore.Proxy(url, auth=proxy.credentials, ssl_context=tls if proxy.scheme == "https" else None)
