"""Faults of methods: HEAD, the methods that are not allowed, and what is said of them."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

from attrs import evolve

from threadruns.server._messages import HTTPError, ServerRequest, ServerResponse, internal_error
from threadruns.server._response_writer import ResponseWriter
from threadruns.testing.mutations import Mutation, mutate_request, mutate_response


class _Taken(Mutation):
    """Base of faults that serve another method like GET."""

    method: str

    def check_method(self, request: ServerRequest) -> None:
        if request.method != self.method:
            super().check_method(request)


class MadeUpServed(Mutation):
    """A method that nobody knows is answered like GET."""

    def check_method(self, request: ServerRequest) -> None:
        if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            super().check_method(request)


class PostServed(_Taken):
    """POST is answered like GET."""

    method = "POST"


class PutServed(_Taken):
    """PUT is answered like GET."""

    method = "PUT"


class DeleteServed(_Taken):
    """DELETE is answered like GET."""

    method = "DELETE"


class PatchServed(_Taken):
    """PATCH is answered like GET."""

    method = "PATCH"


class OptionsServed(_Taken):
    """OPTIONS is answered like GET."""

    method = "OPTIONS"


class AnyMethodServed(Mutation):
    """Every method is answered like GET."""

    def check_method(self, request: ServerRequest) -> None:
        pass


@mutate_request
def method_overridden(request: ServerRequest) -> ServerRequest:
    """A POST that says so in a header is answered like the method named there."""
    names = request.header("x-http-method-override")
    return evolve(request, method=names[0]) if names and request.method == "POST" else request


class HeadRefused(Mutation):
    """HEAD is refused with 405."""

    def check_method(self, request: ServerRequest) -> None:
        if request.method == "HEAD":
            raise HTTPError(405, "Not allowed to HEAD here.", headers={"allow": "GET"})
        super().check_method(request)


class HeadUnknown(Mutation):
    """HEAD is answered with 404."""

    def check_method(self, request: ServerRequest) -> None:
        if request.method == "HEAD":
            raise HTTPError(404, "Not found.")
        super().check_method(request)


@mutate_response
def head_always_ok(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """HEAD is answered with 200, whatever GET would be."""
    return evolve(response, status=200) if request.method == "HEAD" else response


@mutate_response
def head_without_length(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """HEAD says that the body would be empty."""
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
    """HEAD does not look at the query."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        return super().handle(evolve(request, query=b"") if request.method == "HEAD" else request)


class HeadWithBody(Mutation):
    """HEAD is answered with a body."""

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


class HeadFails(Mutation):
    """HEAD is an error of the server."""

    def check_method(self, request: ServerRequest) -> None:
        if request.method == "HEAD":
            raise internal_error()
        super().check_method(request)


class _RefusedMethod(Mutation):
    """Base of faults in how a method is refused."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        raise NotImplementedError

    def check_method(self, request: ServerRequest) -> None:
        try:
            super().check_method(request)
        except HTTPError as error:
            raise self.changed(error, request) from None


class AllowMissing(_RefusedMethod):
    """A 405 has no Allow."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {}
        return error


class AllowEmpty(_RefusedMethod):
    """A 405 has an empty Allow."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {"allow": ""}
        return error


class AllowTooMuch(_RefusedMethod):
    """A 405 allows the method that it refuses."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {"allow": f"GET, HEAD, {request.method}"}
        return error


class AllowOtherToo(_RefusedMethod):
    """A 405 allows POST, which is refused as well."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {"allow": "GET, HEAD, POST"}
        return error


class AllowWithoutGet(_RefusedMethod):
    """A 405 does not allow GET."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {"allow": "HEAD"}
        return error


class MethodRefusedWith404(_RefusedMethod):
    """Another method is a 404."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.status = 404
        return error


class MethodRefusedWith501(_RefusedMethod):
    """Another method is a 501."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.status = 501
        return error


class MethodRefusedWith400(_RefusedMethod):
    """Another method is a 400."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.status = 400
        return error


class DeleteFails(_RefusedMethod):
    """DELETE is an error of the server."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if request.method == "DELETE":
            return internal_error()
        return error


@mutate_response
def delete_accepted(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """DELETE is answered with 204, as if something had been deleted."""
    return ServerResponse(204, b"", {}) if request.method == "DELETE" and response.status == 405 else response


class MethodOfUnknownThread(_RefusedMethod):
    """Another method is a 404 on a thread that does not exist and a 405 on one that does."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        thread = self.route(request)
        return error if self.store.has_thread(thread) else HTTPError(404, f"No thread found with id '{thread}'.")


class TraceReflected(_RefusedMethod):
    """TRACE repeats the headers of the request, credentials included."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if request.method == "TRACE":
            error.status = 200
            error.detail["message"] = " ".join(value.decode("latin-1") for _, value in request.headers)
        return error
