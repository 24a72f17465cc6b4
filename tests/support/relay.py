"""A relay between a client and a server, in threads: a plain one, or a proxy that speaks HTTP or SOCKS5."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Self
from urllib.parse import urlsplit

PASSWORD = "secret-of-the-proxy"
CREDENTIALS = ("user@home", PASSWORD)


class Relay:
    """Passes on what comes to it, and knows of its connections.

    Args:
        way: Finds out where a connection leads, and returns a connection to there; it refuses by raising OSError.
        tls: How it is encrypted up to here, if it is.
    """

    def __init__(self, way: Callable[[Self, socket.socket], socket.socket], tls: ssl.SSLContext | None = None) -> None:
        self._way = way
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.targets: list[str] = []
        """Where connections were led, in order."""
        self.clients: set[str] = set()
        """The addresses that connections came from."""
        self.changed = threading.Condition()
        self.open = 0
        """Connections of clients that go on."""
        self.ended = 0
        """Connections that the client ended."""

    def wait_for(self, what: Callable[[], bool]) -> None:
        """Wait until something is so, for longer than any machine takes."""
        with self.changed:
            assert self.changed.wait_for(what, 20)

    def serve(self) -> None:
        """Serve until the listener is closed."""
        with suppress(OSError):
            while True:
                client, (address, _) = self._listener.accept()
                self.clients.add(address)
                threading.Thread(target=self._relay, args=[client], daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _relay(self, client: socket.socket) -> None:
        self._count(1)
        try:
            with client, suppress(OSError):
                client = self._tls.wrap_socket(client, server_side=True) if self._tls else client
                with client, self._way(self, client) as server:
                    back = threading.Thread(target=_pass_on, args=[server, client], daemon=True)
                    back.start()
                    _pass_on(client, server)
                    with self.changed:
                        self.ended += 1
                    back.join()
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        with self.changed:
            self.open += more
            self.changed.notify_all()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        # The TLS socket as well, of which shutdown would first take the TLS away.
        socket.socket.shutdown(sink, socket.SHUT_RDWR)


def to(url: str) -> Callable[[Relay, socket.socket], socket.socket]:
    """Lead every connection to one server."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    address = parts.hostname, parts.port
    return lambda relay, client: socket.create_connection(address)


def head_of(client: socket.socket) -> bytes:
    """Read the head of a request."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        if not byte:
            raise OSError
        head += byte
    return head


def http_proxy(relay: Relay, client: socket.socket) -> socket.socket:
    """Speak HTTP: CONNECT for a tunnel, or the whole URL for a single request; ask for the password."""
    head = head_of(client)
    method, target, _ = head.split(b" ", 2)
    wanted = base64.b64encode(":".join(CREDENTIALS).encode())
    if wanted not in head:
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        raise OSError
    relay.targets.append(target.decode())
    if method == b"CONNECT":
        host, _, port = target.decode().rpartition(":")
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return server
    parts = urlsplit(target.decode())
    server = socket.create_connection((parts.hostname, parts.port))
    line, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    kept = [header for header in headers if not header.lower().startswith(b"proxy-")]
    origin_form = line.replace(f"{parts.scheme}://{parts.netloc}".encode(), b"")
    server.sendall(b"\r\n".join([origin_form, b"Connection: close", *kept, b"", b""]))
    return server


def socks_proxy(relay: Relay, client: socket.socket) -> socket.socket:
    """Speak SOCKS5 (RFC 1928), with user name and password (RFC 1929)."""
    _, count = client.recv(2)
    if 2 not in client.recv(count):
        client.sendall(b"\x05\xff")
        raise OSError
    client.sendall(b"\x05\x02")
    _, length = client.recv(2)
    user = client.recv(length)
    password = client.recv(client.recv(1)[0])
    if (user.decode(), password.decode()) != CREDENTIALS:
        client.sendall(b"\x01\x01")
        raise OSError
    client.sendall(b"\x01\x00")
    kind = client.recv(4)[3]
    host = socket.inet_ntoa(client.recv(4)) if kind == 1 else client.recv(client.recv(1)[0]).decode()
    port = int.from_bytes(client.recv(2))
    relay.targets.append(f"{host}:{port}")
    server = socket.create_connection((host, port))
    client.sendall(b"\x05\x00\x00\x01" + bytes(6))
    return server


@contextmanager
def relaying(
    way: Callable[[Relay, socket.socket], socket.socket], tls: ssl.SSLContext | None = None
) -> Generator[Relay]:
    """Run a relay."""
    relay = Relay(way, tls)
    thread = threading.Thread(target=relay.serve, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.close()
        thread.join()
        relay.wait_for(lambda: not relay.open)
