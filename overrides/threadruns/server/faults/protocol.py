"""Faults of HTTP and JSON: statuses, headers, encodings, framing, and answers that fail now and then."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

import gzip
import json
import re

from threadruns.server._connection import Connection
from threadruns.server._deviations import Json, on_answer, on_body, with_headers
from threadruns.server._exchange import Answer, Page, Query, Refusal, Request, evolve, failure
from threadruns.server.faults import Fault

# Content types and encodings.


@on_answer
def content_type_text(answer: Answer, _: Request) -> Answer:
    """The content type is text/plain."""
    return with_headers(answer, content_type="text/plain; charset=utf-8")


@on_answer
def content_type_html(answer: Answer, _: Request) -> Answer:
    """The content type is text/html."""
    return with_headers(answer, content_type="text/html")


@on_answer
def content_type_binary(answer: Answer, _: Request) -> Answer:
    """The content type is application/octet-stream."""
    return with_headers(answer, content_type="application/octet-stream")


@on_answer
def content_type_lines(answer: Answer, _: Request) -> Answer:
    """The content type is that of JSON lines."""
    return with_headers(answer, content_type="application/x-ndjson")


class ContentTypeMissing(Fault):
    """The answer has no content type."""

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        return evolve(answer, headers={name: text for name, text in answer.headers.items() if name != "content-type"})


class ContentTypeTextWhenEmpty(Fault):
    """An empty page has the content type text/plain."""

    def render(self, page: Page) -> Answer:
        answer = super().render(page)
        return answer if page.runs else with_headers(answer, content_type="text/plain")


@on_answer
def encoded_latin_1(answer: Answer, _: Request) -> Answer:
    """The body is encoded as Latin-1, with a question mark for what that lacks."""
    body = answer.body.decode().replace("]", '],"note":"é"', 1) if answer.status == 200 else answer.body.decode()
    return evolve(answer, body=body.encode("latin-1", "replace"))


@on_answer
def encoded_utf_16(answer: Answer, _: Request) -> Answer:
    """The body is encoded as UTF-16."""
    return evolve(answer, body=answer.body.decode().encode("utf-16"))


@on_answer
def byte_order_mark(answer: Answer, _: Request) -> Answer:
    """The body begins with a byte order mark."""
    return evolve(answer, body=b"\xef\xbb\xbf" + answer.body)


@on_answer
def gzip_claimed(answer: Answer, _: Request) -> Answer:
    """The answer says that it is compressed, and is not."""
    return with_headers(answer, content_encoding="gzip")


@on_answer
def gzip_unasked(answer: Answer, _: Request) -> Answer:
    """The body is compressed, whatever the request accepts."""
    return evolve(with_headers(answer, content_encoding="gzip"), body=gzip.compress(answer.body))


@on_answer
def encoding_unknown(answer: Answer, _: Request) -> Answer:
    """The answer has a content encoding that nobody knows."""
    return with_headers(answer, content_encoding="x-zip")


# JSON.


@on_answer
def body_cut_short(answer: Answer, _: Request) -> Answer:
    """The last ten bytes of the body are missing, and its length says so."""
    return evolve(answer, body=answer.body[:-10])


@on_answer
def large_body_cut_short(answer: Answer, _: Request) -> Answer:
    """A body of more than 64 KiB ends there."""
    return evolve(answer, body=answer.body[:65536])


@on_answer
def body_with_tail(answer: Answer, _: Request) -> Answer:
    """Something follows the JSON of the body."""
    return evolve(answer, body=answer.body + b"\nnull\n")


@on_answer
def body_guarded(answer: Answer, _: Request) -> Answer:
    """The body begins with a guard against script inclusion."""
    return evolve(answer, body=b")]}',\n" + answer.body)


@on_answer
def body_as_callback(answer: Answer, _: Request) -> Answer:
    """The body is a call of a function."""
    return evolve(answer, body=b"callback(" + answer.body + b");")


@on_answer
def body_single_quoted(answer: Answer, _: Request) -> Answer:
    """The body is the notation of a programming language, not JSON."""
    return evolve(answer, body=repr(json.loads(answer.body)).encode())


@on_answer
def body_in_string(answer: Answer, _: Request) -> Answer:
    """The body is JSON in a JSON string."""
    return evolve(answer, body=json.dumps(answer.body.decode()).encode())


@on_answer
def body_empty(answer: Answer, _: Request) -> Answer:
    """The body of a page is empty."""
    return evolve(answer, body=b"") if answer.status == 200 else answer


@on_answer
def body_trailing_comma(answer: Answer, _: Request) -> Answer:
    """The body has a comma too many."""
    return evolve(answer, body=answer.body[:-1] + b",}")


@on_answer
def key_twice(answer: Answer, _: Request) -> Answer:
    """The body has `has_more` twice, with both values."""
    if answer.status != 200:
        return answer
    other = b"false" if b'"has_more":true' in answer.body else b"true"
    return evolve(answer, body=answer.body.replace(b'{"object"', b'{"has_more":' + other + b',"object"', 1))


@on_body
def not_a_number(page: Json, _: Query) -> None:
    """A number is NaN."""
    for run in page["data"]:
        run["temperature"] = float("nan")


# Statuses.


@on_answer
def status_201(answer: Answer, _: Request) -> Answer:
    """A page has status 201."""
    return evolve(answer, status=201) if answer.status == 200 else answer


@on_answer
def status_203(answer: Answer, _: Request) -> Answer:
    """A page has status 203."""
    return evolve(answer, status=203) if answer.status == 200 else answer


class Status206(Fault):
    """A page that is not the last has status 206."""

    def render(self, page: Page) -> Answer:
        return evolve(super().render(page), status=206 if page.has_more else 200)


class Status204WhenEmpty(Fault):
    """An empty page has status 204 and no body."""

    def render(self, page: Page) -> Answer:
        return super().render(page) if page.runs else Answer(204, b"", {})


@on_answer
def redirected(answer: Answer, request: Request) -> Answer:
    """A page is moved to the same path with a slash, where nothing is."""
    if answer.status != 200:
        return answer
    return Answer(307, b"", {"location": request.path.decode("latin-1") + "/"})


class FailsNowAndThen(Fault):
    """Every tenth request is an error of the server."""

    def answer(self, request: Request) -> Answer:
        self.memory["requests"] = self.memory.get("requests", 0) + 1
        return self.refuse(failure()) if self.memory["requests"] % 10 == 0 else super().answer(request)


class UnavailableNowAndThen(Fault):
    """Every tenth request is a 503 in plain text."""

    def answer(self, request: Request) -> Answer:
        self.memory["requests"] = self.memory.get("requests", 0) + 1
        if self.memory["requests"] % 10:
            return super().answer(request)
        return Answer(503, b"Service Unavailable", {"content-type": "text/plain"})


# Requests that are served badly.


class LargePagesFail(Fault):
    """Pages of more than 50 runs are an error of the server."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if len(page.runs) > 50:
            raise failure()
        return page


class FullPagesFail(Fault):
    """A page of just 100 runs is an error of the server."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if len(page.runs) == 100:
            raise failure()
        return page


class EmptyPagesFail(Fault):
    """An empty page is an error of the server."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        if not page.runs:
            raise failure()
        return page


class EncodedThreadFails(Fault):
    """A percent sign in the path is an error of the server."""

    def route(self, request: Request) -> str:
        if b"%" in request.path:
            raise failure()
        return super().route(request)


class EncodedThreadNotDecoded(Fault):
    """A thread's id is taken as it stands in the path, percent signs included."""

    def route(self, request: Request) -> str:
        return super().route(evolve(request, path=request.path.replace(b"%", b"%25")))


class EncodedSlashSplits(Fault):
    """An encoded slash in the path parts it like a bare one."""

    def route(self, request: Request) -> str:
        return super().route(evolve(request, path=re.sub(rb"(?i)%2f.*(?=/runs$)", b"", request.path)))


class LongThreadFails(Fault):
    """A thread's id of more than 64 characters is an error of the server."""

    def route(self, request: Request) -> str:
        thread = super().route(request)
        if len(thread) > 64:
            raise failure()
        return thread


class LongCursorFails(Fault):
    """A cursor of more than 64 characters is an error of the server."""

    def parse(self, pairs: list[tuple[str, str]]) -> Query:
        if any(name in ("after", "before") and len(value) > 64 for name, value in pairs):
            raise failure()
        return super().parse(pairs)


class QuoteFails(Fault):
    """A quotation mark in a thread's id or a cursor is an error of the server."""

    def route(self, request: Request) -> str:
        if any(mark in request.path + request.query for mark in (b"'", b"%27")):
            raise failure()
        return super().route(request)


class NonAsciiFails(Fault):
    """A character outside ASCII in a thread's id or the query is an error of the server."""

    def route(self, request: Request) -> str:
        if re.search(rb"%[89a-fA-F]", request.path + request.query):
            raise failure()
        return super().route(request)


class NullByteFails(Fault):
    """An encoded null byte is an error of the server."""

    def route(self, request: Request) -> str:
        if b"%00" in request.path + request.query:
            raise failure()
        return super().route(request)


class NameNotDecoded(Fault):
    """The name of a parameter is taken as it stands in the query, percent signs included."""

    def parameters(self, request: Request) -> list[tuple[str, str]]:
        return super().parameters(evolve(request, query=re.sub(rb"%(?=[^&=]*=)", b"%25", request.query)))


class UnknownParameterRefused(Fault):
    """A parameter that the document does not name is refused."""

    def parse(self, pairs: list[tuple[str, str]]) -> Query:
        for name, _ in pairs:
            if name not in ("limit", "order", "after", "before"):
                raise Refusal(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
        return super().parse(pairs)


class UnknownParameterFails(Fault):
    """A parameter that the document does not name is an error of the server."""

    def parse(self, pairs: list[tuple[str, str]]) -> Query:
        if {name for name, _ in pairs} - {"limit", "order", "after", "before"}:
            raise failure()
        return super().parse(pairs)


class HtmlNotAcceptable(Fault):
    """A request that would rather have HTML is a 406."""

    def negotiate(self, request: Request) -> None:
        if any(accepted.startswith("text/html") for accepted in request.header("accept")):
            raise Refusal(406, "Only JSON is served here.")
        super().negotiate(request)


class ParameterIgnoresCase(Fault):
    """The case of a parameter's name does not count."""

    def parameters(self, request: Request) -> list[tuple[str, str]]:
        return [(name.lower(), value) for name, value in super().parameters(request)]


class ParameterInBrackets(Fault):
    """A parameter may be written as a list, as `limit[]`."""

    def parameters(self, request: Request) -> list[tuple[str, str]]:
        return [(name.removesuffix("[]"), value) for name, value in super().parameters(request)]


class PageParameter(Fault):
    """A parameter `page`, which the document does not name, skips pages."""

    def parse(self, pairs: list[tuple[str, str]]) -> Query:
        query = super().parse(pairs)
        self.memory["page"] = next((int(value) for name, value in pairs if name == "page" and value.isdecimal()), 1)
        return query

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        for _ in range(min(self.memory["page"], 10) - 1):
            if page.runs:
                page = super().select(thread, evolve(query, after=page.runs[-1].id))
        return page


class StatusParameter(Fault):
    """A parameter `status`, which the document does not name, filters the runs."""

    def parse(self, pairs: list[tuple[str, str]]) -> Query:
        query = super().parse(pairs)
        self.memory["status"] = dict(pairs).get("status")
        return query

    def select(self, thread: str, query: Query) -> Page:
        page, status = super().select(thread, query), self.memory["status"]
        return page if status is None else evolve(page, runs=[r for r in page.runs if r.value()["status"] == status])


# Framing.


@on_answer
def processing_time_in_words(answer: Answer, _: Request) -> Answer:
    """The processing time has a unit."""
    return with_headers(answer, openai_processing_ms="12ms")


@on_answer
def request_id_empty(answer: Answer, _: Request) -> Answer:
    """The request id is empty."""
    return with_headers(answer, x_request_id="")


class LengthTooSmall(Fault):
    """The content length is ten bytes too small."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        await _lie(connection, answer, len(answer.body) - 10)


class LengthTooLarge(Fault):
    """The content length is ten bytes too large, and the connection closes."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        await _lie(connection, answer, len(answer.body) + 10)


class LengthRepeated(Fault):
    """The content length is given twice, with two values."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        length = len(answer.body)
        head = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\ncontent-length: %d\r\n\r\n"
        connection.raw(head % (answer.status, length, length + 1) + answer.body)
        await connection.close()


class ChunksBroken(Fault):
    """The size of a chunk is no number."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        head = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"
        connection.raw(head % answer.status + answer.body + b"\r\n0\r\n\r\n")
        await connection.close()


class ChunksUnended(Fault):
    """The last chunk is missing, and the connection closes."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        head = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n"
        connection.raw(head % (answer.status, len(answer.body)) + answer.body + b"\r\n")
        await connection.close()


class StatusLineBroken(Fault):
    """The status line is no status line."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        connection.raw(b"HTTP/1.1 OK\r\ncontent-type: application/json\r\n\r\n" + answer.body)
        await connection.close()


class HeadersWithoutEnd(Fault):
    """The connection closes within the headers."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        connection.raw(b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\n" % answer.status)
        await connection.close()


class ClosesUnanswered(Fault):
    """The connection closes without an answer."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:  # noqa: ARG002
        await connection.close()


class ResetsNowAndThen(Fault):
    """Every fortieth connection is reset without an answer."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        self.memory["answers"] = self.memory.get("answers", 0) + 1
        await (super().deliver(answer, connection) if self.memory["answers"] % 40 else connection.reset())


class ClosesNowAndThen(Fault):
    """Every tenth connection closes within the body."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        self.memory["answers"] = self.memory.get("answers", 0) + 1
        if self.memory["answers"] % 10:
            await super().deliver(answer, connection)
        else:
            await _lie(connection, answer, len(answer.body) + 1)


async def _lie(connection: Connection, answer: Answer, length: int) -> None:
    """Send an answer that claims a length and close the connection."""
    names = "".join(f"{name}: {text}\r\n" for name, text in answer.headers.items())
    head = f"HTTP/1.1 {answer.status} Status\r\n{names}content-length: {max(0, length)}\r\n\r\n"
    connection.raw(head.encode("latin-1") + answer.body)
    await connection.close()
