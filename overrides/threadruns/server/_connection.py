"""HTTP/1.1 on one connection: from bytes to requests, with a time limit for each phase.

llhttp, through httptools, parses one head at a time, so that pipelined requests wait as bytes. No phase lasts longer
than its constant below says, so that no client holds a connection for ever. It is not left to an ASGI server, because
none limits the time of a body that does not end and of a response that is not read, and because faults need the socket.
"""

from __future__ import annotations

import asyncio
import math
import re
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, cast

import httptools
import msgspec
from attrs import define, field

from threadruns.server._messages import HTTPError, ServerRequest
from threadruns.server._ration import Ration
from threadruns.server._response_writer import ResponseWriter, encode_head

MAX_HEAD_BYTES = 65536
"""The largest size of the request line and the headers together, in bytes."""

MAX_BODY_BYTES = 65536
"""The largest size of a request body, in bytes."""

MAX_CHUNKED_BYTES = 8 * MAX_BODY_BYTES
"""The largest size of a chunked body with the sizes of its chunks and its trailer, in bytes."""

HEAD_SECONDS = 10
"""The time limit for the head of a request, from the start of the connection or from its first byte."""

BODY_SECONDS = 10
"""The time limit for the body of a request, from the end of its head."""

IDLE_SECONDS = 30
"""The time limit for the next request after a response."""

READ_SECONDS = 10
"""The time within which a client must read a response; a second is added for each ``READ_BYTES`` of it."""

READ_BYTES = 10_000
"""The lowest rate at which a client must read a response, in bytes per second."""

LINGER_SECONDS = 1
"""The time for which bytes of the client are discarded after an error, so that no reset overtakes the error."""

PIPELINED = 16
"""The largest number of requests of one connection that are handled before others get their turn."""

METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}")
_HOST = re.compile(rb"[!$%&'()*+,.0-9:;=A-Z\[\]_a-z~-]*")

App = Callable[[ServerRequest, ResponseWriter], "Coroutine[Any, Any, None] | None"]
"""A function that responds at once, or returns a coroutine that does."""


@define
class Shared:
    """The state that all connections of a server share.

    Attributes:
        app: The application.
        rejected: A callback for a request that did not reach the application: the client's address, the status and
            the size of the response.
        ration: The limit of log lines.
        connections: The open connections.
        tasks: The responses that are being sent by coroutines.
        date: The header line with the date.
        stopping: No further request is handled.
    """

    app: App
    rejected: Callable[[str, int, int], None]
    ration: Ration
    connections: set[Connection] = field(factory=set["Connection"])
    tasks: set[asyncio.Task[None]] = field(factory=set[asyncio.Task[None]])
    date: str = ""
    stopping: bool = False


class _Message:
    """A request as llhttp reports it."""

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.has_head = False
        self.is_complete = False

    def on_url(self, url: bytes) -> None:
        if not self.is_complete:  # Otherwise it is of the next request, which came with the end of a chunked body.
            self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_head:  # Fields of a trailer must not be taken for headers.
            self.headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.has_head = True

    def on_body(self, data: bytes) -> None:
        if self.is_complete:
            return
        self.body += data
        if len(self.body) > MAX_BODY_BYTES:
            raise _body_too_large()

    def on_message_complete(self) -> None:
        self.is_complete = True


class Connection(asyncio.Protocol):
    """A connection of a client.

    Args:
        shared: The state of the server.
        client: The address of the client.

    Attributes:
        deadline: The end of the current phase on the clock of the event loop.
        waits_since: When the client began to keep the server waiting; infinite while it does not.
    """

    def __init__(self, shared: Shared, client: str) -> None:
        self._shared = shared
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._buffer: bytes = b""
        self._served = False
        self._handling = False
        self._closing = False
        self._ended = False
        self._paused = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._unread_until = math.inf
        self.closed = asyncio.Event()
        self.deadline = self.waits_since = math.inf
        self._wait_for_head(HEAD_SECONDS)

    # The callbacks of asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the first phase."""
        self.transport = cast(asyncio.Transport, transport)  # That of uvloop is not a subclass.
        self._shared.connections.add(self)
        if self._shared.stopping:
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Forget the connection; a coroutine that responds finds it closed."""
        self._shared.connections.discard(self)
        self._closing = True
        self.closed.set()
        self._writable.set()

    def pause_writing(self) -> None:
        """Hold back further responses until the client reads."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Continue, because the client has read enough."""
        self._writable.set()
        self._unread_until = math.inf
        self._handle_requests()

    def eof_received(self) -> bool:
        """Respond to what a client sent before it stopped sending, and close."""
        self._ended = True
        self.closed.set()
        self._handle_requests()
        if self._handling or self._buffer:
            return True
        self._closing = True
        return False

    def data_received(self, data: bytes) -> None:
        """Handle the requests that are complete."""
        if self._closing:
            return
        self._buffer = self._buffer + data if self._buffer else data
        self._handle_requests()
        if len(self._buffer) > MAX_HEAD_BYTES and not self._closing and not self._paused:
            self._paused = True
            self.transport.pause_reading()

    # The clock.

    def check_time(self, now: float) -> None:
        """End the phase if its time is over; the server calls this a few times a second."""
        if not (self._writable.is_set() or self._closing):
            self.deadline = max(self.deadline, now + IDLE_SECONDS)  # The next request waits for the client to read.
        unread = self.transport.get_write_buffer_size()
        if not unread:
            self._unread_until = math.inf
        elif self._unread_until == math.inf:
            self._unread_until = now + READ_SECONDS + unread / READ_BYTES
        elif now > self._unread_until:
            self._shared.ration.warning("unread", f"{self._client} did not read a response in time.")
            self.reset()  # The system would keep what it holds of the response until it is read.
            return
        if now > self.deadline:
            self.deadline = math.inf
            if self._closing or (not self._buffer and self._served):
                self.transport.close()
            else:
                part = "headers" if self._length is None else "body"
                self.reject(HTTPError(408, f"The {part} of the request did not arrive in time."))

    def stop(self) -> None:
        """Close the connection as soon as the response that is being sent has ended."""
        if not self._handling:
            self._closing = True
            self.transport.close()

    # Reading.

    def _wait_for_head(self, seconds: float) -> None:
        self._message = _Message()
        self._parser = httptools.HttpRequestParser(self._message)
        self._parser.set_dangerous_leniencies(lenient_chunked_length=True)  # Such a connection is closed afterwards.
        self._fed: int = 0
        self._method = b""
        self._length: int | None = None  # The size of the body: -1 for a chunked one, None before the end of the head.
        self._chunked = 0
        self.waits_since = self._loop.time()
        self.deadline = self.waits_since + seconds

    def _handle_requests(self) -> None:
        """Handle requests, as long as they are complete and the client reads the responses."""
        for _ in range(PIPELINED):
            if self._handling or self._closing or not self._writable.is_set() or not self._buffer:
                break
            try:
                if not self._read_request():
                    break
            except HTTPError as error:
                self.reject(error)
            except httptools.HttpParserCallbackError as error:
                cause = error.__context__
                self.reject(cause if isinstance(cause, HTTPError) else _invalid())
            except httptools.HttpParserError:
                self.reject(_invalid())
        else:
            self._loop.call_soon(self._handle_requests)
            return
        if self._ended and self._writable.is_set() and not (self._handling or self._closing):
            self._linger()  # What is left is incomplete, and its rest will not come.
        if self._paused and len(self._buffer) <= MAX_HEAD_BYTES and not self._closing:
            self._paused = False
            self.transport.resume_reading()

    def _read_request(self) -> bool:
        """Read one request and respond; return whether it was complete."""
        if self._length is None and not self._read_head():
            return False
        length = self._length
        assert length is not None
        if length < 0:
            data, self._buffer = self._buffer, b""
            self._chunked += len(data)
            try:
                self._feed(data)
            except httptools.HttpParserError:
                if not self._message.is_complete:  # What follows the body is not read.
                    raise
            if not self._message.is_complete:
                if self._chunked > MAX_CHUNKED_BYTES:
                    raise _body_too_large()
                return False
            body = self._message.body
        else:
            if len(self._buffer) < length:
                return False
            body, self._buffer = self._buffer[:length], self._buffer[length:]
        self._respond(body)
        return True

    def _read_head(self) -> bool:
        if not self._fed and not self._read_method():
            return False
        buffer = self._buffer
        end = buffer.find(b"\r\n\r\n", max(0, self._fed - 3))
        stop = len(buffer) if end < 0 else end + 4
        if stop > MAX_HEAD_BYTES:
            raise HTTPError(431, f"The request line and the headers are larger than {MAX_HEAD_BYTES} bytes.")
        self._feed(buffer[self._fed : stop])
        if (end >= 0) != self._message.has_head:
            raise _invalid()
        if end < 0:
            self._fed = stop
            return False
        if b" HTTP/" not in buffer[: buffer.find(b"\r")]:  # llhttp reads other protocols too.
            raise _unsupported_version()
        self._buffer = buffer[stop:]
        self._check_head()
        return True

    def _read_method(self) -> bool:
        """Find the method, after empty lines that may precede it; return whether its end has arrived."""
        buffer = self._buffer
        if buffer[0] in b"\r\n":
            buffer = self._buffer = buffer.lstrip(b"\r\n")
            if not buffer:
                return False
        if self._served:
            self.deadline = min(self.deadline, self._loop.time() + HEAD_SECONDS)
        method = _TOKEN.match(buffer)
        if method is None:
            return True  # llhttp reports it.
        if method.end() == len(buffer):
            return False
        self._method = method[0]
        if self._method not in METHODS:
            # llhttp rejects or treats specially what it does not know; here it gets a 405.
            self._buffer = b"GET" + buffer[method.end() :]
        return True

    def _feed(self, data: bytes) -> None:
        with suppress(httptools.HttpParserUpgrade):  # A server may ignore an upgrade.
            self._parser.feed_data(data)

    def _check_head(self) -> None:
        """Find the size of the body and whether the connection stays open."""
        version = self._parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise _unsupported_version()
        length = hosts = 0
        coded = expects = False
        connection = b""
        for name, value in self._message.headers:
            if name == b"host":
                hosts += 1
                if not _HOST.fullmatch(value):
                    raise HTTPError(400, "The Host header is not the name of a host.")
            elif name == b"content-length":
                length = int(value)
            elif name == b"connection":
                connection += b"," + value.lower()
            elif name == b"transfer-encoding":
                coded = True
                if value.lower() != b"chunked":
                    raise HTTPError(501, "The transfer coding is not supported; use chunked.")
            elif name == b"expect":
                expects = value.lower() == b"100-continue"
        if hosts > 1 or (hosts == 0 and version == "1.1"):
            raise HTTPError(400, "The request needs one Host header.")
        if length > MAX_BODY_BYTES:
            raise _body_too_large()
        tokens = [token.strip() for token in connection.split(b",")] if connection else ()
        self._version = version
        # After a chunked body it is simplest, and with Content-Length required, to close the connection.
        self._keeps_open = not coded and (b"close" not in tokens if version == "1.1" else b"keep-alive" in tokens)
        self._length = -1 if coded else length
        if self._length and not self._message.is_complete:
            self.deadline = self._loop.time() + BODY_SECONDS
            if expects and version == "1.1" and not self._buffer:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # Responding.

    def _respond(self, body: bytes) -> None:
        self._handling = self._served = True
        self.deadline = self.waits_since = math.inf
        path, _, query = _origin_form(self._message.target).partition(b"?")
        request = ServerRequest(
            self._method.decode("ascii"), path, query, self._message.headers, body=body, client=self._client
        )
        writer = ResponseWriter(self, request.method == "HEAD", self._version, self._keeps_open, self._shared.date)
        sending = self._shared.app(request, writer)
        if sending is None:
            self._finish(writer)
        else:
            task = self._loop.create_task(self._complete(sending, writer))
            self._shared.tasks.add(task)
            task.add_done_callback(self._shared.tasks.discard)

    async def _complete(self, sending: Coroutine[Any, Any, None], writer: ResponseWriter) -> None:
        try:
            await sending
        except Exception:
            self._shared.ration.exception("failed", "A response could not be sent.")
        self._finish(writer)
        self._handle_requests()

    def _finish(self, writer: ResponseWriter) -> None:
        self._handling = False
        if self._closing:
            return
        if not writer.is_complete:
            self._closing = True
            self.transport.abort()
        elif not writer.keeps_open or (self._ended and not self._buffer) or self._shared.stopping:
            self._linger()
        else:
            self._wait_for_head(IDLE_SECONDS)

    def reject(self, error: HTTPError) -> None:
        """Respond to a request that cannot be handled, and close the connection."""
        data = encode_rejection(error, self._shared.date)
        self._shared.rejected(self._client, error.status, len(data))
        self.transport.write(data)
        self._linger()

    def _linger(self) -> None:
        """Close the connection when the client does, or soon."""
        self._closing = True
        self._buffer = b""
        self.waits_since = self._loop.time()
        if self._ended or self._shared.stopping or not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
        self.deadline = self._loop.time() + LINGER_SECONDS

    # What the writer needs.

    def write(self, data: bytes) -> None:
        """Send bytes, unless the connection is closed."""
        if not self._closing:
            self.transport.write(data)

    async def drain(self) -> None:
        """Wait until the client has read most of what was sent."""
        await self._writable.wait()

    def close(self) -> None:
        """Close the connection after what was written is sent."""
        self._closing = True
        self.transport.close()

    def reset(self) -> None:
        """Abort the connection, so that the client receives a reset."""
        self._closing = True
        self.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def encode_rejection(error: HTTPError, date: str) -> bytes:
    """Return an error as a response that closes the connection."""
    body = msgspec.json.encode({"error": error.detail})
    headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    return encode_head(error.status, {**headers, **error.headers}, date) + body


def _origin_form(target: bytes) -> bytes:
    """Return the path and the query of a target in absolute form, and other targets unchanged."""
    absolute = re.match(rb"https?://[^/?#]+", target, re.IGNORECASE)
    if absolute is None:
        return target
    rest = target[absolute.end() :]
    return rest if rest.startswith(b"/") else b"/" + rest


def _invalid() -> HTTPError:
    return HTTPError(400, "Invalid HTTP request received.")


def _unsupported_version() -> HTTPError:
    return HTTPError(505, "The HTTP version is not supported; use HTTP/1.1.")


def _body_too_large() -> HTTPError:
    return HTTPError(413, f"The request body is larger than {MAX_BODY_BYTES} bytes.")
