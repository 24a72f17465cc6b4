"""Faults of the way a response travels, and of what stands between a server and its callers: gateways, limits.

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

from threadruns.server._messages import ListQuery, ServerRequest, ServerResponse, StoredPage, evolve
from threadruns.server._response_writer import ResponseWriter
from threadruns.server.faults import Mutation
from threadruns.server.mutations import mutate_response

# Connections.


class ResetsUnanswered(Mutation):
    """The connection is reset without a response."""

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
    """The response is that of another protocol."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:  # noqa: ARG002
        writer.write_raw(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.close()


class HeaderHuge(Mutation):
    """A header has a megabyte."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        writer.write_raw(b"HTTP/1.1 %d OK\r\nx-padding: " % response.status + b"x" * 1_000_000 + b"\r\n\r\n")
        await writer.close()


# Time.


class StaysSilent(Mutation):
    """No response comes, and the connection stays open."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:  # noqa: ARG002
        await writer.wait_closed()


class _Drips(Mutation):
    """Base of faults that send byte by byte, slower than anybody waits for."""

    async def drip(self, data: Iterable[int], writer: ResponseWriter) -> None:
        gone = asyncio.ensure_future(writer.wait_closed())
        for byte in data:
            writer.write_raw(bytes([byte]))
            await asyncio.wait({gone}, timeout=0.05)
            if gone.done():
                return
        await writer.close()


class DripsBody(_Drips):
    """The body comes byte by byte."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        writer.write_raw(b"HTTP/1.1 %d OK\r\ncontent-length: %d\r\n\r\n" % (response.status, len(response.body)))
        await self.drip(response.body, writer)


class DripsHeaders(_Drips):
    """The headers come byte by byte, and never end."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        writer.write_raw(b"HTTP/1.1 %d OK\r\nx-drip: " % response.status)
        await self.drip(repeat(ord(".")), writer)


class AnswersLate(Mutation):
    """The response takes a fifth of a second."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await asyncio.sleep(0.2)
        await super().send(response, writer)


# Bodies.


class GzipBomb(Mutation):
    """The body is small on the wire and inflates to 100 MB."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:  # noqa: ARG002
        body = _bomb()
        await writer.start(200, {"content-type": "application/json", "content-encoding": "gzip"}, len(body))
        await writer.finish(body)


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(wbits=31)
    return b"".join(map(packer.compress, repeat(b" " * 1_000_000, 100))) + packer.flush()


class GzipCutShort(Mutation):
    """The compressed body ends early, and its length says so."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        body = zlib.compress(response.body, wbits=31)[:-20]
        await writer.start(response.status, {**response.headers, "content-encoding": "gzip"}, len(body))
        await writer.finish(body)


class BodyVast(Mutation):
    """A hundred megabytes of white space follow the body."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await writer.start(response.status, response.headers)
        await writer.write(response.body)
        for _ in range(100):
            await writer.write(b" " * 1_000_000)
        await writer.finish()


@mutate_response
def html_with_status_200(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """A page is the login form of a gateway, with status 200."""
    body = b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"
    return ServerResponse(200, body, {"content-type": "text/html"}) if response.status == 200 else response


@mutate_response
def json_nested_deep(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is an array within an array, a hundred thousand times."""
    return evolve(response, body=b"[" * 100_000 + b"]" * 100_000)


@mutate_response
def surrogate_alone(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """Strings hold half of a surrogate pair."""
    return evolve(response, body=response.body.replace(b'"object"', b'"\\ud800":1,"object"', 1))


@mutate_response
def bytes_no_utf_8(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """Strings hold bytes that are no UTF-8."""
    return evolve(response, body=response.body.replace(b'"object"', b'"\xff\xfe":1,"object"', 1))


# Errors that come and go: with ``first=2`` they pass, without they stay.


def _error(status: int, **headers: str) -> ServerResponse:
    body = b'{"error":{"message":"Try again.","type":"server_error","param":null,"code":null}}'
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ServerResponse(status, body, {"content-type": "application/json", **named})


@mutate_response
def status_403(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 403."""
    return _error(403)


@mutate_response
def status_408(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 408."""
    return _error(408)


@mutate_response
def status_409(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 409."""
    return _error(409)


@mutate_response
def status_418(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 418."""
    return _error(418)


@mutate_response
def status_422(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 422."""
    return _error(422)


@mutate_response
def status_500(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 500."""
    return _error(500)


@mutate_response
def status_503(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 503."""
    return _error(503)


@mutate_response
def status_503_final(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 503, and x-should-retry says that it stays so."""
    return _error(503, x_should_retry="false")


@mutate_response
def status_400_passing(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 400, and x-should-retry says that it passes."""
    return _error(400, x_should_retry="true")


@mutate_response
def limited(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 429, without a word on how long to wait."""
    return _error(429)


@mutate_response
def limited_shortly(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 429, for a twentieth of a second."""
    return _error(429, retry_after="0.05")


@mutate_response
def limited_for_an_hour(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 429, for an hour."""
    return _error(429, retry_after="3600")


@mutate_response
def limited_until_date(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 429, until a moment that has just passed."""
    return _error(429, retry_after=formatdate(time() - 1, usegmt=True))


@mutate_response
def limited_until_nonsense(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 429, until a moment that cannot be read."""
    return _error(429, retry_after="soon")


@mutate_response
def status_502_html(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 502, with the page of a gateway."""
    body = b"<html><head><style>b{}</style><title>502 BadRun Gateway</title></head><body>nginx</body></html>"
    return ServerResponse(502, body, {"content-type": "text/html"})


@mutate_response
def status_520_bare(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 520, which no standard knows, without a body."""
    return ServerResponse(520, b"", {})


@mutate_response
def status_404_azure(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 404, in Azure's form."""
    body = b'{"error":{"code":"404","message":"Resource not found"}}'
    return ServerResponse(404, body)


@mutate_response
def key_echoed(_: ServerResponse, request: ServerRequest) -> ServerResponse:
    """The response is 500 and repeats the key, in its message and in a header."""
    key = request.header("authorization")[0].rpartition(" ")[2]
    response = _error(500, x_debug=key)
    return evolve(response, body=response.body.replace(b"Try again.", f"The key is {key}.".encode()))


@mutate_response
def key_echoed_in_page(_: ServerResponse, request: ServerRequest) -> ServerResponse:
    """The response is 200 with a page of HTML that repeats the request, its key included."""
    body = b"<pre>" + b"\n".join(b"%s: %s" % header for header in request.headers) + b"</pre>"
    return ServerResponse(200, body, {"content-type": "text/html"})


# Redirects.


@mutate_response
def redirected_elsewhere(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """A page is moved to the same place on another origin."""
    if response.status != 200:
        return response
    (host,) = request.header("host")
    target = request.path.decode("latin-1")
    return ServerResponse(307, b"", {"location": f"http://localhost:{host.rpartition(':')[2]}{target}"})


@mutate_response
def redirected_in_circles(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """A page is moved to where it is."""
    return (
        ServerResponse(302, b"", {"location": request.path.decode("latin-1")}) if response.status == 200 else response
    )


# Pages that lead nowhere.


class PagesInCircles(Mutation):
    """The second page is followed by the first one again."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        self.state["turn"] = self.state.get("turn", 0) + 1
        page = super().find_page(thread, query)
        if self.state["turn"] % 3 == 0 and query.after:
            page = super().find_page(thread, evolve(query, after=None))
        return evolve(page, has_more=True)


class PageEmptyInBetween(Mutation):
    """The page after a cursor is empty and says that more follow."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        return StoredPage([], True) if query.after or query.before else page
