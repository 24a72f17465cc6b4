"""Faults of the way an answer travels, and of what stands between a server and its callers: gateways, limits.

A caller meets these on a correct server too, behind a bad network; they are for testing clients.
"""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable
from email.utils import formatdate
from functools import cache
from itertools import repeat
from time import time

from threadruns.server._connection import Connection
from threadruns.server._deviations import on_answer
from threadruns.server._exchange import Answer, Page, Query, Request, evolve
from threadruns.server.faults import Fault

# Connections.


class ResetsUnanswered(Fault):
    """The connection is reset without an answer."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:  # noqa: ARG002
        await connection.reset()


class ResetsWithinBody(Fault):
    """The connection is reset within the body."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        await connection.start(answer.status, answer.headers, len(answer.body))
        await connection.write(answer.body[: len(answer.body) // 2])
        await connection.reset()


class ClosesWithinBody(Fault):
    """The connection closes within the body."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        await connection.start(answer.status, answer.headers, len(answer.body))
        await connection.write(answer.body[: len(answer.body) // 2])
        await connection.close()


class ClosesWithinChunk(Fault):
    """The connection closes within a chunk."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        connection.raw(
            b"HTTP/1.1 %d OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n" % answer.status + answer.body[:9]
        )
        await connection.close()


class NotHttp(Fault):
    """The answer is that of another protocol."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:  # noqa: ARG002
        connection.raw(b"SSH-2.0-OpenSSH_9.6\r\n")
        await connection.close()


class HeaderHuge(Fault):
    """A header has a megabyte."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        connection.raw(b"HTTP/1.1 %d OK\r\nx-padding: " % answer.status + b"x" * 1_000_000 + b"\r\n\r\n")
        await connection.close()


# Time.


class StaysSilent(Fault):
    """No answer comes, and the connection stays open."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:  # noqa: ARG002
        await connection.gone()


class _Drips(Fault):
    """Base of faults that send byte by byte, slower than anybody waits for."""

    async def drip(self, data: Iterable[int], connection: Connection) -> None:
        gone = asyncio.ensure_future(connection.gone())
        for byte in data:
            connection.raw(bytes([byte]))
            await asyncio.wait({gone}, timeout=0.05)
            if gone.done():
                return
        await connection.close()


class DripsBody(_Drips):
    """The body comes byte by byte."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        connection.raw(b"HTTP/1.1 %d OK\r\ncontent-length: %d\r\n\r\n" % (answer.status, len(answer.body)))
        await self.drip(answer.body, connection)


class DripsHeaders(_Drips):
    """The headers come byte by byte, and never end."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        connection.raw(b"HTTP/1.1 %d OK\r\nx-drip: " % answer.status)
        await self.drip(repeat(ord(".")), connection)


class AnswersLate(Fault):
    """The answer takes a fifth of a second."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        await asyncio.sleep(0.2)
        await super().deliver(answer, connection)


# Bodies.


class GzipBomb(Fault):
    """The body is small on the wire and inflates to 100 MB."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:  # noqa: ARG002
        body = _bomb()
        await connection.start(200, {"content-type": "application/json", "content-encoding": "gzip"}, len(body))
        await connection.finish(body)


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(wbits=31)
    return b"".join(map(packer.compress, repeat(b" " * 1_000_000, 100))) + packer.flush()


class GzipCutShort(Fault):
    """The compressed body ends early, and its length says so."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        body = zlib.compress(answer.body, wbits=31)[:-20]
        await connection.start(answer.status, {**answer.headers, "content-encoding": "gzip"}, len(body))
        await connection.finish(body)


class BodyVast(Fault):
    """A hundred megabytes of white space follow the body."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        await connection.start(answer.status, answer.headers)
        await connection.write(answer.body)
        for _ in range(100):
            await connection.write(b" " * 1_000_000)
        await connection.finish()


@on_answer
def html_with_status_200(answer: Answer, _: Request) -> Answer:
    """A page is the login form of a gateway, with status 200."""
    body = b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"
    return Answer(200, body, {"content-type": "text/html"}) if answer.status == 200 else answer


@on_answer
def json_nested_deep(answer: Answer, _: Request) -> Answer:
    """The body is an array within an array, a hundred thousand times."""
    return evolve(answer, body=b"[" * 100_000 + b"]" * 100_000)


@on_answer
def surrogate_alone(answer: Answer, _: Request) -> Answer:
    """Strings hold half of a surrogate pair."""
    return evolve(answer, body=answer.body.replace(b'"object"', b'"\\ud800":1,"object"', 1))


@on_answer
def bytes_no_utf_8(answer: Answer, _: Request) -> Answer:
    """Strings hold bytes that are no UTF-8."""
    return evolve(answer, body=answer.body.replace(b'"object"', b'"\xff\xfe":1,"object"', 1))


# Errors that come and go: with ``first=2`` they pass, without they stay.


def _error(status: int, **headers: str) -> Answer:
    body = b'{"error":{"message":"Try again.","type":"server_error","param":null,"code":null}}'
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, {"content-type": "application/json", **named})


@on_answer
def status_403(_: Answer, __: Request) -> Answer:
    """The answer is 403."""
    return _error(403)


@on_answer
def status_408(_: Answer, __: Request) -> Answer:
    """The answer is 408."""
    return _error(408)


@on_answer
def status_409(_: Answer, __: Request) -> Answer:
    """The answer is 409."""
    return _error(409)


@on_answer
def status_418(_: Answer, __: Request) -> Answer:
    """The answer is 418."""
    return _error(418)


@on_answer
def status_422(_: Answer, __: Request) -> Answer:
    """The answer is 422."""
    return _error(422)


@on_answer
def status_500(_: Answer, __: Request) -> Answer:
    """The answer is 500."""
    return _error(500)


@on_answer
def status_503(_: Answer, __: Request) -> Answer:
    """The answer is 503."""
    return _error(503)


@on_answer
def status_503_final(_: Answer, __: Request) -> Answer:
    """The answer is 503, and x-should-retry says that it stays so."""
    return _error(503, x_should_retry="false")


@on_answer
def status_400_passing(_: Answer, __: Request) -> Answer:
    """The answer is 400, and x-should-retry says that it passes."""
    return _error(400, x_should_retry="true")


@on_answer
def limited(_: Answer, __: Request) -> Answer:
    """The answer is 429, without a word on how long to wait."""
    return _error(429)


@on_answer
def limited_shortly(_: Answer, __: Request) -> Answer:
    """The answer is 429, for a twentieth of a second."""
    return _error(429, retry_after="0.05")


@on_answer
def limited_for_an_hour(_: Answer, __: Request) -> Answer:
    """The answer is 429, for an hour."""
    return _error(429, retry_after="3600")


@on_answer
def limited_until_date(_: Answer, __: Request) -> Answer:
    """The answer is 429, until a moment that has just passed."""
    return _error(429, retry_after=formatdate(time() - 1, usegmt=True))


@on_answer
def limited_until_nonsense(_: Answer, __: Request) -> Answer:
    """The answer is 429, until a moment that cannot be read."""
    return _error(429, retry_after="soon")


@on_answer
def status_502_html(_: Answer, __: Request) -> Answer:
    """The answer is 502, with the page of a gateway."""
    body = b"<html><head><style>b{}</style><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    return Answer(502, body, {"content-type": "text/html"})


@on_answer
def status_520_bare(_: Answer, __: Request) -> Answer:
    """The answer is 520, which no standard knows, without a body."""
    return Answer(520, b"", {})


@on_answer
def status_404_azure(_: Answer, __: Request) -> Answer:
    """The answer is 404, in Azure's form."""
    body = b'{"error":{"code":"404","message":"Resource not found"}}'
    return Answer(404, body)


@on_answer
def key_echoed(_: Answer, request: Request) -> Answer:
    """The answer is 500 and repeats the key, in its message and in a header."""
    key = request.header("authorization")[0].rpartition(" ")[2]
    answer = _error(500, x_debug=key)
    return evolve(answer, body=answer.body.replace(b"Try again.", f"The key is {key}.".encode()))


@on_answer
def key_echoed_in_page(_: Answer, request: Request) -> Answer:
    """The answer is 200 with a page of HTML that repeats the request, its key included."""
    body = b"<pre>" + b"\n".join(b"%s: %s" % header for header in request.headers) + b"</pre>"
    return Answer(200, body, {"content-type": "text/html"})


# Redirects.


@on_answer
def redirected_elsewhere(answer: Answer, request: Request) -> Answer:
    """A page is moved to the same place on another origin."""
    if answer.status != 200:
        return answer
    (host,) = request.header("host")
    target = request.path.decode("latin-1")
    return Answer(307, b"", {"location": f"http://localhost:{host.rpartition(':')[2]}{target}"})


@on_answer
def redirected_in_circles(answer: Answer, request: Request) -> Answer:
    """A page is moved to where it is."""
    return Answer(302, b"", {"location": request.path.decode("latin-1")}) if answer.status == 200 else answer


# Pages that lead nowhere.


class PagesInCircles(Fault):
    """The second page is followed by the first one again."""

    def select(self, thread: str, query: Query) -> Page:
        self.memory["turn"] = self.memory.get("turn", 0) + 1
        page = super().select(thread, query)
        if self.memory["turn"] % 3 == 0 and query.after:
            page = super().select(thread, evolve(query, after=None))
        return evolve(page, has_more=True)


class PageEmptyInBetween(Fault):
    """The page after a cursor is empty and says that more follow."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        return Page([], True) if query.after or query.before else page
