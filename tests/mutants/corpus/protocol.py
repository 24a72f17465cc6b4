"""Faults of HTTP and JSON: statuses, headers, encodings, framing, and answers that fail now and then."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

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
    """The content type is text/plain."""
    return with_headers(response, content_type="text/plain; charset=utf-8")


@mutate_response
def content_type_html(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The content type is text/html."""
    return with_headers(response, content_type="text/html")


@mutate_response
def content_type_binary(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The content type is application/octet-stream."""
    return with_headers(response, content_type="application/octet-stream")


@mutate_response
def content_type_lines(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The content type is that of JSON lines."""
    return with_headers(response, content_type="application/x-ndjson")


class ContentTypeMissing(Mutation):
    """The response has no content type."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        response = super().handle(request)
        return evolve(
            response, headers={name: text for name, text in response.headers.items() if name != "content-type"}
        )


class ContentTypeTextWhenEmpty(Mutation):
    """An empty page has the content type text/plain."""

    def render_page(self, page: StoredPage) -> ServerResponse:
        response = super().render_page(page)
        return response if page.runs else with_headers(response, content_type="text/plain")


@mutate_response
def encoded_latin_1(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is encoded as Latin-1, with a question mark for what that lacks."""
    body = response.body.decode().replace("]", '],"note":"é"', 1) if response.status == 200 else response.body.decode()
    return evolve(response, body=body.encode("latin-1", "replace"))


@mutate_response
def byte_order_mark(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body begins with a byte order mark."""
    return evolve(response, body=b"\xef\xbb\xbf" + response.body)


@mutate_response
def gzip_unasked(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is compressed, whatever the request accepts."""
    return evolve(with_headers(response, content_encoding="gzip"), body=gzip.compress(response.body))


@mutate_response
def encoding_unknown(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The response has a content encoding that nobody knows."""
    return with_headers(response, content_encoding="x-zip")


# JSON.


@mutate_response
def large_body_cut_short(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """A body of more than 64 KiB ends there."""
    return evolve(response, body=response.body[:65536])


@mutate_response
def body_with_tail(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """Something follows the JSON of the body."""
    return evolve(response, body=response.body + b"\nnull\n")


@mutate_response
def body_guarded(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body begins with a guard against script inclusion."""
    return evolve(response, body=b")]}',\n" + response.body)


@mutate_response
def body_as_callback(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is a call of a function."""
    return evolve(response, body=b"callback(" + response.body + b");")


@mutate_response
def body_single_quoted(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is the notation of a programming language, not JSON."""
    return evolve(response, body=repr(json.loads(response.body)).encode())


@mutate_response
def body_in_string(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is JSON in a JSON string."""
    return evolve(response, body=json.dumps(response.body.decode()).encode())


@mutate_response
def key_twice(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body has `has_more` twice, with both values."""
    if response.status != 200:
        return response
    other = b"false" if b'"has_more":true' in response.body else b"true"
    return evolve(response, body=response.body.replace(b'{"object"', b'{"has_more":' + other + b',"object"', 1))


@mutate_page
def not_a_number(page: Json, _: ListQuery) -> None:
    """A number is NaN."""
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


class Status206(Mutation):
    """A page that is not the last has status 206."""

    def render_page(self, page: StoredPage) -> ServerResponse:
        return evolve(super().render_page(page), status=206 if page.has_more else 200)


class Status204WhenEmpty(Mutation):
    """An empty page has status 204 and no body."""

    def render_page(self, page: StoredPage) -> ServerResponse:
        return super().render_page(page) if page.runs else ServerResponse(204, b"", {})


@mutate_response
def redirected(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """A page is moved to the same path with a slash, where nothing is."""
    if response.status != 200:
        return response
    return ServerResponse(307, b"", {"location": request.path.decode("latin-1") + "/"})


class FailsNowAndThen(Mutation):
    """Every tenth request is an error of the server."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        self.state["requests"] = self.state.get("requests", 0) + 1
        return self.render_error(internal_error()) if self.state["requests"] % 10 == 0 else super().handle(request)


class UnavailableNowAndThen(Mutation):
    """Every tenth request is a 503 in plain text."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        self.state["requests"] = self.state.get("requests", 0) + 1
        if self.state["requests"] % 10:
            return super().handle(request)
        return ServerResponse(503, b"Service Unavailable", {"content-type": "text/plain"})


# Requests that are served badly.


class LargePagesFail(Mutation):
    """Pages of more than 50 runs are an error of the server."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if len(page.runs) > 50:
            raise internal_error()
        return page


class FullPagesFail(Mutation):
    """A page of just 100 runs is an error of the server."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if len(page.runs) == 100:
            raise internal_error()
        return page


class EmptyPagesFail(Mutation):
    """An empty page is an error of the server."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        if not page.runs:
            raise internal_error()
        return page


class EncodedThreadFails(Mutation):
    """A percent sign in the path is an error of the server."""

    def route(self, request: ServerRequest) -> str:
        if b"%" in request.path:
            raise internal_error()
        return super().route(request)


class EncodedThreadNotDecoded(Mutation):
    """A thread's id is taken as it stands in the path, percent signs included."""

    def route(self, request: ServerRequest) -> str:
        return super().route(evolve(request, path=request.path.replace(b"%", b"%25")))


class EncodedSlashSplits(Mutation):
    """An encoded slash in the path parts it like a bare one."""

    def route(self, request: ServerRequest) -> str:
        return super().route(evolve(request, path=re.sub(rb"(?i)%2f.*(?=/runs$)", b"", request.path)))


class LongThreadFails(Mutation):
    """A thread's id of more than 64 characters is an error of the server."""

    def route(self, request: ServerRequest) -> str:
        thread = super().route(request)
        if len(thread) > 64:
            raise internal_error()
        return thread


class LongCursorFails(Mutation):
    """A cursor of more than 64 characters is an error of the server."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        if any(name in ("after", "before") and len(value) > 64 for name, value in pairs):
            raise internal_error()
        return super().parse_query(pairs)


class QuoteFails(Mutation):
    """A quotation mark in a thread's id or a cursor is an error of the server."""

    def route(self, request: ServerRequest) -> str:
        if any(mark in request.path + request.query for mark in (b"'", b"%27")):
            raise internal_error()
        return super().route(request)


class NonAsciiFails(Mutation):
    """A character outside ASCII in a thread's id or the query is an error of the server."""

    def route(self, request: ServerRequest) -> str:
        if re.search(rb"%[89a-fA-F]", request.path + request.query):
            raise internal_error()
        return super().route(request)


class NullByteFails(Mutation):
    """An encoded null byte is an error of the server."""

    def route(self, request: ServerRequest) -> str:
        if b"%00" in request.path + request.query:
            raise internal_error()
        return super().route(request)


class NameNotDecoded(Mutation):
    """The name of a parameter is taken as it stands in the query, percent signs included."""

    def query_parameters(self, request: ServerRequest) -> list[tuple[str, str]]:
        return super().query_parameters(evolve(request, query=re.sub(rb"%(?=[^&=]*=)", b"%25", request.query)))


class UnknownParameterRefused(Mutation):
    """A parameter that the document does not name is refused."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        for name, _ in pairs:
            if name not in ("limit", "order", "after", "before"):
                raise HTTPError(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
        return super().parse_query(pairs)


class UnknownParameterFails(Mutation):
    """A parameter that the document does not name is an error of the server."""

    def parse_query(self, pairs: list[tuple[str, str]]) -> ListQuery:
        if {name for name, _ in pairs} - {"limit", "order", "after", "before"}:
            raise internal_error()
        return super().parse_query(pairs)


class HtmlNotAcceptable(Mutation):
    """A request that would rather have HTML is a 406."""

    def check_beta(self, request: ServerRequest) -> None:
        if any(accepted.startswith("text/html") for accepted in request.header("accept")):
            raise HTTPError(406, "Only JSON is served here.")
        super().check_beta(request)


class ParameterIgnoresCase(Mutation):
    """The case of a parameter's name does not count."""

    def query_parameters(self, request: ServerRequest) -> list[tuple[str, str]]:
        return [(name.lower(), value) for name, value in super().query_parameters(request)]


class ParameterInBrackets(Mutation):
    """A parameter may be written as a list, as `limit[]`."""

    def query_parameters(self, request: ServerRequest) -> list[tuple[str, str]]:
        return [(name.removesuffix("[]"), value) for name, value in super().query_parameters(request)]


class PageParameter(Mutation):
    """A parameter `page`, which the document does not name, skips pages."""

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
    """A parameter `status`, which the document does not name, filters the runs."""

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
    """The processing time has a unit."""
    return with_headers(response, openai_processing_ms="12ms")


@mutate_response
def request_id_empty(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The request id is empty."""
    return with_headers(response, x_request_id="")


class LengthTooSmall(Mutation):
    """The content length is ten bytes too small."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await send_with_length(writer, response, len(response.body) - 10)


class LengthRepeated(Mutation):
    """The content length is given twice, with two values."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        length = len(response.body)
        head = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\ncontent-length: %d\r\n\r\n"
        writer.write_raw(head % (response.status, length, length + 1) + response.body)
        await writer.close()


class ResetsNowAndThen(Mutation):
    """Every fortieth connection is reset without a response."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        self.state["answers"] = self.state.get("answers", 0) + 1
        await (super().send(response, writer) if self.state["answers"] % 40 else writer.reset())


class ClosesNowAndThen(Mutation):
    """Every tenth connection closes within the body."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        self.state["answers"] = self.state.get("answers", 0) + 1
        if self.state["answers"] % 10:
            await super().send(response, writer)
        else:
            await send_with_length(writer, response, len(response.body) + 1)
