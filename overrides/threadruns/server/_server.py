"""The server process: accepting connections, running in the foreground or in a thread, and a graceful stop.

It needs no free file to refuse a connection: those that are open are limited to what the process may open.
"""

from __future__ import annotations

import asyncio
import errno
import importlib
import math
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from email.utils import formatdate
from types import TracebackType
from typing import Any, Self

from threadruns.server._app import Application
from threadruns.server._connection import Connection, Shared, encode_rejection
from threadruns.server._messages import HTTPError

STOP_SECONDS = 9
"""The time limit for responses in flight when the server stops."""

TICK_SECONDS = 0.25
"""The time between two looks at the clocks of all connections."""

MAX_CONNECTIONS = 10_000
"""The largest number of open connections, if the process may open more files than that."""

RESERVED_FILES = 64
"""The number of files that are kept free for the database, the log, and connections that are being refused."""

MIN_FILES = 32
"""The number of files that the server needs to run."""

MAX_REFUSED = 16
"""The largest number of refused connections that are kept open for a moment, for the client to read the 503."""

YIELD_SECONDS = 2
"""When the server is full, a client that keeps it waiting for so long gives its place to a new connection."""

BACKLOG = 2048
"""The length of the queue of connections that are not accepted yet."""

ACCEPTED = 16
"""The largest number of connections that are accepted at once; those that made room for them still have their files."""

ACCEPT_PAUSE_SECONDS = 0.5
"""The pause after a connection could not be accepted, because the system is out of files or memory."""

OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def bind(host: str, port: int) -> socket.socket:
    """Bind a socket; the server listens on it when it starts.

    Args:
        host: A name or an address of this machine; ``*`` or nothing for all of its addresses.
        port: The port; 0 for a free one.

    Raises:
        OSError: The address is unknown or in use.
    """
    if host in ("", "*"):
        if socket.has_dualstack_ipv6():
            with suppress(OSError):  # IPv6 may be switched off.
                return _bound(socket.AF_INET6, ("::", port), both=True)
        return _bound(socket.AF_INET, ("0.0.0.0", port))
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except UnicodeError:
        raise OSError("the name is not a host name") from None
    return _bound(found[0][0], found[0][4])


def _bound(family: int, address: Any, *, both: bool = False) -> socket.socket:
    """Bind a socket; with ``both``, one of IPv6 gets connections of IPv4 too."""
    # asyncio sets TCP_NODELAY only with an explicit protocol; without it, a response takes 40 ms longer.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if both:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


def max_files() -> float:
    """Return how many files this process may open; infinite if there is no limit."""
    try:
        import resource
    except ImportError:  # Windows has no such limit.
        return math.inf
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return math.inf if files == resource.RLIM_INFINITY else files


def max_connections() -> int:
    """Return how many connections may be open, below the number of files that this process may open."""
    files = max_files()
    return max(1, int(min(MAX_CONNECTIONS, files - min(RESERVED_FILES, files / 2))))


def fastest_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop, that of uvloop if it is installed."""
    try:
        uvloop: Any = importlib.import_module("uvloop")
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


class AppServer:
    """A server for an application; as a context manager it runs in a thread of its own.

    Args:
        app: The application.
        sock: A bound socket; the server closes it when it stops.
        new_loop: Returns the event loop.
        signals: The signals that stop it when it runs in the main thread.
    """

    def __init__(
        self,
        app: Application,
        sock: socket.socket,
        new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
        signals: Collection[int] = (signal.SIGINT, signal.SIGTERM),
    ) -> None:
        self.sock = sock
        self._new_loop = new_loop
        self._signals = signals
        self._ration = app.ration
        self._shared = Shared(app, app.log_rejected, app.ration)
        self._limit = max_connections()
        self._accepting: dict[asyncio.Task[None], Connection] = {}
        self._refused: deque[tuple[float, socket.socket]] = deque()
        self._thread = threading.Thread(target=self._run_in_thread, name="threadruns-server", daemon=True)
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port of the socket."""
        host, port = self.sock.getsockname()[:2]
        return host, port

    def listen(self) -> None:
        """Let clients connect already; they wait until ``run``."""
        self.sock.listen(BACKLOG)

    def run(self) -> None:
        """Serve until one of the signals arrives; responses in flight are completed.

        Raises:
            KeyboardInterrupt: Another one arrived while it was stopping.
        """
        with asyncio.Runner(loop_factory=self._new_loop) as runner:
            runner.run(self._serve())

    def stop(self) -> None:
        """Stop, from any thread."""
        self._loop.call_soon_threadsafe(self._stop.set)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join()

    def _run_in_thread(self) -> None:
        try:
            self.run()
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        if threading.current_thread() is threading.main_thread():
            for number in self._signals:
                self._loop.add_signal_handler(number, self._signalled)
        self.sock.setblocking(False)
        self.listen()
        self._resume()
        ticks = self._loop.create_task(self._tick())
        self._ready.set()
        await self._stop.wait()
        await self._close()
        ticks.cancel()

    def _signalled(self) -> None:
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._stop.set()

    def _resume(self) -> None:
        if not self._stop.is_set():
            self._loop.add_reader(self.sock.fileno(), self._accept)

    async def _tick(self) -> None:
        while True:
            self._shared.date = f"date: {formatdate(usegmt=True)}\r\n"
            now = self._loop.time()
            for connection in list(self._shared.connections):
                connection.check_time(now)
            while self._refused and now > self._refused[0][0] + 1:
                self._refused.popleft()[1].close()
            await asyncio.sleep(TICK_SECONDS)

    def _accept(self) -> None:
        for _ in range(ACCEPTED):
            try:
                sock, address = self.sock.accept()
            except OSError as error:
                if error.errno in OUT_OF_RESOURCES:
                    # The socket stays readable; without a pause this would be called again at once.
                    self._ration.error("accept", f"No connection can be accepted: {error.strerror}.")
                    self._loop.remove_reader(self.sock.fileno())
                    self._loop.call_later(ACCEPT_PAUSE_SECONDS, self._resume)
                return
            sock.setblocking(False)
            client = str(address[0]).removeprefix("::ffff:")  # So begins an address of IPv4 at a socket of IPv6.
            if self._number_of_connections() >= self._limit and not self._make_room():
                self._refuse(sock, client)
                continue
            connection = Connection(self._shared, client)
            task = self._loop.create_task(self._connect(sock, connection))
            self._accepting[task] = connection
            task.add_done_callback(self._accepting.pop)

    def _number_of_connections(self) -> int:
        # A connection is open a moment before the task that opens it has ended, and must not be counted twice.
        opening = set(self._accepting.values()) - self._shared.connections
        return len(self._shared.connections) + len(opening)

    async def _connect(self, sock: socket.socket, connection: Connection) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: connection, sock)
        except OSError:
            sock.close()  # The client has gone.

    def _make_room(self) -> bool:
        """Close the connection whose client has kept the server waiting for the longest time, if that is long."""
        first = min(self._shared.connections, key=lambda connection: connection.waits_since, default=None)
        if first is None or self._loop.time() - first.waits_since < YIELD_SECONDS:
            return False
        self._shared.connections.discard(first)
        first.waits_since = math.inf
        first.reset()
        return True

    def _refuse(self, sock: socket.socket, client: str) -> None:
        """Send a 503 without reading the request."""
        data = encode_rejection(
            HTTPError(
                503,
                f"The server has {self._limit} connections, as many as it can.",
                type="server_error",
                headers={"retry-after": "1"},
            ),
            self._shared.date,
        )
        self._shared.rejected(client, 503, len(data))
        try:
            sock.send(data)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            sock.close()
            return
        self._refused.append((self._loop.time(), sock))
        if len(self._refused) > MAX_REFUSED:
            self._refused.popleft()[1].close()

    async def _close(self) -> None:
        """Complete the responses in flight for a limited time, and close everything."""
        self._loop.remove_reader(self.sock.fileno())
        self.sock.close()
        self._shared.stopping = True
        await asyncio.gather(*self._accepting, return_exceptions=True)
        for connection in list(self._shared.connections):
            connection.stop()
        until = self._loop.time() + STOP_SECONDS
        while (self._shared.connections or self._shared.tasks) and self._loop.time() < until:
            await asyncio.sleep(0.01)
        for connection in list(self._shared.connections):
            connection.reset()
        for task in self._shared.tasks:
            task.cancel()
        for _ in range(100):  # Aborting takes a turn of the loop or two.
            await asyncio.sleep(0)
            if not self._shared.connections:
                break
        await asyncio.gather(*self._shared.tasks, return_exceptions=True)
        await asyncio.sleep(0)
        for _, sock in self._refused:
            sock.close()
        self._ration.close()
