"""Faults of methods: HEAD, the methods that are not allowed, and what is said of them."""
# ruff: noqa: ARG002, D102 - the docstring of the class says what its methods do.

from __future__ import annotations

from threadruns.server._connection import Connection
from threadruns.server._deviations import on_answer, on_request
from threadruns.server._exchange import Answer, Refusal, Request, evolve, failure
from threadruns.server.faults import Fault


class _Taken(Fault):
    """Base of faults that serve another method like GET."""

    method: str

    def check_method(self, request: Request) -> None:
        if request.method != self.method:
            super().check_method(request)


class MadeUpServed(Fault):
    """A method that nobody knows is answered like GET."""

    def check_method(self, request: Request) -> None:
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


class AnyMethodServed(Fault):
    """Every method is answered like GET."""

    def check_method(self, request: Request) -> None:
        pass


@on_request
def method_overridden(request: Request) -> Request:
    """A POST that says so in a header is answered like the method named there."""
    names = request.header("x-http-method-override")
    return evolve(request, method=names[0]) if names and request.method == "POST" else request


class HeadRefused(Fault):
    """HEAD is refused with 405."""

    def check_method(self, request: Request) -> None:
        if request.method == "HEAD":
            raise Refusal(405, "Not allowed to HEAD here.", headers={"allow": "GET"})
        super().check_method(request)


class HeadUnknown(Fault):
    """HEAD is answered with 404."""

    def check_method(self, request: Request) -> None:
        if request.method == "HEAD":
            raise Refusal(404, "Not found.")
        super().check_method(request)


@on_answer
def head_always_ok(answer: Answer, request: Request) -> Answer:
    """HEAD is answered with 200, whatever GET would be."""
    return evolve(answer, status=200) if request.method == "HEAD" else answer


@on_answer
def head_without_length(answer: Answer, request: Request) -> Answer:
    """HEAD says that the body would be empty."""
    return evolve(answer, headers={**answer.headers, "content-length": "0"}) if request.method == "HEAD" else answer


@on_answer
def head_other_type(answer: Answer, request: Request) -> Answer:
    """HEAD has another content type than GET."""
    return (
        evolve(answer, headers={**answer.headers, "content-type": "text/plain"}) if request.method == "HEAD" else answer
    )


class HeadIgnoresQuery(Fault):
    """HEAD does not look at the query."""

    def answer(self, request: Request) -> Answer:
        return super().answer(evolve(request, query=b"") if request.method == "HEAD" else request)


class HeadWithBody(Fault):
    """HEAD is answered with a body."""

    def answer(self, request: Request) -> Answer:
        self.memory["head"] = request.method == "HEAD"
        return super().answer(request)

    def has_body(self, status: int) -> bool:
        return True

    async def deliver(self, answer: Answer, connection: Connection) -> None:
        if not self.memory["head"] or not self.has_body(answer.status):
            await super().deliver(answer, connection)
            return
        head = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        connection.raw(head % (answer.status, len(answer.body)) + answer.body)
        await connection.close()


class HeadNotFoundWithBody(HeadWithBody):
    """A 404 to HEAD has a body."""

    def has_body(self, status: int) -> bool:
        return status == 404


class HeadFails(Fault):
    """HEAD is an error of the server."""

    def check_method(self, request: Request) -> None:
        if request.method == "HEAD":
            raise failure()
        super().check_method(request)


class _Refused(Fault):
    """Base of faults in how a method is refused."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        raise NotImplementedError

    def check_method(self, request: Request) -> None:
        try:
            super().check_method(request)
        except Refusal as refusal:
            raise self.changed(refusal, request) from None


class AllowMissing(_Refused):
    """A 405 has no Allow."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.headers = {}
        return refusal


class AllowEmpty(_Refused):
    """A 405 has an empty Allow."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.headers = {"allow": ""}
        return refusal


class AllowTooMuch(_Refused):
    """A 405 allows the method that it refuses."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.headers = {"allow": f"GET, HEAD, {request.method}"}
        return refusal


class AllowOtherToo(_Refused):
    """A 405 allows POST, which is refused as well."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.headers = {"allow": "GET, HEAD, POST"}
        return refusal


class AllowWithoutGet(_Refused):
    """A 405 does not allow GET."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.headers = {"allow": "HEAD"}
        return refusal


class MethodRefusedWith404(_Refused):
    """Another method is a 404."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.status = 404
        return refusal


class MethodRefusedWith501(_Refused):
    """Another method is a 501."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.status = 501
        return refusal


class MethodRefusedWith400(_Refused):
    """Another method is a 400."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.status = 400
        return refusal


class DeleteFails(_Refused):
    """DELETE is an error of the server."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        if request.method == "DELETE":
            return failure()
        return refusal


@on_answer
def delete_accepted(answer: Answer, request: Request) -> Answer:
    """DELETE is answered with 204, as if something had been deleted."""
    return Answer(204, b"", {}) if request.method == "DELETE" and answer.status == 405 else answer


class MethodOfUnknownThread(_Refused):
    """Another method is a 404 on a thread that does not exist and a 405 on one that does."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        thread = self.route(request)
        return refusal if self.store.knows(thread) else Refusal(404, f"No thread found with id '{thread}'.")


class TraceReflected(_Refused):
    """TRACE repeats the headers of the request, credentials included."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        if request.method == "TRACE":
            refusal.status = 200
            refusal.detail["message"] = " ".join(value.decode("latin-1") for _, value in request.headers)
        return refusal
