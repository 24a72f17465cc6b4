"""The server process: listening, running in the foreground or in a thread, and a graceful stop."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from threadruns.server._protocol import HTTPProtocol

MAX_HEAD_BYTES = 65536
"""The largest size of the request line and the headers together, in bytes."""

STOP_SECONDS = 10
"""The time limit for responses in flight when the server stops."""


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen.

    Args:
        host: A name or an address of this machine.
        port: The port; 0 for a free one.

    Raises:
        OSError: The address is unknown or in use.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    # asyncio sets TCP_NODELAY only with an explicit protocol; without it, a response takes 40 ms longer.
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
    """A server for an ASGI application; as a context manager it runs in a thread of its own.

    Args:
        app: The ASGI application.
        sock: A listening socket; the server closes it when it stops.
    """

    def __init__(self, app: ASGIApp, sock: socket.socket) -> None:
        self.sock = sock
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=HTTPProtocol,
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
        """The host and the port of the socket."""
        host, port = self.sock.getsockname()[:2]
        return host, port

    def run(self) -> None:
        """Serve until interrupted or terminated; responses in flight are completed."""
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
