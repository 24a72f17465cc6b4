"""Faults of the connection: resets, early closes, invalid framing, slow and missing responses."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import repeat

from threadruns.server._messages import ServerResponse
from threadruns.server._response_writer import ResponseWriter
from threadruns.testing.mutations import (
    Mutation,
    send_with_length,
)


class ResetsWithoutResponse(Mutation):
    """The connection is reset before the response."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:  # noqa: ARG002
        await writer.reset()


class ResetsWithinBody(Mutation):
    """The connection is reset within the body."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await writer.start(response.status, response.headers, len(response.body))
        await writer.write(response.body[: len(response.body) // 2])
        await writer.reset()


class ClosesWithinBody(Mutation):
    """The connection closes within the body."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await writer.start(response.status, response.headers, len(response.body))
        await writer.write(response.body[: len(response.body) // 2])
        await writer.close()


class ClosesWithinChunk(Mutation):
    """The connection closes within a chunk."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        writer.write_raw(
            b"HTTP/1.1 %d OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n" % response.status + response.body[:9]
        )
        await writer.close()


class NotHttp(Mutation):
    """The response is not HTTP."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:  # noqa: ARG002
        writer.write_raw(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.close()


class HugeHeader(Mutation):
    """A header is one megabyte long."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        writer.write_raw(b"HTTP/1.1 %d OK\r\nx-padding: " % response.status + b"x" * 1_000_000 + b"\r\n\r\n")
        await writer.close()


class NoResponse(Mutation):
    """No response is sent, and the connection stays open."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:  # noqa: ARG002
        await writer.wait_closed()


class _Slow(Mutation):
    """Base class of faults that send one byte every 50 milliseconds."""

    async def send_slowly(self, data: Iterable[int], writer: ResponseWriter) -> None:
        gone = asyncio.ensure_future(writer.wait_closed())
        for byte in data:
            writer.write_raw(bytes([byte]))
            await asyncio.wait({gone}, timeout=0.05)
            if gone.done():
                return
        await writer.close()


class SlowBody(_Slow):
    """The body is sent one byte every 50 milliseconds."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        writer.write_raw(b"HTTP/1.1 %d OK\r\ncontent-length: %d\r\n\r\n" % (response.status, len(response.body)))
        await self.send_slowly(response.body, writer)


class SlowHeaders(_Slow):
    """The headers are sent one byte every 50 milliseconds and never end."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        writer.write_raw(b"HTTP/1.1 %d OK\r\nx-drip: " % response.status)
        await self.send_slowly(repeat(ord(".")), writer)


class SlowResponse(Mutation):
    """The response is delayed by 200 milliseconds."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await asyncio.sleep(0.2)
        await super().send(response, writer)


class ClosesWithoutResponse(Mutation):
    """The connection closes before the response."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:  # noqa: ARG002
        await writer.close()


class ClosesWithinHeaders(Mutation):
    """The connection closes within the headers."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        writer.write_raw(b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\n" % response.status)
        await writer.close()


class InvalidStatusLine(Mutation):
    """The status line is invalid."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        writer.write_raw(b"HTTP/1.1 OK\r\ncontent-type: application/json\r\n\r\n" + response.body)
        await writer.close()


class ContentLengthTooLarge(Mutation):
    """Content-Length is ten bytes too large, and the connection closes."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await send_with_length(writer, response, len(response.body) + 10)


class InvalidChunkSize(Mutation):
    """The size of a chunk is not a number."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        head = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"
        writer.write_raw(head % response.status + response.body + b"\r\n0\r\n\r\n")
        await writer.close()


class MissingLastChunk(Mutation):
    """The last chunk is missing, and the connection closes."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        head = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n"
        writer.write_raw(head % (response.status, len(response.body)) + response.body + b"\r\n")
        await writer.close()
