"""More variations that the check must not report, most of them about validation and headers."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

import json

from attrs import evolve

from threadruns.server._messages import (
    HTTPError,
    ServerRequest,
    ServerResponse,
    StoredRun,
)
from threadruns.server._response_writer import ResponseWriter
from threadruns.testing.mutations import (
    Mutation,
    WholeThreadMutation,
    mutate_parameter,
    mutate_response,
    with_headers,
)


@mutate_response
def content_type_spelling(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """The content type is in upper case, with its charset in quotes."""
    return with_headers(response, content_type='Application/JSON; Charset="UTF-8"')


class FewHeaders(Mutation):
    """The response has no header of the vendor."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        writer.headers = {}
        await super().send(response, writer)


@mutate_response
def keys_sorted(response: ServerResponse, _: ServerRequest) -> ServerResponse:
    """Keys are in alphabetical order."""
    return evolve(response, body=json.dumps(json.loads(response.body), sort_keys=True).encode())


class BetaFirst(Mutation):
    """The beta header is validated before the credentials."""

    def authenticate(self, request: ServerRequest) -> None:
        super().check_beta(request)
        super().authenticate(request)


class ThreadBeforeQuery(Mutation):
    """The thread is looked up before the query is validated."""

    def check_beta(self, request: ServerRequest) -> None:
        super().check_beta(request)
        thread = self.route(request)
        if not self.store.has_thread(thread):
            raise HTTPError(404, f"No thread found with id '{thread}'.")


class ChallengeWithRealm(Mutation):
    """WWW-Authenticate of a 401 is `bearer` in lower case, with a realm."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        response = super().render_error(error)
        return (
            with_headers(response, www_authenticate='bearer realm="runs", charset="UTF-8"')
            if error.status == 401
            else response
        )


class AllowReordered(Mutation):
    """Allow has the methods in another order."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        response = super().render_error(error)
        return with_headers(response, allow="HEAD,GET") if error.status == 405 else response


@mutate_parameter
def limit_spaces_trimmed(name: str, value: str) -> str | None:
    """Spaces around a limit are ignored."""
    return value.strip() if name == "limit" else value


@mutate_parameter
def limit_plus_sign(name: str, value: str) -> str | None:
    """A plus sign before a limit is accepted."""
    return value.removeprefix("+") if name == "limit" else value


class TiesReversed(WholeThreadMutation):
    """Runs with the same `created_at` are in descending order of id in ascending order of time."""

    def all_runs(self, thread: str, order: str) -> list[StoredRun]:
        runs = super().all_runs(thread, "desc")
        runs.sort(key=lambda run: run.value()["created_at"])
        return runs if order == "asc" else runs[::-1]


class TraceByGateway(Mutation):
    """A gateway rejects TRACE with a 405 in HTML, without Allow."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        if request.method != "TRACE":
            return super().handle(request)
        return ServerResponse(405, b"<html>405 Not Allowed</html>", {"content-type": "text/html"})
