"""Tests of HTTP and SOCKS proxies and of the secrecy of their passwords."""

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

from tests.support.clients import CLIENTS, HTTPX_CLIENTS, WALKS, exposed_text, open_client, run_ids
from tests.support.relay import CREDENTIALS, PASSWORD, Relay, http_proxy, run_relay, socks_proxy
from tests.support.runs import ids, runs
from threadruns import APIConnectionError, ArgumentError
from threadruns.testing import serve

WAYS = {"http": http_proxy, "https": http_proxy, "socks5": socks_proxy, "socks5h": socks_proxy}


def proxy_url(relay: Relay, scheme: str, password: str = PASSWORD) -> str:
    """Return the URL of a proxy with credentials."""
    host = "localhost" if scheme == "https" else "127.0.0.1"
    return f"{scheme}://{quote(CREDENTIALS[0])}:{password}@{host}:{relay.port}"


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("scheme", WAYS)
def test_list_through_a_proxy(scheme: str, kind: str, server_tls: ssl.SSLContext, trusting_tls: ssl.SSLContext) -> None:
    """Runs can be listed through each kind of proxy, with user name and password."""
    tls = server_tls if scheme == "https" else None
    with serve(runs=runs(25)) as server, run_relay(WAYS[scheme], tls) as relay:
        settings = {"proxy": proxy_url(relay, scheme), "verify": trusting_tls}
        assert run_ids(WALKS[kind](server, limit=10, client=settings)) == ids(25)
        origin = server.url.removesuffix("/v1").removeprefix("http://")
        # A proxy that receives full URLs gets one connection for each request; a tunnel is one connection.
        assert all(origin in target for target in relay.targets)
        assert len(relay.targets) == (3 if scheme.startswith("http") else 1)
        assert not any("proxy-authorization" in seen.headers for seen in server.requests)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("scheme", WAYS)
def test_tls_through_a_proxy(
    scheme: str, kind: str, server_tls: ssl.SSLContext, trusting_tls: ssl.SSLContext, secure_url: str
) -> None:
    """A TLS server is reached through a tunnel, and the client verifies its certificate."""
    tls = server_tls if scheme == "https" else None
    with run_relay(WAYS[scheme], tls) as relay:
        settings: dict[str, Any] = {"api_key": "sk", "base_url": secure_url, "proxy": proxy_url(relay, scheme)}
        with open_client(None, kind, verify=trusting_tls, **settings) as client:
            for _ in range(2):
                assert run_ids(client.runs.list("thread_a").data) == ids(1)
        assert relay.targets == [secure_url.removeprefix("https://").removesuffix("/v1")]
        with (
            open_client(None, kind, max_retries=0, **settings) as client,
            pytest.raises(APIConnectionError, match="cert"),
        ):
            client.runs.list("thread_a")


@pytest.mark.parametrize("kind", WALKS)
def test_own_http_client_with_a_proxy(kind: str, trusting_tls: ssl.SSLContext, secure_url: str) -> None:
    """A caller's httpx client keeps its proxy and TLS settings."""
    with run_relay(http_proxy) as relay:
        own = HTTPX_CLIENTS[kind](proxy=proxy_url(relay, "http"), verify=trusting_tls)
        with open_client(None, kind, api_key="sk", base_url=secure_url, http_client=own) as client:
            assert run_ids(client.runs.list("thread_a").data) == ids(1)
        assert len(relay.targets) == 1


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("form", ["http://{}", "{}", "socks5://{}"])
def test_proxy_of_the_environment(form: str, variable: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment variables set the proxy, with or without a scheme, and NO_PROXY excludes hosts."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with serve(runs=runs(3)) as server, run_relay(socks_proxy if "socks" in form else http_proxy) as relay:
        monkeypatch.setenv(variable, form.format(proxy_url(relay, "http").removeprefix("http://")))
        assert run_ids(WALKS[kind](server)) == ids(3)
        assert len(relay.targets) == 1
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert run_ids(WALKS[kind](server)) == ids(3)
        assert len(relay.targets) == 1


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("secure", [False, True])
def test_rejected_by_the_proxy(
    scheme: str, secure: bool, kind: str, secure_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy that rejects the password raises an error; neither error nor log contains the password or the key."""
    caplog.set_level(logging.DEBUG)
    with serve(runs=runs(3)) as server, run_relay(WAYS[scheme]) as relay:
        settings: dict[str, Any] = {
            "api_key": "sk-hush-hush",
            "base_url": secure_url if secure else server.url,
            "proxy": proxy_url(relay, scheme, "hush-hush"),
        }
        with open_client(None, kind, max_retries=0, **settings) as client:
            with pytest.raises(Exception, match=r"407 Proxy|Invalid username/password") as caught:
                client.runs.list("thread_a")
            assert type(caught.value).__module__ == "threadruns._errors"
            shown = exposed_text(caught.value) + repr(client) + repr(pickle.dumps(caught.value)) + caplog.text
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
def test_server_that_is_not_a_proxy(scheme: str, reply: bytes, kind: str) -> None:
    """A server that does not speak the proxy's protocol is a connection error."""

    def babble(_: Relay, client: socket.socket) -> socket.socket:
        client.recv(65536)
        client.sendall(reply)
        raise OSError

    with (
        run_relay(babble) as relay,
        open_client(
            None, kind, api_key="sk", base_url="https://127.0.0.1:9/v1", proxy=proxy_url(relay, scheme), max_retries=0
        ) as client,
    ):
        with pytest.raises(APIConnectionError) as caught:
            client.runs.list("thread_a")
        assert PASSWORD not in exposed_text(caught.value)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("proxy", "message"),
    [
        ("ftp://user:hush-hush@h", "does not start with http:// or https:// or socks5:// or socks5h:// and a host"),
        ("user:hush-hush@h:80", "does not start with http:// or https://"),
        ("http://user:hush-hush@h:port", "The proxy cannot be read"),
        ("http://user:hush-hush@[::1", "The proxy cannot be read"),
        ("http://user:hush-hush@", "does not start with http:// or https://"),
        ("http://user:hush-hush@h\n", "spaces or control characters"),
        ("http://secret x", "The proxy 'http://secret x' has spaces"),
        ("", "does not start with http:// or https://"),
        (b"http://user:hush-hush@h", "The proxy is of type bytes, not a string"),
    ],
)
def test_invalid_proxy(proxy: Any, message: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invalid proxy is rejected at once, in a message without its password."""
    with pytest.raises(ArgumentError, match=message) as caught:
        CLIENTS[kind](api_key="sk", base_url="http://h/v1", proxy=proxy)
    if "@" in str(proxy):
        assert "hush-hush" not in exposed_text(caught.value)
    if isinstance(proxy, str) and "://" in proxy and "\n" not in proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "")
        with open_client(None, kind, api_key="sk", base_url="http://127.0.0.1:9/v1") as client:
            with pytest.raises(ArgumentError, match=message.replace("The proxy", "The http_proxy")) as caught:
                client.runs.list("thread_a")
            if "@" in proxy:
                assert "hush-hush" not in exposed_text(caught.value)


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize("other", [{"max_rate": -1}, {"timeout": -1}, {"base_url": "ftp://x"}, {"verify": "x"}])
def test_invalid_arguments_do_not_show_the_password(other: dict[str, Any], kind: str) -> None:
    """An error about another argument does not show the proxy's password, in its traceback either."""
    with pytest.raises(ArgumentError) as caught:
        CLIENTS[kind](**{"api_key": "sk", "base_url": "http://h/v1", "proxy": f"http://u:{PASSWORD}@h", **other})
    assert PASSWORD not in exposed_text(caught.value)


@pytest.mark.parametrize("kind", WALKS)
def test_password_in_reprs_and_copies(kind: str) -> None:
    """No part of a client shows the proxy's password, and no part of it can be copied."""
    client = CLIENTS[kind](api_key="sk", base_url="http://h/v1", proxy=f"http://u:{PASSWORD}@h")
    network = client._sender._settings
    assert PASSWORD not in f"{client!r} {vars(client)} {vars(client._sender)} {vars(network)}"
    for attempt in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            attempt(network._proxy)


@pytest.mark.parametrize("kind", WALKS)
def test_socks_without_its_library(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy without its library is rejected at once, with the command that installs it."""
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(ArgumentError, match=r"needs socksio, which is not installed.*pip install '\.\[socks\]'"):
        CLIENTS[kind](api_key="sk", base_url="http://h/v1", proxy="socks5://127.0.0.1:1080")
