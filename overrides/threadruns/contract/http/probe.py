"""Sending requests within bounds: time, size, rate and number; nothing is followed and the key goes to one origin.

The probe never follows a redirect, keeps no cookie and undoes no content coding, so that what it records is what the
server sent. An answer that asks to wait is waited for, and comes apart from the one that follows.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from threadruns.contract.http.api_key import ApiKey
from threadruns.contract.http.exchange import MAX_BODY_BYTES, Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.http.watchdog import Watchdog

TIMED_OUT = "no whole answer came in"
"""How the failure of an answer that took too long begins."""


MALFORMED_RESPONSE = "the answer is no whole HTTP message"
"""How the failure of an answer begins that HTTP itself forbids."""


NOT_TLS_ERRORS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""What OpenSSL calls an answer that is no TLS."""


MAX_WAIT_SECONDS = 60.0
"""The longest that a 429 can make the check wait, in seconds."""


MAX_DROPS = 2
"""After so many dropped connections each request gets one of its own, so that one more drop is the server's doing."""


MAX_ATTEMPTS = 6
"""How often a request is sent that is answered 429 each time."""


class CheckAborted(Exception):
    """The check cannot go on: the server does not answer, or answers nothing that could be judged.

    Args:
        reason: Why, as a sentence.
        rule: The rule that could not be decided for it; empty if it is a bound of the check itself that was reached.
        exchange: What came instead.
        came: The same in the words of the rule; the reason if it is empty.
    """

    def __init__(self, reason: str, rule: str = "", exchange: Exchange | None = None, came: str = "") -> None:
        super().__init__(reason)
        self.rule = rule
        self.exchange = exchange
        self.came = came or reason


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
        self._key = ApiKey(key)
        self._rate = rate
        self._deadline = time.monotonic() + max_seconds
        self._next = 0.0
        self._drops = 0
        self._on_request = on_request
        self._socket: socket.socket | None = None
        self._watchdog = Watchdog(timeout, self._abort_response)
        self.rate_limited: list[Exchange] = []
        try:
            self._tls = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
        except OSError as error:
            raise ValueError(
                f"{verify!r} holds no certificate authorities that can be read; give a file in PEM form."
            ) from error
        if verify is False:
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE
        self._client = self._new_client()

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self._watchdog.close()
        self._client.close()

    def _new_client(self, keep: int | None = None) -> httpx.Client:
        return httpx.Client(
            timeout=self.timeout,
            follow_redirects=False,
            verify=self._tls,
            limits=httpx.Limits(max_keepalive_connections=keep),
            headers={"accept-encoding": "identity", "user-agent": "threadruns-check"},
        )

    def _count_drop(self) -> None:
        self._drops += 1
        if self._drops == MAX_DROPS:
            self._client.close()
            self._client = self._new_client(keep=0)

    @property
    def remaining(self) -> int:
        """How many requests may still be sent."""
        return self.max_requests - self.sent

    def mask(self, text: str) -> str:
        """Return the text with every spelling of the key replaced by the name of its variable."""
        for spelling in sorted(self._key.variants, key=len, reverse=True):
            if len(spelling) >= min(4, len(self._key)) and spelling:
                text = text.replace(spelling, "$OPENAI_API_KEY")
        return text

    def find_key(self, exchange: Exchange) -> str | None:
        """Say where an answer repeats the key; None if it does not.

        Keys of fewer than eight characters are not looked for: they would be found in any text.
        """
        if len(self._key) < 8:
            return None
        for name, value in exchange.headers:
            if self._key in value:
                return f"the header {name!r} repeats the key"
        return "the body repeats the key" if self._key.encode() in exchange.body else None

    def backoff(self, turn: int = 0) -> float:
        """Return how long to wait before a request that was refused is sent again, in seconds.

        Args:
            turn: How often it was refused already.
        """
        return float(self.timeout / 20 * 2**turn)

    def send(self, request: ProbeRequest) -> Exchange:
        """Send a request and record the exchange, waiting as long as the server asks to.

        The answers that asked to wait are added to ``rate_limited``.

        Raises:
            CheckAborted: The bound on requests or time is reached, or the server limits the rate or sends a body
                without end.
        """
        for attempt in range(MAX_ATTEMPTS):
            self._wait_for_turn()
            exchange = self._send_once(request)
            if exchange.failure is not None and not exchange.status and TIMED_OUT not in exchange.failure:
                # A server may close a connection that it kept open just as the next request goes out on it.
                self._wait_for_turn()
                fresh = self._drops >= MAX_DROPS
                exchange = self._send_once(request)
                exchange.dropped = fresh
                self._count_drop()
            if not is_rate_limited(exchange):
                return exchange
            self.rate_limited.append(exchange)
            self.sent -= 1
            if attempt + 1 < MAX_ATTEMPTS:
                time.sleep(self._wait(exchange, attempt))
        last = self.rate_limited[-1]
        came = f"the server answers {last.status} again and again, however long the check waits; try --rate"
        raise CheckAborted(came, "protocol.answers", last)

    def _wait(self, exchange: Exchange, turn: int) -> float:
        asked = seconds_to_wait(exchange)
        wait = max(0.05, self.backoff(turn) if asked is None else asked)
        came = f"the server answers {exchange.status} and asks to wait {wait:.0f} s, longer than the check"
        if wait > MAX_WAIT_SECONDS:
            raise CheckAborted(f"{came} waits; try later", "protocol.answers", exchange)
        if time.monotonic() + wait > self._deadline:
            raise CheckAborted(f"{came} may take; raise --max-time", "protocol.answers", exchange)
        return wait

    def _wait_for_turn(self) -> None:
        now = time.monotonic()
        if self.sent >= self.max_requests:
            raise CheckAborted(
                f"all {self.max_requests} requests that the check may make are made; "
                "raise --max-requests or give fewer threads"
            )
        if now > self._deadline:
            raise CheckAborted("the time that the check may take is over; raise --max-time or give fewer threads")
        if self._rate:
            if now < self._next:
                time.sleep(self._next - now)
            self._next = max(now, self._next) + 1 / self._rate
        self.sent += 1
        self._on_request(self.sent)

    def _send_once(self, request: ProbeRequest) -> Exchange:
        began = time.monotonic()
        parts: dict[str, Any] = {"status": 0, "headers": (), "failure": None}
        raw = bytearray()
        self._client.cookies.clear()
        self._watchdog.begin()
        cut = False
        try:
            with self._client.stream(
                request.method,
                self.base_url + request.target_with(self._key),
                headers=[(n.encode(), value.encode()) for n, value in request.headers_with(self._key, self.beta)],
                content=request.body,
                extensions={"trace": self._note_connection},
            ) as response:
                parts["status"] = response.status_code
                parts["headers"] = tuple((name.lower(), value) for name, value in response.headers.multi_items())
                for chunk in response.iter_raw():
                    raw += chunk
                    if len(raw) > MAX_BODY_BYTES:
                        raise CheckAborted(
                            f"the server sent more than {MAX_BODY_BYTES >> 20} MiB in one answer",
                            "protocol.answers",
                            Exchange(request, **parts),
                        )
        except httpx.TimeoutException:
            cut = True
        except (httpx.TransportError, httpx.InvalidURL) as error:
            parts["failure"] = self.mask(_describe_error(error))
        finally:
            cut = self._watchdog.end() or cut
        if cut:
            parts["failure"] = f"{TIMED_OUT} {self.timeout:g} s; {len(raw)} bytes of a body did"
        return Exchange(request, raw=bytes(raw), seconds=time.monotonic() - began, **parts)

    def _note_connection(self, event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    def _abort_response(self) -> None:
        """End the answer that is being read."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def bytes_after_head(self, request: ProbeRequest) -> bytes:
        """Send a HEAD request on a connection of its own and return what follows its header section.

        HTTP clients drop those bytes, and the next answer on the connection starts with them.
        """
        self._wait_for_turn()
        where = urlsplit(self.base_url)
        port = where.port or (443 if where.scheme == "https" else 80)
        lines = [
            f"HEAD {where.path}{request.target_with(self._key)} HTTP/1.1",
            f"Host: {where.netloc.rpartition('@')[2]}",
        ]
        lines += [f"{name}: {value}" for name, value in request.headers_with(self._key, self.beta)]
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


def is_rate_limited(exchange: Exchange) -> bool:
    """Whether an answer is one to wait after and to ask again: a 429, or a 503 that says when."""
    return exchange.status == 429 or (exchange.status == 503 and exchange.header("retry-after") is not None)


def seconds_to_wait(exchange: Exchange) -> float | None:
    """Return how long an answer asks to wait, in seconds; None if it does not say, or not so that it can be read."""
    retry_after = exchange.header("retry-after") or ""
    if re.fullmatch(r"\s*[0-9]+(\.[0-9]+)?\s*", retry_after):
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None


def _describe_error(error: Exception) -> str:
    text = str(error).rstrip(".") or type(error).__name__
    if isinstance(error, httpx.ConnectError):
        if any(problem in text for problem in NOT_TLS_ERRORS):
            return "nothing there speaks TLS; is the URL meant to start with http://?"
        kind = "TLS failed" if "SSL" in text or "CERT" in text.upper() else "no connection could be made"
        return f"{kind} ({text})"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        if isinstance(error, httpx.RemoteProtocolError) and not re.search("disconnected|status line(?!.*HTTP/)", text):
            return f"{MALFORMED_RESPONSE} ({text})"
        return f"the connection broke ({text})"
    return text
