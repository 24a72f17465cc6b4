"""Faults of bodies: invalid JSON and text, wrong compression, and bodies of extreme size."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

import zlib
from functools import cache
from itertools import repeat
from typing import Any

from attrs import evolve

from threadruns.server._messages import ListQuery, ServerRequest, ServerResponse
from threadruns.server._response_writer import ResponseWriter
from threadruns.testing.mutations import (
    Json,
    Mutation,
    mutate_page,
    mutate_response,
    with_headers,
)


class GzipBomb(Mutation):
    """The body has 97 kilobytes compressed and 100 MB decompressed."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:  # noqa: ARG002
        body = _bomb()
        await writer.start(200, {"content-type": "application/json", "content-encoding": "gzip"}, len(body))
        await writer.finish(body)


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(wbits=31)
    return b"".join(map(packer.compress, repeat(b" " * 1_000_000, 100))) + packer.flush()


class TruncatedGzip(Mutation):
    """The compressed body is truncated, and Content-Length is that of the truncated body."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        body = zlib.compress(response.body, wbits=31)[:-20]
        await writer.start(response.status, {**response.headers, "content-encoding": "gzip"}, len(body))
        await writer.finish(body)


class HugeBody(Mutation):
    """The body is followed by 100 MB of white space."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await writer.start(response.status, response.headers)
        await writer.write(response.body)
        for _ in range(100):
            await writer.write(b" " * 1_000_000)
        await writer.finish()


@mutate_response
def html_with_status_200(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The response is an HTML login page with status 200."""
    body = b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"
    return ServerResponse(200, body, {"content-type": "text/html"}) if response.status == 200 else response


@mutate_response
def key_in_html(_: ServerResponse, request: ServerRequest) -> ServerResponse:
    """The response is an HTML page with status 200 and the headers of the request, key included."""
    body = b"<pre>" + b"\n".join(b"%s: %s" % header for header in request.headers) + b"</pre>"
    return ServerResponse(200, body, {"content-type": "text/html"})


@mutate_response
def deeply_nested_json(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is an array nested 100,000 times."""
    return evolve(response, body=b"[" * 100_000 + b"]" * 100_000)


@mutate_response
def lone_surrogate(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """A key of the body is a lone surrogate."""
    return evolve(response, body=response.body.replace(b'"object"', b'"\\ud800":1,"object"', 1))


@mutate_response
def invalid_utf8(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """A key of the body is not UTF-8."""
    return evolve(response, body=response.body.replace(b'"object"', b'"\xff\xfe":1,"object"', 1))


@mutate_response
def utf16_body(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is encoded as UTF-16."""
    return evolve(response, body=response.body.decode().encode("utf-16"))


@mutate_response
def gzip_header_only(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """`Content-Encoding: gzip` is sent with an uncompressed body."""
    return with_headers(response, content_encoding="gzip")


@mutate_response
def empty_body(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body of a page is empty."""
    return evolve(response, body=b"") if response.status == 200 else response


@mutate_response
def truncated_body(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body lacks its last ten bytes, and Content-Length does not count them."""
    return evolve(response, body=response.body[:-10])


@mutate_response
def trailing_comma(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body has a trailing comma."""
    return evolve(response, body=response.body[:-1] + b",}")


@mutate_page
def bare_array(page: Json, _: ListQuery) -> Any:
    """The body of a page is the array of runs."""
    return page["data"]


@mutate_page
def null_run(page: Json, _: ListQuery) -> None:
    """`data` ends with null."""
    page["data"].append(None)
