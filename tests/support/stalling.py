"""Servers and proxies that answer some connections and then stall, each in another phase of a request."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Self
from urllib.parse import quote

import pytest

from tests.support.relay import CREDENTIALS, PASSWORD, Relay, http_proxy, read_head, run_relay, socks_proxy
from tests.support.runs import page, runs

EVERY = 0.05
"""Seconds between two bytes of a server that sends one at a time."""

LARGE = {"x-large": "x" * 6_000_000}
"""A header that no buffer of a socket holds."""

NEWEST = runs(4)[::-1]
BODY = json.dumps(page(NEWEST[:2], has_more=True)).encode()
HEAD = f"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {len(BODY)}\r\n\r\n".encode()


class StallingServer:
    """A server that answers some connections with a page that promises more, and stalls on the others.

    Args:
        phase: The phase in which it stalls.
        healthy: The number of connections that it answers.
        tls: The TLS settings; None for plain connections.
    """

    def __init__(self, phase: str, healthy: int, tls: ssl.SSLContext | None) -> None:
        self._phase = phase
        self._healthy = healthy
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        if phase == "send buffer":
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port: int = self._listener.getsockname()[1]
        self.stalled = threading.Event()
        """Set once a client is left waiting."""
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _start(self, call: Any, *args: Any) -> None:
        thread = threading.Thread(target=call, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._healthy -= 1
                self._start(self._answer if self._healthy >= 0 else self._stall, client)

    def _answer(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            client = self._tls.wrap_socket(client, server_side=True) if self._tls else client
            with client:
                while not client.recv(65536).endswith(b"\r\n\r\n"):
                    pass
                client.sendall(HEAD + BODY)

    def _stall(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            match self._phase:
                case "send buffer":
                    client.recv(1)
                    self._wait()
                case "tls":
                    client.recv(65536)
                    self._wait()
                case "tls drips":
                    client.recv(65536)
                    # A record of TLS 1.2 of 16 KB, with a message of the handshake.
                    self._drip(client, b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + bytes(16380))
                case phase:
                    client = self._tls.wrap_socket(client, server_side=True) if self._tls else client
                    with client:
                        read_head(client)
                        if phase == "silence":
                            self._wait()
                        elif phase == "headers drip":
                            self._drip(client, b"HTTP/1.1 200 OK\r\n" + b"x-drip: drip\r\n" * 1000)
                        else:
                            client.sendall(HEAD)
                            self._drip(client, BODY)

    def _wait(self) -> None:
        self.stalled.set()
        self._ended.wait()

    def _drip(self, client: socket.socket, data: bytes) -> None:
        self.stalled.set()
        for byte in data:
            client.sendall(bytes([byte]))
            if self._ended.wait(EVERY):
                return


@contextmanager
def dead_addresses(port: int, healthy: int, monkeypatch: pytest.MonkeyPatch) -> Generator[threading.Event]:
    """Resolve the name dead.example to a server for some look-ups, and then to four addresses that do not answer."""
    stalled = threading.Event()
    look_up = socket.getaddrinfo
    with ExitStack() as stack:
        # The server listens at 127.0.0.1 alone, so its port is free at the others.
        dead = [stack.enter_context(_full(f"127.0.0.{number}", port)) for number in range(11, 15)]

        def answer(host: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal healthy
            if host not in ("dead.example", b"dead.example"):
                return look_up(host, *args, **kwargs)
            healthy -= 1
            if healthy >= 0:
                return look_up("127.0.0.1", port, type=socket.SOCK_STREAM)
            stalled.set()
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in dead]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        try:
            yield stalled
        finally:
            monkeypatch.setattr(socket, "getaddrinfo", look_up)


@contextmanager
def _full(host: str, port: int) -> Generator[tuple[str, int]]:
    """Listen at an address with a full queue, so that the system accepts no further connection."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(2):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()


PHASES = {
    "addresses": "silence",
    "tls": "tls",
    "tls drips": "tls drips",
    "connect": "silence",
    "tls behind connect": "tls",
    "tls within tls": "tls",
    "tls within tls drips": "tls drips",
    "socks": "silence",
    "tls behind socks": "tls",
    "send buffer": "send buffer",
    "silence": "silence",
    "headers drip": "headers drip",
    "body drips": "body drips",
    "body drips over tls": "body drips",
}
"""The phases of a call in which a client can be left waiting, and what the server does."""


@contextmanager
def stalling(
    phase: str,
    server_tls: ssl.SSLContext,
    trusting_tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    healthy: int = 0,
) -> Generator[tuple[dict[str, Any], threading.Event]]:
    """Return the settings of a client that stalls in a phase, and an event that is set when it does.

    Args:
        phase: The phase.
        server_tls: The TLS settings of servers and proxies.
        trusting_tls: The TLS settings of the client.
        monkeypatch: Replaces name resolution.
        healthy: The number of connections that are answered before.
    """
    tls = server_tls if "tls" in phase or phase == "connect" else None
    left = healthy

    def way(relay: Relay, client: socket.socket) -> socket.socket:
        nonlocal left
        left -= 1
        if phase in ("connect", "socks") and left < 0:
            client.recv(65536)
            server.stalled.set()
            client.recv(65536)
            raise OSError
        return (socks_proxy if "socks" in phase else http_proxy)(relay, client)

    with StallingServer(PHASES[phase], healthy, tls) as server, ExitStack() as stack:
        settings: dict[str, Any] = {"api_key": "sk", "max_retries": 0, "verify": trusting_tls}
        stalled = server.stalled
        scheme = "https" if tls else "http"
        settings["base_url"] = f"{scheme}://localhost:{server.port}/v1"
        if phase == "addresses":
            stalled = stack.enter_context(dead_addresses(server.port, healthy, monkeypatch))
            settings["base_url"] = f"http://dead.example:{server.port}/v1"
        elif phase == "send buffer":
            settings["extra_headers"] = LARGE
        elif "connect" in phase or "within" in phase or "socks" in phase:
            relay = stack.enter_context(run_relay(way, server_tls if "within" in phase else None))
            kind = "socks5" if "socks" in phase else "https" if "within" in phase else "http"
            settings["proxy"] = f"{kind}://{quote(CREDENTIALS[0])}:{PASSWORD}@localhost:{relay.port}"
        yield settings, stalled
