"""Connections of an event loop, straight from asyncio: those of httpcore go through anyio, which takes more time."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator, Iterable

BUFFER = 1024 * 1024
"""Bytes that may wait to be read, so that a page seldom has to be fetched in parts."""


@contextmanager
def _failing_as(kind: type[Exception]) -> Generator[None]:
    try:
        yield
    except TimeoutError:
        raise httpcore.ConnectTimeout("The connection was not made in time.") from None
    except OSError as error:
        raise kind(str(error)) from error


class AsyncStream(httpcore.AsyncNetworkStream):
    """A connection. Its exchange has one timeout as a whole, so those of single reads and writes are not looked at."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Read what has come."""
        try:
            return await self._reader.read(max_bytes)
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Write all of a buffer."""
        try:
            self._writer.write(buffer)
            await self._writer.drain()
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        """Close the connection, without the farewell of TLS, for which a silent server would keep us waiting."""
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Return the same connection, encrypted."""
        with _failing_as(httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        return self

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows of itself."""
        if info == "is_readable":
            # Asked of a connection that lies idle: has the server closed it?
            return self._reader.at_eof() or self._writer.is_closing()
        return self._writer.get_extra_info(info)


class AsyncBackend(httpcore.AsyncNetworkBackend):
    """Makes connections."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - asyncio sets TCP_NODELAY
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a server."""
        local = (local_address, 0) if local_address else None
        with _failing_as(httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                streams = await asyncio.open_connection(
                    host, port, limit=BUFFER, local_addr=local, happy_eyeballs_delay=0.25
                )
        return AsyncStream(*streams)
