"""Variations: differences between servers that the contract allows, and that a check must not report."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import zlib
from email.utils import formatdate
from typing import Any

from attrs import evolve

from threadruns.server._messages import (
    HTTPError,
    ListQuery,
    ServerRequest,
    ServerResponse,
    StoredPage,
    StoredRun,
)
from threadruns.server._response_writer import ResponseWriter
from threadruns.testing.mutations import (
    Json,
    Mutation,
    WholeThreadMutation,
    collect,
    mutate_page,
    mutate_response,
    mutate_run,
    select_page,
    still_in_progress,
    to_json,
    with_headers,
)

# Bodies and headers.


@mutate_response
def charset(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The content type has a charset."""
    return with_headers(response, content_type="application/json; charset=utf-8")


@mutate_response
def more_headers(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The response has headers that the document does not name."""
    return with_headers(response, x_ratelimit_remaining_requests="59", cache_control="no-store", vary="Accept-Encoding")


class Chunked(Mutation):
    """The body is chunked."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await writer.start(response.status, response.headers)
        for start in range(0, len(response.body), 1000):
            await writer.write(response.body[start : start + 1000])
        await writer.finish()


class Gzip(Mutation):
    """The body is compressed if the request accepts gzip."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        response = super().handle(request)
        if "gzip" not in ",".join(request.header("accept-encoding")):
            return response
        return evolve(
            with_headers(response, content_encoding="gzip", vary="Accept-Encoding"), body=gzip.compress(response.body)
        )


@mutate_response
def connection_closes(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The connection closes after each response."""
    return with_headers(response, connection="close")


class ConnectionClosesUnsaid(Mutation):
    """The connection closes after every seventh response, without `Connection: close`."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await super().send(response, writer)
        self.state["answers"] = self.state.get("answers", 0) + 1
        if self.state["answers"] % 7 == 0:
            await writer.close()


class Slow(Mutation):
    """The response is delayed by 20 milliseconds."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        await asyncio.sleep(0.02)
        await super().send(response, writer)


@mutate_response
def ascii_only(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """Non-ASCII characters and slashes are escaped."""
    return evolve(response, body=json.dumps(json.loads(response.body)).replace("/", "\\/").encode())


@mutate_response
def indented(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The body is indented and ends with a line feed."""
    return evolve(response, body=json.dumps(json.loads(response.body), indent=2).encode() + b"\n")


@mutate_page
def unknown_fields(page: Json, _: ListQuery) -> None:
    """Pages and runs have fields that the document does not name."""
    page["total"] = None
    for run in page["data"]:
        run |= {"parallel_tool_calls": True, "tool_resources": {}}


@mutate_run
def early_shape(run: Json) -> Any:
    """Runs have only the keys of the first recorded runs."""
    late = ("usage", "temperature", "top_p", "max_prompt_tokens", "max_completion_tokens", "truncation_strategy")
    later = (*late, "incomplete_details", "response_format", "tool_choice")
    if run["status"] != "requires_action":
        run.pop("required_action", None)
    return {key: value for key, value in run.items() if key not in later}


# Order of validation, and errors.


class UnknownCursorWith400(Mutation):
    """An unknown cursor gives 400."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        response = super().render_error(error)
        unknown = error.status == 404 and error.detail["param"] in ("after", "before")
        return evolve(response, status=400) if unknown else response


class OtherWords(Mutation):
    """Errors have other messages, types and codes."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        error.detail |= {"message": "That did not work.", "type": "request_error", "code": "E17"}
        return super().render_error(error)


class _Limited(Mutation):
    """Base class of variations that refuse every ninth request with 429."""

    def wait(self) -> str:
        raise NotImplementedError

    def handle(self, request: ServerRequest) -> ServerResponse:
        self.state["requests"] = self.state.get("requests", 0) + 1
        if self.state["requests"] % 9:
            return super().handle(request)
        message = "Rate limit reached for requests. Limit: 60 / min. Please try again in 1s."
        headers = {"retry-after": self.wait()}
        return self.render_error(HTTPError(429, message, type="requests", code="rate_limit_exceeded", headers=headers))


class RateLimited(_Limited):
    """Every ninth response is a 429 with Retry-After of 0 seconds."""

    def wait(self) -> str:
        return "0"


class RateLimitedUntil(_Limited):
    """Every ninth response is a 429 with Retry-After as a date."""

    def wait(self) -> str:
        return formatdate(usegmt=True)


# Ties, and runs that change between requests.


class TiesByHash(WholeThreadMutation):
    """Runs with the same `created_at` are ordered by a hash of their ids."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, "asc")
        return sorted(
            runs, key=lambda run: (run.value()["created_at"], zlib.crc32(run.id.encode())), reverse=order == "desc"
        )


class RunsAppear(Mutation):
    """The newest three runs of a thread appear one by one, one after every ten requests for a page."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        self.state["looks"] = self.state.get("looks", 0) + 1
        unborn = max(0, 3 - self.state["looks"] // 10)
        page = super().find_page(thread, query)
        runs = self.store.page(thread, 1_000_000, query.order).runs
        runs = runs[unborn:] if query.order == "desc" else runs[: len(runs) - unborn]
        ids = {run.id for run in runs}
        for name, cursor in (("after", query.after), ("before", query.before)):
            if cursor is not None and cursor not in ids:
                raise HTTPError(404, f"No run found with id '{cursor}' in thread '{thread}'.", param=name)
        return select_page(runs, query) if unborn else page


class RunsProgress(Mutation):
    """Completed runs are in progress in the first twenty responses."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        self.state["views"] = self.state.get("views", 0) + 1
        if self.state["views"] > 20:
            return page
        return evolve(page, runs=[still_in_progress(run) for run in page.runs])


@mutate_run
def expired_without_completion(run: Json) -> None:
    """An expired run ran out of time: it has no `completed_at`, and keeps its `expires_at`."""
    if run["status"] == "expired":
        run |= {"completed_at": None, "expires_at": run["created_at"] + 600}


class CompletedRunsExpire(Mutation):
    """Completed runs have the status `expired` from the twenty-first response on, with their times unchanged."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        self.state["views"] = self.state.get("views", 0) + 1
        return evolve(page, runs=[_expired(run) for run in page.runs]) if self.state["views"] > 20 else page


def _expired(run: StoredRun) -> StoredRun:
    value = run.value()
    return StoredRun(run.id, to_json(value | {"status": "expired"})) if value["status"] == "completed" else run


VARIATIONS = collect(sys.modules[__name__])
"""Every variation by name."""
