"""Faults of HTTP and JSON: wrong statuses, headers, encodings and framing, and occasional failures."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

import gzip
import json
import re

from attrs import evolve

from threadruns.server._messages import (
    HTTPError,
    ListQuery,
    ServerRequest,
    ServerResponse,
    StoredPage,
    internal_error,
)
from threadruns.server._response_writer import ResponseWriter
from threadruns.testing.mutations import Json, Mutation, mutate_page, mutate_response, send_with_length, with_headers

# Content types and encodings.


@mutate_response
def content_type_text(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The content type is `text/plain`."""
    return with_headers(response, content_type="text/plain; charset=utf-8")


@mutate_response
def content_type_html(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The content type is `text/html`."""
    return with_headers(response, content_type="text/html")


@mutate_response
def content_type_binary(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The content type is `application/octet-stream`."""
    return with_headers(response, content_type="application/octet-stream")


@mutate_response
def content_type_lines(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The content type is `application/x-ndjson`."""
    return with_headers(response, content_type="application/x-ndjson")


class ContentTypeMissing(Mutation):
    """The response lacks a content type."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        response = super().handle(request)
        return evolve(
            response, headers={name: text for name, text in response.headers.items() if name != "content-type"}
        )


class ContentTypeTextWhenEmpty(Mutation):
    """An empty page has the content type `text/plain`."""

    def render_page(self, page: StoredPage) -> ServerResponse:
        response = super().render_page(page)
        return response if page.runs else with_headers(response, content_type="text/plain")


@mutate_response
def encoded_latin_1(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is encoded as Latin-1; other characters are replaced with a question mark."""
    body = response.body.decode().replace("]", '],"note":"é"', 1) if response.status == 200 else response.body.decode()
    return evolve(response, body=body.encode("latin-1", "replace"))


@mutate_response
def byte_order_mark(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body starts with a byte order mark."""
    return evolve(response, body=b"\xef\xbb\xbf" + response.body)


@mutate_response
def gzip_unasked(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is compressed even if the request does not accept it."""
    return evolve(with_headers(response, content_encoding="gzip"), body=gzip.compress(response.body))


@mutate_response
def encoding_unknown(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The content encoding is unknown."""
    return with_headers(response, content_encoding="x-zip")


# JSON.


@mutate_response
def truncated_large_body(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is cut off after 64 KiB."""
    return evolve(response, body=response.body[:65536])


@mutate_response
def trailing_data(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body has another JSON value after the page."""
    return evolve(response, body=response.body + b"\nnull\n")


@mutate_response
def inclusion_guard(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body starts with a guard against script inclusion."""
    return evolve(response, body=b")]}',\n" + response.body)


@mutate_response
def jsonp_body(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is a JavaScript call with the page as its argument."""
    return evolve(response, body=b"callback(" + response.body + b");")


@mutate_response
def python_literal_body(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is a Python literal instead of JSON."""
    return evolve(response, body=repr(json.loads(response.body)).encode())


@mutate_response
def body_as_string(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is a JSON string that contains the JSON of the page."""
    return evolve(response, body=json.dumps(response.body.decode()).encode())


@mutate_response
def duplicate_key(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body has the key `has_more` twice, with both values."""
    if response.status != 200:
        return response
    other = b"false" if b'"has_more":true' in response.body else b"true"
    return evolve(response, body=response.body.replace(b'{"object"', b'{"has_more":' + other + b',"object"', 1))


@mutate_page
def not_a_number(page: Json, _: ListQuery) -> None:
    """`temperature` of runs is NaN."""
    for run in page["data"]:
        run["temperature"] = float("nan")


# Statuses.


@mutate_response
def status_201(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """A page has status 201."""
    return evolve(response, status=201) if response.status == 200 else response


@mutate_response
def status_203(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """A page has status 203."""
    return evolve(response, status=203) if response.status == 200 else response


class PartialContent206(Mutation):
    """A page with `has_more` has status 206."""

    def render_page(self, page: StoredPage) -> ServerResponse:
        return evolve(super().render_page(page), status=206 if page.has_more else 200)


class EmptyPageWith204(Mutation):
    """An empty page has status 204 and no body."""

    def render_page(self, page: StoredPage) -> ServerResponse:
        return super().render_page(page) if page.runs else ServerResponse(204, b"", {})


@mutate_response
def redirected(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """A page redirects to the same path with a slash, which does not exist."""
    if response.status != 200:
        return response
    return ServerResponse(307, b"", {"location": request.path.decode("latin-1") + "/"})


class OccasionalError500(Mutation):
    """Every tenth response is a 500."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        self.state["requests"] = self.state.get("requests", 0) + 1
        return self.render_error(internal_error()) if self.state["requests"] % 10 == 0 else super().handle(request)


class OccasionalError503(Mutation):
    """Every tenth response is a 503 in plain text."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        self.state["requests"] = self.state.get("requests", 0) + 1
        if self.state["requests"] % 10:
            return super().handle(request)
        return ServerResponse(503, b"Service Unavailable", {"content-type": "text/plain"})


# Requests that fail or are parsed wrongly.


class LargePageWith500(Mutation):
    """Pages of more than 50 runs give 500."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if len(page.runs) > 50:
            raise internal_error()
        return page


class FullPageWith500(Mutation):
    """Pages of exactly 100 runs give 500."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if len(page.runs) == 100:
            raise internal_error()
        return page


class EmptyPageWith500(Mutation):
    """Empty pages give 500."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if not page.runs:
            raise internal_error()
        return page


class EncodedThreadWith500(Mutation):
    """A percent sign in the path gives 500."""

    def route(self, request: ServerRequest) -> str:
        if b"%" in request.path:
            raise internal_error()
        return super().route(request)


class EncodedThreadNotDecoded(Mutation):
    """The id of a thread is not percent-decoded."""

    def route(self, request: ServerRequest) -> str:
        return super().route(evolve(request, path=request.path.replace(b"%", b"%25")))


class EncodedSlashSplits(Mutation):
    """An encoded slash in the path ends the id of the thread."""

    def route(self, request: ServerRequest) -> str:
        return super().route(evolve(request, path=re.sub(rb"(?i)%2f.*(?=/runs$)", b"", request.path)))


class LongThreadWith500(Mutation):
    """The id of a thread with more than 64 characters gives 500."""

    def route(self, request: ServerRequest) -> str:
        thread = super().route(request)
        if len(thread) > 64:
            raise internal_error()
        return thread


class LongCursorWith500(Mutation):
    """A cursor with more than 64 characters gives 500."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        if any(name in ("after", "before") and len(value) > 64 for name, value in pairs):
            raise internal_error()
        return super().parse_query(pairs)


class QuoteWith500(Mutation):
    """An apostrophe in the id of a thread or in the query gives 500."""

    def route(self, request: ServerRequest) -> str:
        if any(mark in request.path + request.query for mark in (b"'", b"%27")):
            raise internal_error()
        return super().route(request)


class NonAsciiWith500(Mutation):
    """A non-ASCII character in the id of a thread or in the query gives 500."""

    def route(self, request: ServerRequest) -> str:
        if re.search(rb"%[89a-fA-F]", request.path + request.query):
            raise internal_error()
        return super().route(request)


class NullByteWith500(Mutation):
    """An encoded null byte gives 500."""

    def route(self, request: ServerRequest) -> str:
        if b"%00" in request.path + request.query:
            raise internal_error()
        return super().route(request)


class NameNotDecoded(Mutation):
    """The names of parameters are not percent-decoded."""

    def query_parameters(self, request: ServerRequest) -> list[tuple[str, str]]:
        return super().query_parameters(evolve(request, query=re.sub(rb"%(?=[^&=]*=)", b"%25", request.query)))


class UnknownParameterRefused(Mutation):
    """An unknown parameter gives 400."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        for name, _ in pairs:
            if name not in ("limit", "order", "after", "before"):
                raise HTTPError(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
        return super().parse_query(pairs)


class UnknownParameterWith500(Mutation):
    """An unknown parameter gives 500."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        if {name for name, _ in pairs} - {"limit", "order", "after", "before"}:
            raise internal_error()
        return super().parse_query(pairs)


class HtmlNotAcceptable(Mutation):
    """A request that prefers HTML gives 406."""

    def check_beta(self, request: ServerRequest) -> None:
        if any(accepted.startswith("text/html") for accepted in request.header("accept")):
            raise HTTPError(406, "Only JSON is served here.")
        super().check_beta(request)


class OnlyHtmlNotAcceptable(Mutation):
    """A request that accepts neither JSON nor every type gives 406."""

    def check_beta(self, request: ServerRequest) -> None:
        accepted = ",".join(request.header("accept"))
        if accepted and "json" not in accepted and "*/*" not in accepted:
            raise HTTPError(406, "Only JSON is served here.")
        super().check_beta(request)


class ParameterIgnoresCase(Mutation):
    """Names of parameters are compared without case."""

    def query_parameters(self, request: ServerRequest) -> list[tuple[str, str]]:
        return [(name.lower(), value) for name, value in super().query_parameters(request)]


class ParameterInBrackets(Mutation):
    """A name of a parameter may end with `[]`."""

    def query_parameters(self, request: ServerRequest) -> list[tuple[str, str]]:
        return [(name.removesuffix("[]"), value) for name, value in super().query_parameters(request)]


class PageParameter(Mutation):
    """The undocumented parameter `page` skips pages."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        query = super().parse_query(pairs)
        self.state["page"] = next((int(value) for name, value in pairs if name == "page" and value.isdecimal()), 1)
        return query

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        for _ in range(min(self.state["page"], 10) - 1):
            if page.runs:
                page = super().find_page(thread, evolve(query, after=page.runs[-1].id))
        return page


class StatusParameter(Mutation):
    """The undocumented parameter `status` filters the runs."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        query = super().parse_query(pairs)
        self.state["status"] = dict(pairs).get("status")
        return query

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page, status = super().find_page(thread, query), self.state["status"]
        return page if status is None else evolve(page, runs=[r for r in page.runs if r.value()["status"] == status])


# Framing.


@mutate_response
def processing_time_in_words(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """`openai-processing-ms` has a unit."""
    return with_headers(response, openai_processing_ms="12ms")


@mutate_response
def request_id_empty(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """`x-request-id` is empty."""
    return with_headers(response, x_request_id="")


class LengthTooSmall(Mutation):
    """Content-Length is ten bytes too small."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await send_with_length(writer, response, len(response.body) - 10)


class LengthRepeated(Mutation):
    """Content-Length is given twice, with two values."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        length = len(response.body)
        head = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\ncontent-length: %d\r\n\r\n"
        writer.write_raw(head % (response.status, length, length + 1) + response.body)
        await writer.close()


class OccasionalReset(Mutation):
    """Every fortieth connection is reset before the response."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        self.state["answers"] = self.state.get("answers", 0) + 1
        await (super().send(response, writer) if self.state["answers"] % 40 else writer.reset())


class OccasionalClose(Mutation):
    """Every tenth connection closes within the body."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        self.state["answers"] = self.state.get("answers", 0) + 1
        if self.state["answers"] % 10:
            await super().send(response, writer)
        else:
            await send_with_length(writer, response, len(response.body) + 1)


class RequestTypeRefused(Mutation):
    """A GET that declares a content type is a 415."""

    def check_beta(self, request: ServerRequest) -> None:
        super().check_beta(request)
        if request.method == "GET" and request.header("content-type"):
            raise HTTPError(415, "A GET has no body, so it has no content type.")
