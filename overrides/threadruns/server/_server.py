"""The listening side: binding, running in the foreground or in a thread, stopping without breaking answers."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from threadruns.server._protocol import Protocol

MAX_HEAD_BYTES = 65536
"""How many bytes the request line and the headers may take together."""

STOP_SECONDS = 10
"""How long a stop waits for answers in flight."""


def listen(host: str, port: int) -> socket.socket:
    """Bind to an address.

    Args:
        host: A name or address of this machine.
        port: The port; 0 takes a free one.

    Raises:
        OSError: The address is unknown or taken.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is: 40 ms a response otherwise.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(2048)
    except BaseException:
        sock.close()
        raise
    return sock


class AppServer:
    """A server on a socket; as a context manager it serves from a thread of its own.

    Args:
        app: The ASGI application.
        sock: A listening socket; it is closed when the server stops.
    """

    def __init__(self, app: ASGIApp, sock: socket.socket) -> None:
        self.sock = sock
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=MAX_HEAD_BYTES,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._thread = threading.Thread(target=self.run, name="threadruns-server", daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that the server listens on."""
        host, port = self.sock.getsockname()[:2]
        return host, port

    def run(self) -> None:
        """Serve until interrupted or terminated; answers in flight are finished."""
        self._server.run(sockets=[self.sock])

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.001)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.sock.close()
