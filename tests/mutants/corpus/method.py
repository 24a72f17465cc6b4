"""Faults of methods: a wrong HEAD, methods that are wrongly accepted, and a wrong 405."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

from attrs import evolve

from threadruns.server._messages import HTTPError, ServerRequest, ServerResponse, internal_error
from threadruns.server._response_writer import ResponseWriter
from threadruns.testing.mutations import Mutation, mutate_request, mutate_response


class _AcceptedMethod(Mutation):
    """Base class of faults that accept another method."""

    method: str

    def check_method(self, request: ServerRequest) -> None:
        if request.method != self.method:
            super().check_method(request)


class UnknownMethodAccepted(Mutation):
    """An unknown method is handled like GET."""

    def check_method(self, request: ServerRequest) -> None:
        if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            super().check_method(request)


class PostAccepted(_AcceptedMethod):
    """POST is handled like GET."""

    method = "POST"


class PutAccepted(_AcceptedMethod):
    """PUT is handled like GET."""

    method = "PUT"


class DeleteAsGet(_AcceptedMethod):
    """DELETE is handled like GET."""

    method = "DELETE"


class DeleteSucceeds(Mutation):
    """DELETE gets 200 with an empty object, for an unknown thread too."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        if request.method == "DELETE":
            return ServerResponse(200, b"{}", {"content-type": "application/json"})
        return super().handle(request)


class PatchAccepted(_AcceptedMethod):
    """PATCH is handled like GET."""

    method = "PATCH"


class OptionsAccepted(_AcceptedMethod):
    """OPTIONS is handled like GET."""

    method = "OPTIONS"


class AnyMethodAccepted(Mutation):
    """Every method is handled like GET."""

    def check_method(self, request: ServerRequest) -> None:
        pass


@mutate_request
def method_overridden(request: ServerRequest) -> ServerRequest:
    """`X-HTTP-Method-Override` replaces the method of a POST."""
    names = request.header("x-http-method-override")
    return evolve(request, method=names[0]) if names and request.method == "POST" else request


class HeadRefused(Mutation):
    """HEAD gives 405."""

    def check_method(self, request: ServerRequest) -> None:
        if request.method == "HEAD":
            raise HTTPError(405, "Not allowed to HEAD here.", headers={"allow": "GET"})
        super().check_method(request)


class HeadWith404(Mutation):
    """HEAD gives 404."""

    def check_method(self, request: ServerRequest) -> None:
        if request.method == "HEAD":
            raise HTTPError(404, "Not found.")
        super().check_method(request)


@mutate_response
def head_always_ok(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """HEAD gives 200, even if GET gives an error."""
    return evolve(response, status=200) if request.method == "HEAD" else response


@mutate_response
def head_without_length(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """Content-Length is 0 in the response to HEAD."""
    return (
        evolve(response, headers={**response.headers, "content-length": "0"}) if request.method == "HEAD" else response
    )


@mutate_response
def head_other_type(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """HEAD has another content type than GET."""
    return (
        evolve(response, headers={**response.headers, "content-type": "text/plain"})
        if request.method == "HEAD"
        else response
    )


class HeadIgnoresQuery(Mutation):
    """HEAD ignores the query."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        return super().handle(evolve(request, query=b"") if request.method == "HEAD" else request)


class HeadWithBody(Mutation):
    """The response to HEAD has a body."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        self.state["head"] = request.method == "HEAD"
        return super().handle(request)

    def has_body(self, status: int) -> bool:
        return True

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        if not self.state["head"] or not self.has_body(response.status):
            await super().send(response, writer)
            return
        head = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        writer.write_raw(head % (response.status, len(response.body)) + response.body)
        await writer.close()


class HeadNotFoundWithBody(HeadWithBody):
    """A 404 to HEAD has a body."""

    def has_body(self, status: int) -> bool:
        return status == 404


class HeadWith500(Mutation):
    """HEAD gives 500."""

    def check_method(self, request: ServerRequest) -> None:
        if request.method == "HEAD":
            raise internal_error()
        super().check_method(request)


class _MethodErrorMutation(Mutation):
    """Base class of faults in the response to another method."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        raise NotImplementedError

    def check_method(self, request: ServerRequest) -> None:
        try:
            super().check_method(request)
        except HTTPError as error:
            raise self.changed(error, request) from None


class AllowMissing(_MethodErrorMutation):
    """A 405 lacks Allow."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {}
        return error


class AllowEmpty(_MethodErrorMutation):
    """A 405 has an empty Allow."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {"allow": ""}
        return error


class AllowRefusedMethod(_MethodErrorMutation):
    """Allow of a 405 contains the refused method."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {"allow": f"GET, HEAD, {request.method}"}
        return error


class AllowPost(_MethodErrorMutation):
    """Allow of a 405 contains POST, which is not accepted."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {"allow": "GET, HEAD, POST"}
        return error


class AllowWithoutGet(_MethodErrorMutation):
    """Allow of a 405 lacks GET."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {"allow": "HEAD"}
        return error


class MethodRefusedWith404(_MethodErrorMutation):
    """Another method gives 404."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.status = 404
        return error


class MethodRefusedWith501(_MethodErrorMutation):
    """Another method gives 501."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.status = 501
        return error


class MethodRefusedWith400(_MethodErrorMutation):
    """Another method gives 400."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.status = 400
        return error


class DeleteWith500(_MethodErrorMutation):
    """DELETE gives 500."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if request.method == "DELETE":
            return internal_error()
        return error


@mutate_response
def delete_accepted(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """DELETE gives 204."""
    return ServerResponse(204, b"", {}) if request.method == "DELETE" and response.status == 405 else response


class MethodOfUnknownThread(_MethodErrorMutation):
    """Another method gives 404 for an unknown thread and 405 for a known one."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        thread = self.route(request)
        return error if self.store.has_thread(thread) else HTTPError(404, f"No thread found with id '{thread}'.")


class TraceReflected(_MethodErrorMutation):
    """The response to TRACE contains the headers of the request, credentials included."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if request.method == "TRACE":
            error.status = 200
            error.detail["message"] = " ".join(value.decode("latin-1") for _, value in request.headers)
        return error
