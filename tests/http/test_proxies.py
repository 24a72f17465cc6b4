"""Proxies: plain HTTP, a tunnel for HTTPS, SOCKS; their password reaches them, and nothing else."""

from __future__ import annotations

import copy
import logging
import pickle
import socket
import ssl
import sys
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.clients import CLIENTS, OWN, WALKS, everything_shown, names, opened
from tests.support.relay import CREDENTIALS, PASSWORD, Relay, http_proxy, relaying, socks_proxy
from tests.support.runs import ids, runs
from threadruns import APIConnectionError, ArgumentError
from threadruns.testing import serve

WAYS = {"http": http_proxy, "https": http_proxy, "socks5": socks_proxy, "socks5h": socks_proxy}


def url_of(relay: Relay, scheme: str, password: str = PASSWORD) -> str:
    """Return the URL of a proxy, as a caller gives it."""
    host = "localhost" if scheme == "https" else "127.0.0.1"
    return f"{scheme}://{quote(CREDENTIALS[0])}:{password}@{host}:{relay.port}"


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("scheme", WAYS)
def test_whole_list_through_a_proxy(
    scheme: str, kind: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """A walk goes through a proxy of each kind, with its user name and password."""
    tls = server_tls if scheme == "https" else None
    with serve(runs=runs(25)) as server, relaying(WAYS[scheme], tls) as relay:
        settings = {"proxy": url_of(relay, scheme), "verify": trusting}
        assert names(WALKS[kind](server, limit=10, client=settings)) == ids(25)
        origin = server.url.removesuffix("/v1").removeprefix("http://")
        # A request at a time through a proxy that is told the whole URL, one connection for all through a tunnel.
        assert all(origin in target for target in relay.targets)
        assert len(relay.targets) == (3 if scheme.startswith("http") else 1)
        assert not any("proxy-authorization" in seen.headers for seen in server.requests)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("scheme", WAYS)
def test_tls_through_a_proxy(
    scheme: str, kind: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext, secure_url: str
) -> None:
    """A server with TLS is reached through a tunnel, and its certificate is checked by us, not by the proxy."""
    tls = server_tls if scheme == "https" else None
    with relaying(WAYS[scheme], tls) as relay:
        settings: dict[str, Any] = {"api_key": "sk", "base_url": secure_url, "proxy": url_of(relay, scheme)}
        with opened(None, kind, verify=trusting, **settings) as client:
            for _ in range(2):
                assert names(client.runs.list("thread_a").data) == ids(1)
        assert relay.targets == [secure_url.removeprefix("https://").removesuffix("/v1")]
        with opened(None, kind, max_retries=0, **settings) as client, pytest.raises(APIConnectionError, match="cert"):
            client.runs.list("thread_a")


@pytest.mark.parametrize("kind", WALKS)
def test_own_http_client_with_a_proxy(kind: str, trusting: ssl.SSLContext, secure_url: str) -> None:
    """An httpx client of the caller keeps its proxy and its TLS settings."""
    with relaying(http_proxy) as relay:
        own = OWN[kind](proxy=url_of(relay, "http"), verify=trusting)
        with opened(None, kind, api_key="sk", base_url=secure_url, http_client=own) as client:
            assert names(client.runs.list("thread_a").data) == ids(1)
        assert len(relay.targets) == 1


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("form", ["http://{}", "{}", "socks5://{}"])
def test_proxy_of_the_environment(form: str, variable: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual variables name a proxy, with or without its scheme, and NO_PROXY keeps calls from it."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with serve(runs=runs(3)) as server, relaying(socks_proxy if "socks" in form else http_proxy) as relay:
        monkeypatch.setenv(variable, form.format(url_of(relay, "http").removeprefix("http://")))
        assert names(WALKS[kind](server)) == ids(3)
        assert len(relay.targets) == 1
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert names(WALKS[kind](server)) == ids(3)
        assert len(relay.targets) == 1


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("secure", [False, True])
def test_refused_by_the_proxy(
    scheme: str, secure: bool, kind: str, secure_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy that refuses the password is one error, and no part of it, nor a log, shows the password or the key."""
    caplog.set_level(logging.DEBUG)
    with serve(runs=runs(3)) as server, relaying(WAYS[scheme]) as relay:
        settings: dict[str, Any] = {
            "api_key": "sk-hush-hush",
            "base_url": secure_url if secure else server.url,
            "proxy": url_of(relay, scheme, "hush-hush"),
        }
        with opened(None, kind, max_retries=0, **settings) as client:
            with pytest.raises(Exception, match=r"407 Proxy|Invalid username/password") as caught:
                client.runs.list("thread_a")
            assert type(caught.value).__module__ == "threadruns._errors"
            shown = everything_shown(caught.value) + repr(client) + repr(pickle.dumps(caught.value)) + caplog.text
            inner: Any = client
            shown += repr(vars(inner._sender if kind == "sync" else inner.inner._sender))
        assert "hush-hush" not in shown
        assert not relay.targets
        assert not server.requests


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    "reply", [b"", b"\x05", b"\x05\x02\x01", b"HTTP/1.1 400 Bad\r\n\r\n", b"\x04\x00", b"\xff" * 9]
)
@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_no_proxy_at_all(scheme: str, reply: bytes, kind: str) -> None:
    """Something that speaks no protocol of proxies is a connection error like any other."""

    def babble(_: Relay, client: socket.socket) -> socket.socket:
        client.recv(65536)
        client.sendall(reply)
        raise OSError

    with (
        relaying(babble) as relay,
        opened(
            None, kind, api_key="sk", base_url="https://127.0.0.1:9/v1", proxy=url_of(relay, scheme), max_retries=0
        ) as client,
    ):
        with pytest.raises(APIConnectionError) as caught:
            client.runs.list("thread_a")
        assert PASSWORD not in everything_shown(caught.value)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        ("ftp://user:hush-hush@h", "has no http or https or socks5 or socks5h address"),
        ("user:hush-hush@h:80", "has no http or https"),
        ("http://user:hush-hush@h:port", "The proxy cannot be read"),
        ("http://user:hush-hush@[::1", "The proxy cannot be read"),
        ("http://user:hush-hush@", "has no http or https"),
        ("http://user:hush-hush@h\n", "spaces or control characters"),
        ("http://secret x", "The proxy 'http://secret x' has spaces"),
        ("", "has no http or https"),
        (b"http://user:hush-hush@h", "The proxy is of type bytes, not a string"),
    ],
)
def test_proxy_that_cannot_be_used(proxy: Any, says: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that cannot be used is refused when it is given, in a sentence without its password."""
    with pytest.raises(ArgumentError, match=says) as caught:
        CLIENTS[kind](api_key="sk", base_url="http://h/v1", proxy=proxy)
    if "@" in str(proxy):
        assert "hush-hush" not in everything_shown(caught.value)
    if isinstance(proxy, str) and "://" in proxy and "\n" not in proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "")
        with opened(None, kind, api_key="sk", base_url="http://127.0.0.1:9/v1") as client:
            with pytest.raises(ArgumentError, match=says.replace("The proxy", "The http_proxy")) as caught:
                client.runs.list("thread_a")
            if "@" in proxy:
                assert "hush-hush" not in everything_shown(caught.value)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("other", [{"max_rate": -1}, {"timeout": -1}, {"base_url": "ftp://x"}, {"verify": "x"}])
def test_other_mistakes_do_not_show_the_password(other: dict[str, Any], kind: str) -> None:
    """An error of another argument shows nothing of the proxy's password, in its traceback either."""
    with pytest.raises(ArgumentError) as caught:
        CLIENTS[kind](**{"api_key": "sk", "base_url": "http://h/v1", "proxy": f"http://u:{PASSWORD}@h", **other})
    assert PASSWORD not in everything_shown(caught.value)


@pytest.mark.parametrize("kind", WALKS)
def test_password_in_reprs_and_copies(kind: str) -> None:
    """Nothing that a client holds shows the password of its proxy, and none of it can be copied."""
    client = CLIENTS[kind](api_key="sk", base_url="http://h/v1", proxy=f"http://u:{PASSWORD}@h")
    network = client._sender._settings
    assert PASSWORD not in f"{client!r} {vars(client)} {vars(client._sender)} {vars(network)}"
    for attempt in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            attempt(network._proxy)


@pytest.mark.parametrize("kind", WALKS)
def test_socks_without_its_library(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy without the library for it is refused at once, with the command that brings it."""
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(ArgumentError, match=r"needs socksio; install it with: pip install 'threadruns\[socks\]'"):
        CLIENTS[kind](api_key="sk", base_url="http://h/v1", proxy="socks5://127.0.0.1:1080")
