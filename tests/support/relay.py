"""A relay between a client and a server: plain, or a proxy for HTTP or SOCKS5."""

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
    """A server that relays each connection to another server, and counts connections.

    Args:
        connect: Returns a connection to the target of a client; raises OSError to reject the client.
        tls: The TLS settings of connections from clients; None for plain connections.
    """

    def __init__(
        self, connect: Callable[[Self, socket.socket], socket.socket], tls: ssl.SSLContext | None = None
    ) -> None:
        self._connect = connect
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.targets: list[str] = []
        """The targets of the connections, in order."""
        self.clients: set[str] = set()
        """The addresses of the clients."""
        self.changed = threading.Condition()
        self.open = 0
        """The number of open connections from clients."""
        self.ended = 0
        """The number of connections that clients closed."""

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, longer than any machine needs."""
        with self.changed:
            assert self.changed.wait_for(condition, 20)

    def serve(self) -> None:
        """Accept connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, (address, _) = self._listener.accept()
                self.clients.add(address)
                threading.Thread(target=self._relay, args=[client], daemon=True).start()

    def close(self) -> None:
        """Stop accepting connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _relay(self, client: socket.socket) -> None:
        self._count(1)
        try:
            with client, suppress(OSError):
                client = self._tls.wrap_socket(client, server_side=True) if self._tls else client
                with client, self._connect(self, client) as server:
                    back = threading.Thread(target=_forward, args=[server, client], daemon=True)
                    back.start()
                    _forward(client, server)
                    with self.changed:
                        self.ended += 1
                    back.join()
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        with self.changed:
            self.open += more
            self.changed.notify_all()


def _forward(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        # SSLSocket.shutdown would remove the TLS layer first.
        socket.socket.shutdown(sink, socket.SHUT_RDWR)


def forward_to(url: str) -> Callable[[Relay, socket.socket], socket.socket]:
    """Relay every connection to one server."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    address = parts.hostname, parts.port
    return lambda relay, client: socket.create_connection(address)


def read_head(client: socket.socket) -> bytes:
    """Read the head of a request."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        if not byte:
            raise OSError
        head += byte
    return head


def http_proxy(relay: Relay, client: socket.socket) -> socket.socket:
    """Act as an HTTP proxy with a password: CONNECT opens a tunnel, a request with a full URL is forwarded."""
    head = read_head(client)
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
    """Act as a SOCKS5 proxy (RFC 1928) with user name and password (RFC 1929)."""
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
def run_relay(
    connect: Callable[[Relay, socket.socket], socket.socket], tls: ssl.SSLContext | None = None
) -> Generator[Relay]:
    """Run a relay."""
    relay = Relay(connect, tls)
    thread = threading.Thread(target=relay.serve, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.close()
        thread.join()
        relay.wait_for(lambda: not relay.open)
