"""Faults of errors: their status, their shape, and the parameter that they name."""
# ruff: noqa: ARG002, D102 - the docstring of the class says what its methods do.

from __future__ import annotations

from typing import Any

from threadruns.server._deviations import Json, on_error
from threadruns.server._exchange import Answer, Page, Query, Refusal, evolve, failure
from threadruns.server.faults import Fault


@on_error
def error_text(body: Json, _: int) -> None:
    """The error is a string."""
    body["error"] = body["error"]["message"]


@on_error
def error_unwrapped(body: Json, _: int) -> Any:
    """The error stands without its envelope."""
    return body["error"]


@on_error
def error_as_detail(body: Json, _: int) -> Any:
    """The error stands under `detail`."""
    return {"detail": body["error"]["message"]}


@on_error
def error_as_problem(body: Json, status: int) -> Any:
    """The error is a problem document."""
    return {"type": "about:blank", "title": body["error"]["message"], "status": status}


@on_error
def error_as_list(body: Json, _: int) -> Any:
    """The errors stand in a list."""
    return {"errors": [body["error"]]}


@on_error
def error_without_type(body: Json, _: int) -> None:
    """The error has no `type`."""
    del body["error"]["type"]


@on_error
def error_without_param(body: Json, _: int) -> None:
    """The error has no `param`."""
    del body["error"]["param"]


@on_error
def error_without_code(body: Json, _: int) -> None:
    """The error has no `code`."""
    del body["error"]["code"]


@on_error
def error_code_number(body: Json, status: int) -> None:
    """The error's `code` is the status, as a number."""
    body["error"]["code"] = status


@on_error
def error_message_null(body: Json, _: int) -> None:
    """The error's message is null."""
    body["error"]["message"] = None


@on_error
def error_message_empty(body: Json, _: int) -> None:
    """The error's message is empty."""
    body["error"]["message"] = ""


@on_error
def error_message_list(body: Json, _: int) -> None:
    """The error's message is a list."""
    body["error"]["message"] = [body["error"]["message"]]


@on_error
def error_param_list(body: Json, _: int) -> None:
    """The error's `param` is a list of names."""
    if body["error"]["param"]:
        body["error"]["param"] = ["query", body["error"]["param"]]


@on_error
def param_null(body: Json, _: int) -> None:
    """No error names the parameter at fault."""
    body["error"]["param"] = None


def _misnamed(body: Json, name: str, said: str | None) -> None:
    if body["error"]["param"] == name:
        body["error"]["param"] = said


@on_error
def param_null_for_limit(body: Json, _: int) -> None:
    """An error of `limit` names no parameter."""
    _misnamed(body, "limit", None)


@on_error
def param_null_for_order(body: Json, _: int) -> None:
    """An error of `order` names no parameter."""
    _misnamed(body, "order", None)


@on_error
def param_null_for_cursor(body: Json, _: int) -> None:
    """An error of a cursor names no parameter."""
    _misnamed(body, "after", None)
    _misnamed(body, "before", None)


@on_error
def param_limit_for_order(body: Json, _: int) -> None:
    """An error of `order` names `limit`."""
    _misnamed(body, "order", "limit")


@on_error
def param_order_for_limit(body: Json, _: int) -> None:
    """An error of `limit` names `order`."""
    _misnamed(body, "limit", "order")


@on_error
def param_after_for_before(body: Json, _: int) -> None:
    """An error of `before` names `after`."""
    _misnamed(body, "before", "after")


@on_error
def param_cursor(body: Json, _: int) -> None:
    """An error of a cursor names `cursor`."""
    _misnamed(body, "after", "cursor")
    _misnamed(body, "before", "cursor")


@on_error
def param_limit_for_beta(body: Json, _: int) -> None:
    """A missing beta header is an error of `limit`."""
    if body["error"]["code"] == "invalid_beta":
        body["error"]["param"] = "limit"


@on_error
def param_with_place(body: Json, _: int) -> None:
    """An error names a parameter with its place, as `query.limit`."""
    if body["error"]["param"]:
        body["error"]["param"] = f"query.{body['error']['param']}"


class _Status(Fault):
    """Base of faults in the status of an error."""

    def status(self, refusal: Refusal) -> int:
        raise NotImplementedError

    def refuse(self, refusal: Refusal) -> Answer:
        return evolve(super().refuse(refusal), status=self.status(refusal))


class ErrorsAreOk(_Status):
    """Errors have status 200."""

    def status(self, refusal: Refusal) -> int:
        return 200


class NotFoundIsOk(_Status):
    """An unknown thread is an error with status 200."""

    def status(self, refusal: Refusal) -> int:
        return 200 if refusal.status == 404 else refusal.status


class BadQueryWith422(_Status):
    """A bad query is a 422."""

    def status(self, refusal: Refusal) -> int:
        return 422 if refusal.status == 400 else refusal.status


class BadLimitWith422(_Status):
    """A bad limit is a 422."""

    def status(self, refusal: Refusal) -> int:
        return 422 if refusal.detail["param"] == "limit" else refusal.status


class BadQueryWith404(_Status):
    """A bad limit or order is a 404."""

    def status(self, refusal: Refusal) -> int:
        return 404 if refusal.detail["param"] in ("limit", "order") else refusal.status


class BadQueryWith500(_Status):
    """A bad query makes the server fail."""

    def status(self, refusal: Refusal) -> int:
        return 500 if refusal.detail["param"] else refusal.status


class BadOrderWith500(_Status):
    """A bad order makes the server fail."""

    def status(self, refusal: Refusal) -> int:
        return 500 if refusal.detail["param"] == "order" else refusal.status


class BadCursorWith500(_Status):
    """A malformed cursor makes the server fail."""

    def status(self, refusal: Refusal) -> int:
        wrong = refusal.status == 400 and refusal.detail["param"] in ("after", "before")
        return 500 if wrong else refusal.status


class UnknownThreadWith400(_Status):
    """An unknown thread is a 400."""

    def status(self, refusal: Refusal) -> int:
        return 400 if refusal.status == 404 and not refusal.detail["param"] else refusal.status


class UnknownThreadWith403(_Status):
    """An unknown thread is a 403."""

    def status(self, refusal: Refusal) -> int:
        return 403 if refusal.status == 404 and not refusal.detail["param"] else refusal.status


class UnknownThreadWith410(_Status):
    """An unknown thread is a 410."""

    def status(self, refusal: Refusal) -> int:
        return 410 if refusal.status == 404 and not refusal.detail["param"] else refusal.status


class UnknownThreadWith500(_Status):
    """An unknown thread makes the server fail."""

    def status(self, refusal: Refusal) -> int:
        return 500 if refusal.status == 404 and not refusal.detail["param"] else refusal.status


class UnknownThreadWith204(Fault):
    """An unknown thread is a 204 without a body."""

    def refuse(self, refusal: Refusal) -> Answer:
        answer = super().refuse(refusal)
        return Answer(204, b"", {}) if refusal.status == 404 else answer


class ErrorsInHtml(Fault):
    """Errors are web pages."""

    def refuse(self, refusal: Refusal) -> Answer:
        body = f"<html><body><h1>{refusal.status}</h1></body></html>".encode()
        return Answer(refusal.status, body, {**super().refuse(refusal).headers, "content-type": "text/html"})


class NotFoundInText(Fault):
    """An unknown thread is a 404 in plain text."""

    def refuse(self, refusal: Refusal) -> Answer:
        if refusal.status != 404:
            return super().refuse(refusal)
        return Answer(404, b"Not Found", {"content-type": "text/plain"})


class ErrorsWithoutBody(Fault):
    """Errors have no body."""

    def refuse(self, refusal: Refusal) -> Answer:
        return evolve(super().refuse(refusal), body=b"")


class UnauthorizedInText(Fault):
    """A 401 is plain text."""

    def refuse(self, refusal: Refusal) -> Answer:
        answer = super().refuse(refusal)
        if refusal.status != 401:
            return answer
        return evolve(answer, body=b"Unauthorized", headers={**answer.headers, "content-type": "text/plain"})


class ErrorsAreEmptyPages(Fault):
    """Errors have the body of an empty page."""

    def refuse(self, refusal: Refusal) -> Answer:
        return evolve(super().refuse(refusal), body=super().render(Page([], has_more=False)).body)


class FailsAfterRefusal(Fault):
    """The first page after a refused request is an error of the server."""

    def refuse(self, refusal: Refusal) -> Answer:
        self.memory["upset"] = True
        return super().refuse(refusal)

    def select(self, thread: str, query: Query) -> Page:
        if self.memory.pop("upset", False):
            raise failure()
        return super().select(thread, query)
