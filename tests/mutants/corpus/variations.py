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


# Gateways in front of the server, which answer some requests themselves.


class _Gateway(Mutation):
    """Base class of gateways that refuse unusual methods, targets and characters."""

    media: str | None
    body: bytes

    def handle(self, request: ServerRequest) -> ServerResponse:
        status = self.refusal(request)
        if status is None:
            return super().handle(request)
        return ServerResponse(status, self.body, {"content-type": self.media} if self.media else {})

    def refusal(self, request: ServerRequest) -> int | None:
        """Return the status by which the gateway refuses a request; None if it passes it on."""
        if request.method not in ("GET", "HEAD", "POST"):
            return {"TRACE": 405, "OPTIONS": 403, "PERUSE": 501}.get(request.method, 405)
        if len(request.path) > 1000:
            return 414
        unusual = (b"%00", b"%2F", b"%25", b"%27", b"%22", b"%FF")
        return 400 if any(text in request.path + request.query for text in unusual) else None


class GatewayWithPages(_Gateway):
    """A gateway refuses unusual requests with HTML, without Allow."""

    media, body = "text/html", b"<html><title>Not allowed</title></html>"


class GatewayWithJSON(_Gateway):
    """A gateway refuses unusual requests with JSON of its own form."""

    media, body = "application/json", b'{"message": "Not allowed"}'


class GatewayWithoutBodies(_Gateway):
    """A gateway refuses unusual requests, and POST, without a body."""

    media, body = None, b""

    def refusal(self, request: ServerRequest) -> int | None:
        return 403 if request.method == "POST" else super().refusal(request)


class GatewayReflectsTrace(Mutation):
    """A gateway answers TRACE with the request, credentials included."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        if request.method != "TRACE":
            return super().handle(request)
        lines = [b"TRACE " + request.path, *(b": ".join(header) for header in request.headers)]
        return ServerResponse(200, b"\r\n".join(lines), {"content-type": "message/http"})


class GatewayAddsSlash(Mutation):
    """A gateway redirects a path without a slash at its end to the path with one."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        if request.path.endswith(b"/"):
            return super().handle(evolve(request, path=request.path[:-1]))
        query = b"?" + request.query if request.query else b""
        return ServerResponse(308, b"", {"location": (request.path + b"/" + query).decode("latin-1")})


class GatewayUnderLoad(Mutation):
    """Every fiftieth response is the 503 of a gateway, in HTML and without Retry-After."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        self.state["loads"] = self.state.get("loads", 0) + 1
        if self.state["loads"] % 50:
            return super().handle(request)
        return ServerResponse(503, b"<html>Service Temporarily Unavailable", {"content-type": "text/html"})

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        if response.status == 503:
            writer.headers = {}
        await super().send(response, writer)


class EarlyHints(Mutation):
    """Every response is preceded by an interim one."""

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        writer.write_raw(b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n")
        await super().send(response, writer)


class MetadataChanged(Mutation):
    """Callers change the metadata of runs that have ended, a run at every fifth request."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        response = super().handle(request)
        if response.status != 200:
            return response
        self.state["pages"] = self.state.get("pages", 0) + 1
        notes = self.state.setdefault("notes", {})
        page = json.loads(response.body)
        for run in page["data"]:
            if self.state["pages"] % 5 == 0 and run["completed_at"] and run["id"] not in notes:
                notes[run["id"]] = {"note": str(self.state["pages"])}
                break
        for run in page["data"]:
            run["metadata"] = notes.get(run["id"], run["metadata"])
        return evolve(response, body=json.dumps(page).encode())
