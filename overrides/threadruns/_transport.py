"""One exchange with the server: a request out, an answer in, within a time and a size.

Connections are lanes: each carries one exchange at a time, and the one used last is taken first. There are as many as
there are exchanges going on, so no pool is searched and none blocks another, and a lane that is free can be dropped by
a forked process or a new event loop without asking anybody. A lane is a connection pool of httpcore with room for one
connection, which knows about keep-alive, TLS and proxies. An httpx client of the caller takes their place if one is
passed.

Every read waits for what is left of the time at most, so that a server that drips bytes cannot hold an exchange open; a
body is inflated here, so that it cannot grow beyond its bound.
"""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import httpcore
    import httpx

    from threadruns._ahead import Interrupt
    from threadruns._service import Secret, Service

CONNECT_TIMEOUT = 5.0
"""Seconds that making a connection may take, if the timeout leaves them."""

IDLE_LANES = 100
"""Lanes that are kept for later exchanges at most."""


class Answer:
    """What came back: status, headers and body, as the server sent them but inflated.

    Args:
        method: The method of the request.
        url: Its address.
        status: The HTTP status.
        headers: The headers, in the order of their arrival.
        body: The body.
        secret: The key that went out with the request, in case it has come back.
    """

    __slots__ = ("body", "headers", "method", "secret", "status", "url")

    def __init__(
        self,
        method: str,
        url: str,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        secret: Secret | None = None,
    ) -> None:
        self.method = method
        self.url = url
        self.status = status
        self.headers = headers
        self.body = body
        self.secret = secret

    def header(self, name: str) -> str | None:
        """Return the value of a header, whatever its case; None if it is not there."""
        wanted = name.lower().encode("ascii")
        for key, value in self.headers:
            if key.lower() == wanted:
                return value.decode("latin-1")
        return None

    @property
    def parsed(self) -> Any:
        """The body parsed as JSON; its text if it is not JSON."""
        from threadruns._wire import DecodeError, parse_json

        try:
            return parse_json(self.body)
        except DecodeError:
            return self.body.decode("utf-8", "replace")

    @property
    def response(self) -> httpx.Response:
        """The answer as an ``httpx.Response``, its body read; the request that it holds is without the key."""
        import httpx

        kept = [
            (name, value)
            for name, value in self.headers
            if name.lower() not in (b"content-encoding", b"transfer-encoding")
        ]
        return httpx.Response(
            self.status, headers=kept, content=self.body, request=httpx.Request(self.method, self.url)
        )

    def redacted(self) -> Answer:
        """Return the answer with the key hidden, should the server have sent it back; for what errors show of it."""
        if self.secret is None:
            return self
        hide = self.secret.redact
        headers = [(hide(name), hide(value)) for name, value in self.headers]
        return Answer(self.method, self.url, self.status, headers, hide(self.body))

    def __repr__(self) -> str:
        return f"<Answer {self.status}, {len(self.body)} bytes>"


class BodyError(Exception):
    """The body of an answer cannot be taken in: it is too large, or not compressed as it says.

    Args:
        problem: What is wrong, as the end of a sentence.
        answer: The answer, without its body.
    """

    def __init__(self, problem: str, answer: Answer) -> None:
        super().__init__(problem)
        self.answer = answer


class Arrival:
    """An answer whose body is on its way, inflated and bounded as it comes.

    Args:
        answer: The answer, still without its body.
        bound: How many bytes the body may have once inflated.
        inflated: Whether what comes is inflated already.
    """

    def __init__(self, answer: Answer, bound: int, *, inflated: bool = False) -> None:
        self._answer = answer
        self._bound = self._room = bound
        self._parts: list[bytes] = []
        self._inflate = None
        match "" if inflated else (answer.header("content-encoding") or "").strip().lower():
            case "" | "identity":
                pass
            case "gzip" | "x-gzip" | "deflate":
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip or zlib, whichever its header says
            case other:
                raise self._error(f"its body is encoded as {other[:40]!r}, which was not asked for.")

    def feed(self, data: bytes) -> None:
        """Take in a part as it came over the wire.

        Raises:
            BodyError: The body grows beyond its bound, or does not inflate.
        """
        if self._inflate is not None:
            try:
                data = self._inflate.decompress(data, self._room + 1)
            except zlib.error:
                raise self._error("its body says that it is compressed, and does not inflate.") from None
        self._room -= len(data)
        if self._room < 0:
            raise self._error(f"its body has more than {self._bound} bytes; raise max_body_bytes if that is expected.")
        self._parts.append(data)

    def whole(self) -> Answer:
        """Return the answer with its body.

        Raises:
            BodyError: The compressed body ends early.
        """
        if self._inflate is not None and self._parts and not self._inflate.eof:
            raise self._error("its compressed body ends early.")
        self._answer.body = b"".join(self._parts)
        return self._answer

    def _error(self, problem: str) -> BodyError:
        return BodyError(problem, self._answer)


class Message:
    """A request that is ready but for the key.

    Args:
        service: Who signs it.
        method: The HTTP method.
        target: Path and query.
        headers: All headers but the one with the key.
        max_body_bytes: The bound of the answer's body.
    """

    __slots__ = ("headers", "max_body_bytes", "method", "service", "target")

    def __init__(
        self, service: Service, method: str, target: str, headers: list[tuple[bytes, bytes]], max_body_bytes: int
    ) -> None:
        self.service = service
        self.method = method
        self.target = target
        self.headers = headers
        self.max_body_bytes = max_body_bytes

    @property
    def url(self) -> str:
        """The whole address."""
        return self.service.origin + self.target

    def for_httpcore(self, timeout: float | None) -> httpcore.Request:
        """Return it as a signed request of httpcore, which shows no headers."""
        import httpcore

        service = self.service
        return httpcore.Request(
            self.method.encode("ascii"),
            httpcore.URL(
                scheme=service.scheme.encode("ascii"),
                host=service.host.encode("ascii"),
                port=service.port,
                target=self.target.encode("ascii"),
            ),
            headers=[*self.headers, (service.key_header.encode("ascii"), service.signature())],
            extensions={"timeout": phases(timeout)},
        )

    def for_httpx(self, client: httpx.Client | httpx.AsyncClient, timeout: float | None) -> httpx.Request:
        """Return it as a signed request of httpx, with what the caller's client adds of its own."""
        import httpx

        url = httpx.URL(self.url)
        # A client with query parameters of its own would put them in place of ours.
        request = client.build_request(
            self.method, url, params=url.params if client.params else None, headers=self.headers
        )
        request.headers[self.service.key_header] = self.service.signature().decode("ascii")
        request.extensions["timeout"] = phases(timeout)
        return request

    def arrival(self, status: int, headers: list[tuple[bytes, bytes]], *, inflated: bool = False) -> Arrival:
        """Return the answer that begins to come."""
        answer = Answer(self.method, self.url, status, headers, b"", self.service.secret)
        return Arrival(answer, self.max_body_bytes, inflated=inflated)


def phases(timeout: float | None) -> dict[str, float | None]:
    """Return how long each phase of an exchange may wait, in seconds, as httpx and httpcore take it."""
    connect = CONNECT_TIMEOUT if timeout is None else min(CONNECT_TIMEOUT, timeout)
    return {"connect": connect, "read": timeout, "write": timeout, "pool": timeout}


def failure(error: BaseException) -> str | None:
    """Say what kind of failure of an exchange an exception is: "timeout", "connection", or None if it is none."""
    if isinstance(error, TimeoutError):
        return "timeout"
    for name in ("httpcore", "httpx", "socksio"):
        library = sys.modules.get(name)
        if library is None:
            continue
        if name == "socksio":
            # httpcore lets through what it is told by a proxy that does not speak SOCKS.
            return "connection" if isinstance(error, library.SOCKSError) else None
        if isinstance(error, library.TimeoutException):
            return "timeout"
        if name == "httpx" and isinstance(error, library.HTTPError | library.InvalidURL | library.StreamError):
            return "connection"
        if name == "httpcore" and isinstance(
            error, library.NetworkError | library.ProtocolError | library.ProxyError | library.UnsupportedProtocol
        ):
            return "connection"
    return "connection" if isinstance(error, OSError) else None


class Transport(Protocol):
    """What carries exchanges."""

    def exchange(self, message: Message, timeout: float | None, interrupt: Interrupt | None) -> Answer:
        """Send a message and return the answer, within ``timeout`` seconds, unless another thread ends it.

        Raises:
            Exception: One that ``failure`` knows, or a BodyError.
        """
        ...

    def close(self) -> None:
        """Close what is open; closing twice is fine."""
        ...


class AsyncTransport(Protocol):
    """What carries exchanges of an event loop."""

    async def exchange(self, message: Message, timeout: float | None) -> Answer:
        """Send a message and return the answer, within ``timeout`` seconds."""
        ...

    async def close(self) -> None:
        """Close what is open; closing twice is fine."""
        ...
