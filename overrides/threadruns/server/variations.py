"""What a correct server may do differently: a check that complains of one of these raises a false alarm."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import zlib
from email.utils import formatdate
from functools import cache
from typing import Any

from threadruns.server._connection import Connection
from threadruns.server._deviations import (
    Deviation,
    Json,
    Listed,
    cut,
    listed,
    on_answer,
    on_body,
    on_run,
    on_value,
    still_in_progress,
    with_headers,
)
from threadruns.server._exchange import Answer, Page, Query, Refusal, Request, Stored, evolve

Variation = Deviation


@cache
def catalogue() -> dict[str, type[Deviation]]:
    """Return every variation by name."""
    return listed([sys.modules[__name__]])


# Bodies and headers.


@on_answer
def charset(answer: Answer, _: Request) -> Answer:
    """The content type names a charset."""
    return with_headers(answer, content_type="application/json; charset=utf-8")


@on_answer
def content_type_spelling(answer: Answer, _: Request) -> Answer:
    """The content type is written in capitals, with its charset in quotes."""
    return with_headers(answer, content_type='Application/JSON; Charset="UTF-8"')


@on_answer
def more_headers(answer: Answer, _: Request) -> Answer:
    """The answer has headers that the document does not name."""
    return with_headers(answer, x_ratelimit_remaining_requests="59", cache_control="no-store", vary="Accept-Encoding")


class FewHeaders(Variation):
    """The answer has none of the vendor's headers."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        connection.headers = {}
        await super().deliver(answer, connection)


class Chunked(Variation):
    """The body comes in chunks, without a length."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        await connection.start(answer.status, answer.headers)
        for start in range(0, len(answer.body), 1000):
            await connection.write(answer.body[start : start + 1000])
        await connection.finish()


class Gzip(Variation):
    """The body is compressed for callers that accept it."""

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        if "gzip" not in ",".join(request.header("accept-encoding")):
            return answer
        return evolve(
            with_headers(answer, content_encoding="gzip", vary="Accept-Encoding"), body=gzip.compress(answer.body)
        )


@on_answer
def connection_closes(answer: Answer, _: Request) -> Answer:
    """The connection closes after each answer."""
    return with_headers(answer, connection="close")


class ConnectionClosesUnsaid(Variation):
    """Every seventh answer is followed by the end of its connection, which it did not announce."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        await super().deliver(answer, connection)
        self.memory["answers"] = self.memory.get("answers", 0) + 1
        if self.memory["answers"] % 7 == 0:
            await connection.close()


class Slow(Variation):
    """An answer takes 20 milliseconds."""

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        await asyncio.sleep(0.02)
        await super().deliver(answer, connection)


@on_answer
def keys_sorted(answer: Answer, _: Request) -> Answer:
    """Keys are in alphabetical order."""
    return evolve(answer, body=json.dumps(json.loads(answer.body), sort_keys=True).encode())


@on_answer
def ascii_only(answer: Answer, _: Request) -> Answer:
    """Characters outside ASCII, and slashes, are escaped."""
    return evolve(answer, body=json.dumps(json.loads(answer.body)).replace("/", "\\/").encode())


@on_answer
def indented(answer: Answer, _: Request) -> Answer:
    """The body is indented, and ends with a line feed."""
    return evolve(answer, body=json.dumps(json.loads(answer.body), indent=2).encode() + b"\n")


@on_body
def unknown_fields(page: Json, _: Query) -> None:
    """Pages and runs have fields that the document does not name."""
    page["total"] = None
    for run in page["data"]:
        run |= {"parallel_tool_calls": True, "tool_resources": {}}


@on_run
def early_shape(run: Json) -> Any:
    """Runs have only the keys that the first runs had."""
    late = ("usage", "temperature", "top_p", "max_prompt_tokens", "max_completion_tokens", "truncation_strategy")
    later = (*late, "incomplete_details", "response_format", "tool_choice")
    if run["status"] != "requires_action":
        run.pop("required_action", None)
    return {key: value for key, value in run.items() if key not in later}


# Order of checks, and how requests are refused.


class BetaFirst(Variation):
    """The beta header is checked before the credentials."""

    def authenticate(self, request: Request) -> None:
        super().negotiate(request)
        super().authenticate(request)


class ThreadBeforeQuery(Variation):
    """The thread is looked up before the query is checked."""

    def negotiate(self, request: Request) -> None:
        super().negotiate(request)
        thread = self.route(request)
        if not self.store.knows(thread):
            raise Refusal(404, f"No thread found with id '{thread}'.")


class UnknownCursorWith400(Variation):
    """A cursor that names no run of the thread is a 400."""

    def refuse(self, refusal: Refusal) -> Answer:
        answer = super().refuse(refusal)
        unknown = refusal.status == 404 and refusal.detail["param"] in ("after", "before")
        return evolve(answer, status=400) if unknown else answer


class OtherWords(Variation):
    """Errors have other messages, types and codes."""

    def refuse(self, refusal: Refusal) -> Answer:
        refusal.detail |= {"message": "That did not work.", "type": "request_error", "code": "E17"}
        return super().refuse(refusal)


class ChallengeWithRealm(Variation):
    """A 401 asks for `bearer` in lower case, with a realm."""

    def refuse(self, refusal: Refusal) -> Answer:
        answer = super().refuse(refusal)
        return (
            with_headers(answer, www_authenticate='bearer realm="runs", charset="UTF-8"')
            if refusal.status == 401
            else answer
        )


class AllowReordered(Variation):
    """Allow names the methods in another order."""

    def refuse(self, refusal: Refusal) -> Answer:
        answer = super().refuse(refusal)
        return with_headers(answer, allow="HEAD,GET") if refusal.status == 405 else answer


@on_value
def limit_spaces_trimmed(name: str, value: str) -> str | None:
    """Spaces around a limit are dropped."""
    return value.strip() if name == "limit" else value


@on_value
def limit_plus_sign(name: str, value: str) -> str | None:
    """A limit may have a plus sign."""
    return value.removeprefix("+") if name == "limit" else value


class _Limited(Variation):
    """Base of variations that refuse every ninth request as one too many."""

    def wait(self) -> str:
        raise NotImplementedError

    def answer(self, request: Request) -> Answer:
        self.memory["requests"] = self.memory.get("requests", 0) + 1
        if self.memory["requests"] % 9:
            return super().answer(request)
        message = "Rate limit reached for requests. Limit: 60 / min. Please try again in 1s."
        headers = {"retry-after": self.wait()}
        return self.refuse(Refusal(429, message, type="requests", code="rate_limit_exceeded", headers=headers))


class RateLimited(_Limited):
    """Every ninth request is a 429 that asks to wait for no time at all."""

    def wait(self) -> str:
        return "0"


class RateLimitedUntil(_Limited):
    """Every ninth request is a 429 that asks to wait until a date."""

    def wait(self) -> str:
        return formatdate(usegmt=True)


# Ties, and runs that change while one looks.


class TiesByHash(Listed):
    """Runs of one second are ordered by a hash of their ids."""

    def whole(self, thread: str, order: str) -> list[Stored]:
        runs = super().whole(thread, "asc")
        return sorted(
            runs, key=lambda run: (run.value()["created_at"], zlib.crc32(run.id.encode())), reverse=order == "desc"
        )


class TiesReversed(Listed):
    """Runs of one second are in descending order of id in ascending order of time."""

    def whole(self, thread: str, order: str) -> list[Stored]:
        runs = super().whole(thread, "desc")
        runs.sort(key=lambda run: run.value()["created_at"])
        return runs if order == "asc" else runs[::-1]


class RunsAppear(Variation):
    """The newest three runs of a thread are created while one looks: one in every ten requests."""

    def select(self, thread: str, query: Query) -> Page:
        self.memory["looks"] = self.memory.get("looks", 0) + 1
        unborn = max(0, 3 - self.memory["looks"] // 10)
        page = super().select(thread, query)
        runs = self.store.page(thread, 1_000_000, query.order).runs
        runs = runs[unborn:] if query.order == "desc" else runs[: len(runs) - unborn]
        ids = {run.id for run in runs}
        for name, cursor in (("after", query.after), ("before", query.before)):
            if cursor is not None and cursor not in ids:
                raise Refusal(404, f"No run found with id '{cursor}' in thread '{thread}'.", param=name)
        return cut(runs, query) if unborn else page


class RunsProgress(Variation):
    """Completed runs are still in progress in the first twenty answers."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        self.memory["views"] = self.memory.get("views", 0) + 1
        if self.memory["views"] > 20:
            return page
        return evolve(page, runs=[still_in_progress(run) for run in page.runs])
