"""Sends requests within limits on time, size, rate and number, and records the responses.

The probe does not follow redirects, keep cookies or decode bodies: it records what the server sent, and the key goes to
one origin only. After a response that asks to wait, it waits and sends the request again.
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
from urllib.parse import unquote, urlsplit

import httpx

from threadruns import _document
from threadruns.contract.http.api_key import ApiKey, KeyMask
from threadruns.contract.http.exchange import MAX_BODY_BYTES, Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.http.watchdog import Watchdog

TIMED_OUT = "no complete response within"
"""The start of ``failure`` after a timeout."""

MALFORMED_RESPONSE = "the response is not a complete HTTP message"
"""The start of ``failure`` after a response that is not valid HTTP."""

NOT_TLS_ERRORS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""The names of OpenSSL errors for a server that does not speak TLS."""

MAX_WAIT_SECONDS = 60.0
"""Maximum wait after one response that asks to wait, in seconds."""

MAX_DROPS = 2
"""Number of dropped connections after which each request opens a new one; a later drop is a fault of the server."""

MAX_ATTEMPTS = 6
"""Maximum number of times that a request is sent while the server responds 429."""

MAX_UNASKED_ATTEMPTS = 4
"""Maximum number of times that a request is sent while the response is a 503 that does not ask to wait."""

MIN_TIMEOUT = 0.05
"""Minimum timeout of a request near the end of the maximum time, in seconds."""

INTERIM_STATUS = re.compile(rb"HTTP/1\.[01] 1[0-9][0-9]\b")
"""The status line of an interim response, such as 103, which precedes the response itself."""

OUT_OF_TIME = "the check has used its maximum time; raise --max-time or give fewer threads"
"""The reason for the end of a check that has no time left."""


class CheckAborted(Exception):
    """The check cannot go on: the server sends nothing that can be judged, or a limit of the check is reached.

    Args:
        reason: The reason, as a clause.
        rule: The rule at which the check stops; empty if a limit of the check is reached.
        exchange: The exchange that stops it.
        observed: The expected and the received response, in the terms of the rule; the reason if it is empty.
    """

    def __init__(self, reason: str, rule: str = "", exchange: Exchange | None = None, observed: str = "") -> None:
        super().__init__(reason)
        self.rule = rule
        self.exchange = exchange
        self.observed = observed or reason


class Probe:
    """A sender of requests to one base URL, which counts and limits them.

    Args:
        base_url: The base URL of the API, such as ``http://127.0.0.1:8000/v1``.
        key: The API key.
        beta: The value of the OpenAI-Beta header; that of the document if None.
        timeout: Timeout per response, in seconds.
        max_requests: Maximum number of requests; those that are answered 429 and sent again do not count.
        max_seconds: Maximum time for all requests, in seconds.
        rate: Maximum number of requests per second; None for no limit.
        verify: Whether to verify TLS certificates, or the path of a bundle of trusted authorities.
        on_request: Called after each request with the number sent so far.

    Raises:
        ValueError: The bundle cannot be read.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        beta: str | None = None,
        timeout: float = 10.0,
        max_requests: int = 600,
        max_seconds: float = 300.0,
        rate: float | None = None,
        verify: bool | str = True,
        on_request: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.beta = _document.beta() if beta is None else beta
        self.timeout = timeout
        self.max_requests = max_requests
        self.sent = 0
        self.path_end = "/runs"
        self._key = ApiKey(key)
        self._mask = KeyMask(self._key)
        self._rate = rate
        self._deadline = time.monotonic() + max_seconds
        self._next = 0.0
        self._drops = 0
        self._on_request = on_request
        self._socket: socket.socket | None = None
        self._watchdog = Watchdog(self._abort_response)
        self.rate_limited: list[Exchange] = []
        try:
            self._tls = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
        except OSError as error:
            raise ValueError(
                f"{verify!r} has no certificate authorities that can be read; give a file in PEM format."
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
        """The number of requests that may still be sent."""
        return self.max_requests - self.sent

    def mask(self, text: str) -> str:
        """Return the text with the key and its variants replaced by the name of the environment variable."""
        return self._mask.text(text)

    def curl(self, request: ProbeRequest) -> str:
        """Return the curl command of a request."""
        return request.curl(self.base_url, self.beta, self._mask, self.path_end)

    def is_wrong(self, authorization: str | None) -> bool:
        """Tell whether a template of the Authorization header certainly gives wrong credentials."""
        return self._key.is_wrong(authorization)

    def can_find_key(self, request: ProbeRequest) -> bool:
        """Tell whether the key in the response to a request can only be a copy of the key in the request."""
        return self._key.is_unmistakable(
            self.base_url, self.beta, unquote(request.thread), str(request.query), _document.source()
        )

    def find_key(self, exchange: Exchange) -> str | None:
        """Return where a response repeats the key of its request, as a clause.

        None if it does not, and for a key that a response may contain by chance.
        """
        if not self.can_find_key(exchange.request):
            return None
        for name, value in exchange.headers:
            if self._key in value:
                return f"the header {name!r} contains the key"
        return "the body contains the key" if self._key.encode() in exchange.body else None

    @property
    def seconds_left(self) -> float:
        """The time that is left for the check, in seconds; not negative."""
        return max(0.0, self._deadline - time.monotonic())

    def pause(self, seconds: float) -> None:
        """Wait, at most as long as time is left for the check."""
        time.sleep(min(seconds, self.seconds_left))

    def backoff(self, retries: int = 0) -> float:
        """Return the wait before a retry, in seconds.

        Args:
            retries: The number of retries so far.
        """
        return float(self.timeout / 20 * 2**retries)

    def send(self, request: ProbeRequest) -> Exchange:
        """Send a request and record the exchange, waiting as long as the server asks.

        Responses that ask to wait are added to ``rate_limited``.

        Raises:
            CheckAborted: A limit on requests, time or size is reached, or the server keeps limiting the rate.
        """
        for attempt in range(MAX_ATTEMPTS):
            self._wait_for_turn()
            exchange = self._send_once(request)
            if exchange.failure is not None and not exchange.status and TIMED_OUT not in exchange.failure:
                # A server may close an idle connection at the moment at which the next request is sent.
                self._wait_for_turn()
                was_new = self._drops >= MAX_DROPS
                exchange = self._send_once(request)
                exchange.dropped = was_new
                self._count_drop()
            unasked = exchange.status == 503 and exchange.header("retry-after") is None
            if not is_rate_limited(exchange) or (unasked and attempt + 1 >= MAX_UNASKED_ATTEMPTS):
                return exchange
            self.rate_limited.append(exchange)
            self.sent -= 1
            if attempt + 1 < MAX_ATTEMPTS:
                self.pause(self._wait(exchange, attempt))
        last = self.rate_limited[-1]
        reason = f"the server responds {last.status} to every attempt, however long the check waits; try --rate"
        raise CheckAborted(reason, "protocol.answers", last)

    def _wait(self, exchange: Exchange, retries: int) -> float:
        requested = seconds_to_wait(exchange)
        wait = max(0.05, self.backoff(retries) if requested is None else requested)
        reason = f"the server responds {exchange.status} and asks to wait {wait:.0f} s"
        if wait > MAX_WAIT_SECONDS:
            limit = f"{MAX_WAIT_SECONDS:.0f} s is the maximum"
            raise CheckAborted(f"{reason}, and {limit}; try again later", "protocol.answers", exchange)
        if time.monotonic() + wait > self._deadline:
            raise CheckAborted(f"{reason}, longer than --max-time leaves; raise it", "protocol.answers", exchange)
        return wait

    def _wait_for_turn(self) -> None:
        now = time.monotonic()
        if self.sent >= self.max_requests:
            advice = "raise --max-requests or give fewer threads"
            noun = "request" if self.max_requests == 1 else "requests"
            raise CheckAborted(f"the check has sent the maximum of {self.max_requests} {noun}; {advice}")
        if self._rate and now < self._next:
            self.pause(self._next - now)
        if not self.seconds_left:
            raise CheckAborted(OUT_OF_TIME)
        if self._rate:
            self._next = max(now, self._next) + 1 / self._rate
        self.sent += 1
        self._on_request(self.sent)

    def _send_once(self, request: ProbeRequest) -> Exchange:
        started = time.monotonic()
        target = request.target_with(self._key, self.path_end)
        headers = [(n.encode(), value.encode()) for n, value in request.headers_with(self._key, self.beta)]
        size = len(target) + sum(len(name) + len(value) for name, value in headers)
        parts: dict[str, Any] = {"status": 0, "headers": (), "failure": None, "size": size}
        raw = bytearray()
        self._client.cookies.clear()
        timeout = min(self.timeout, max(self.seconds_left, MIN_TIMEOUT))
        self._watchdog.begin(timeout)
        timed_out = False
        try:
            with self._client.stream(
                request.method,
                self.base_url + target,
                headers=headers,
                content=request.body,
                timeout=timeout,
                extensions={"trace": self._note_connection},
            ) as response:
                parts["status"] = response.status_code
                parts["headers"] = tuple((name.lower(), value) for name, value in response.headers.multi_items())
                for chunk in response.iter_raw():
                    raw += chunk
                    if len(raw) > MAX_BODY_BYTES:
                        raise CheckAborted(
                            f"the server sent more than {MAX_BODY_BYTES >> 20} MiB in one response",
                            "protocol.answers",
                            Exchange(request, **parts),
                        )
        except httpx.TimeoutException:
            timed_out = True
        except (httpx.LocalProtocolError, httpx.InvalidURL):
            # HTTP cannot transport it: the server has not seen the request.
            parts["unsent"] = True
        except httpx.TransportError as error:
            parts["failure"] = self.mask(_describe_error(error))
        finally:
            timed_out = self._watchdog.end() or timed_out
        if timed_out and timeout < self.timeout:
            raise CheckAborted(OUT_OF_TIME)
        if timed_out:
            parts["failure"] = f"{TIMED_OUT} {self.timeout:g} s; the length of the body so far is {len(raw)}"
        return Exchange(request, raw=bytes(raw), seconds=time.monotonic() - started, **parts)

    def _note_connection(self, event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    def _abort_response(self) -> None:
        """Abort the response that is being read."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def bytes_after_head(self, request: ProbeRequest) -> bytes:
        """Send a HEAD request on its own connection and return the bytes after the header section.

        HTTP clients discard these bytes, or take them for the start of the next response.
        """
        self._wait_for_turn()
        base = urlsplit(self.base_url)
        port = base.port or (443 if base.scheme == "https" else 80)
        lines = [
            f"HEAD {base.path}{request.target_with(self._key, self.path_end)} HTTP/1.1",
            f"Host: {base.netloc.rpartition('@')[2]}",
        ]
        lines += [f"{name}: {value}" for name, value in request.headers_with(self._key, self.beta)]
        message = "\r\n".join([*lines, "Connection: close", "", ""]).encode()
        received = b""
        timeout = min(self.timeout, max(self.seconds_left, MIN_TIMEOUT))
        until = time.monotonic() + timeout
        try:
            stream = socket.create_connection((base.hostname or "", port), timeout=timeout)
            if base.scheme == "https":
                stream = self._tls.wrap_socket(stream, server_hostname=base.hostname)
            with stream:
                stream.sendall(message)
                while len(received) < 65536 and (left := until - time.monotonic()) > 0:
                    stream.settimeout(left)
                    chunk = stream.recv(65536)
                    if not chunk:
                        break
                    received += chunk
        except OSError:
            # The bytes received so far are judged; other requests notice a server that does not respond.
            pass
        head, _, after = received.partition(b"\r\n\r\n")
        while INTERIM_STATUS.match(head):
            head, _, after = after.partition(b"\r\n\r\n")
        return after


def is_rate_limited(exchange: Exchange) -> bool:
    """Tell whether a response asks to wait and retry: a 429, or a 503 with Retry-After or without an error in JSON.

    A reverse proxy responds 503 with a page of its own when it limits the rate.
    """
    if exchange.status == 503:
        return exchange.header("retry-after") is not None or not exchange.members
    return exchange.status == 429


def seconds_to_wait(exchange: Exchange) -> float | None:
    """Return the wait that Retry-After asks for, in seconds; None if it is absent or cannot be parsed."""
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
        if any(name in text for name in NOT_TLS_ERRORS):
            return "the server does not speak TLS; should the URL start with http://?"
        problem = "TLS failed" if "SSL" in text or "CERT" in text.upper() else "cannot connect"
        return f"{problem} ({text})"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        if isinstance(error, httpx.RemoteProtocolError) and not re.search("disconnected|status line(?!.*HTTP/)", text):
            return f"{MALFORMED_RESPONSE} ({text})"
        return f"the connection broke ({text})"
    return text
