"""Sending requests within bounds: time, size, rate and number; nothing is followed and the key goes to one origin.

The probe never follows a redirect, keeps no cookie and undoes no content coding, so that what it records is what the
server sent. An answer that asks to wait is waited for and never recorded.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from threadruns.contract.exchanges import Exchange, Key, Request

LARGEST_BODY = 32 * 1024 * 1024
"""The most bytes of one body that are read; a page of a hundred runs is far below."""

SILENCE = "no whole answer came in"
"""How the failure of an answer that took too long begins."""

MALFORMED = "the answer is no whole HTTP message"
"""How the failure of an answer begins that HTTP itself forbids."""

NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""What OpenSSL calls an answer that is no TLS."""

LONGEST_WAIT = 60.0
"""The longest that a 429 can make the check wait, in seconds."""


class CannotJudge(Exception):
    """The check cannot go on: the server does not answer, or answers nothing that could be judged."""


class Probe:
    """Sends requests to one base URL and counts them.

    Args:
        base_url: Where the API is, such as ``http://127.0.0.1:8000/v1``.
        key: The API key.
        beta: The value of the OpenAI-Beta header.
        timeout: The longest that one answer may take, in seconds.
        max_requests: The most requests to send; those that were answered 429 do not count, for they will come again.
        max_seconds: The longest that all may take, in seconds.
        rate: The most requests a second; None for no bound.
        verify: Whether to verify TLS certificates, or the path of a bundle of authorities to trust.
        on_request: Called after each request with the number sent so far.

    Raises:
        ValueError: The bundle of authorities cannot be read.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        beta: str = "assistants=v1",
        timeout: float = 10.0,
        max_requests: int = 600,
        max_seconds: float = 300.0,
        rate: float | None = None,
        verify: bool | str = True,
        on_request: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.beta = beta
        self.timeout = timeout
        self.max_requests = max_requests
        self.sent = 0
        self._key = Key(key)
        self._rate = rate
        self._deadline = time.monotonic() + max_seconds
        self._next = 0.0
        self._on_request = on_request
        self._socket: socket.socket | None = None
        try:
            self._tls = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
        except OSError as error:
            raise ValueError(
                f"{verify!r} holds no certificate authorities that can be read; give a file in PEM form."
            ) from error
        if verify is False:
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE
        self._client = httpx.Client(
            timeout=timeout,
            follow_redirects=False,
            verify=self._tls,
            headers={"accept-encoding": "identity", "user-agent": "threadruns-check"},
        )

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def spare(self) -> int:
        """How many requests may still be sent."""
        return self.max_requests - self.sent

    def mask(self, text: str) -> str:
        """Return the text with every spelling of the key replaced by the name of its variable."""
        for spelling in sorted(self._key.near, key=len, reverse=True):
            if len(spelling) >= min(4, len(self._key)) and spelling:
                text = text.replace(spelling, "$OPENAI_API_KEY")
        return text

    def leaks(self, exchange: Exchange) -> str | None:
        """Say where an answer repeats the key; None if it does not.

        Keys of fewer than eight characters are not looked for: they would be found in any text.
        """
        if len(self._key) < 8:
            return None
        for name, value in exchange.headers:
            if self._key in value:
                return f"the header {name!r} repeats the key"
        return "the body repeats the key" if self._key.encode() in exchange.body else None

    def send(self, request: Request) -> Exchange:
        """Send a request and record the exchange, waiting as long as the server asks to.

        Raises:
            CannotJudge: The bound on requests or time is reached, or the server limits the rate or sends a body without
                end.
        """
        for attempt in range(6):
            self._take_turn()
            exchange = self._send_once(request)
            if exchange.failure is not None and not exchange.status and SILENCE not in exchange.failure:
                # A server may close a connection that it kept open just as the next request goes out on it.
                self._take_turn()
                exchange = self._send_once(request)
                exchange.dropped = True
            wait = _wait(exchange, attempt)
            if wait is None:
                return exchange
            self.sent -= 1
            if time.monotonic() + wait > self._deadline:
                raise CannotJudge(
                    f"the server asks to wait {wait:.0f} s, longer than the check may take; raise --max-time"
                )
            time.sleep(wait)
        raise CannotJudge("the server answers 429 again and again, however long the check waits; try --rate")

    def _take_turn(self) -> None:
        now = time.monotonic()
        if self.sent >= self.max_requests:
            raise CannotJudge(
                f"all {self.max_requests} requests that the check may make are made; "
                "raise --max-requests or give fewer threads"
            )
        if now > self._deadline:
            raise CannotJudge("the time that the check may take is over; raise --max-time or give fewer threads")
        if self._rate:
            if now < self._next:
                time.sleep(self._next - now)
            self._next = max(now, self._next) + 1 / self._rate
        self.sent += 1
        self._on_request(self.sent)

    def _send_once(self, request: Request) -> Exchange:
        began = time.monotonic()
        parts: dict[str, Any] = {"status": 0, "headers": (), "failure": None}
        raw = bytearray()
        self._client.cookies.clear()
        cut = threading.Event()
        watch = threading.Timer(self.timeout, self._cut, [cut])
        watch.daemon = True
        watch.start()
        try:
            with self._client.stream(
                request.method,
                self.base_url + request.target(self._key),
                headers=[(n.encode(), value.encode()) for n, value in request.sent_headers(self._key, self.beta)],
                content=request.body,
                extensions={"trace": self._note_connection},
            ) as response:
                parts["status"] = response.status_code
                parts["headers"] = tuple((name.lower(), value) for name, value in response.headers.multi_items())
                for chunk in response.iter_raw():
                    raw += chunk
                    if len(raw) > LARGEST_BODY:
                        raise CannotJudge(f"the server sent more than {LARGEST_BODY >> 20} MiB in one answer")
        except httpx.TimeoutException:
            cut.set()
        except (httpx.TransportError, httpx.InvalidURL) as error:
            parts["failure"] = self.mask(_reason(error))
        finally:
            watch.cancel()
        if cut.is_set():
            parts["failure"] = f"{SILENCE} {self.timeout:g} s; {len(raw)} bytes of a body did"
        return Exchange(request, raw=bytes(raw), seconds=time.monotonic() - began, **parts)

    def _note_connection(self, event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    def _cut(self, cut: threading.Event) -> None:
        """End the answer that is being read: a server that sends a byte now and then never runs into a timeout."""
        cut.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def after_head(self, request: Request) -> bytes:
        """Send a HEAD request on a connection of its own and return what follows its header section.

        HTTP clients drop those bytes, and the next answer on the connection starts with them.
        """
        self._take_turn()
        where = urlsplit(self.base_url)
        port = where.port or (443 if where.scheme == "https" else 80)
        lines = [f"HEAD {where.path}{request.target(self._key)} HTTP/1.1", f"Host: {where.netloc.rpartition('@')[2]}"]
        lines += [f"{name}: {value}" for name, value in request.sent_headers(self._key, self.beta)]
        message = "\r\n".join([*lines, "Connection: close", "", ""]).encode()
        seen = b""
        try:
            with socket.create_connection((where.hostname or "", port), timeout=self.timeout) as plain:
                stream: socket.socket = plain
                if where.scheme == "https":
                    stream = self._tls.wrap_socket(plain, server_hostname=where.hostname)
                stream.sendall(message)
                until = time.monotonic() + self.timeout
                while len(seen) < 65536 and time.monotonic() < until and (chunk := stream.recv(65536)):
                    seen += chunk
        except OSError:
            # What came until then is what can be judged; a server that does not answer is noticed elsewhere.
            pass
        return seen.partition(b"\r\n\r\n")[2]


def _wait(exchange: Exchange, attempt: int) -> float | None:
    retry_after = exchange.header("retry-after")
    if exchange.status != 429 and not (exchange.status == 503 and retry_after):
        return None
    wait: float = 0.5 * 2**attempt
    if retry_after is not None:
        if re.fullmatch(r"\s*[0-9]+(\.[0-9]+)?\s*", retry_after):
            wait = float(retry_after)
        else:
            with suppress(ValueError):
                wait = parsedate_to_datetime(retry_after).timestamp() - time.time()
    return min(max(wait, 0.05), LONGEST_WAIT)


def _reason(error: Exception) -> str:
    text = str(error).rstrip(".") or type(error).__name__
    if isinstance(error, httpx.ConnectError):
        if any(problem in text for problem in NO_TLS):
            return "nothing there speaks TLS; is the URL meant to start with http://?"
        kind = "TLS failed" if "SSL" in text or "CERT" in text.upper() else "no connection could be made"
        return f"{kind} ({text})"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        if isinstance(error, httpx.RemoteProtocolError) and not re.search("disconnected|status line(?!.*HTTP/)", text):
            return f"{MALFORMED} ({text})"
        return f"the connection broke ({text})"
    return text
