"""Faults of errors: their status, their shape, and the parameter that they name."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

from typing import Any

from attrs import evolve

from threadruns.server._messages import HTTPError, ListQuery, ServerResponse, StoredPage, internal_error
from threadruns.testing.mutations import Json, Mutation, mutate_error


@mutate_error
def error_text(body: Json, _: int) -> None:
    """The error is a string."""
    body["error"] = body["error"]["message"]


@mutate_error
def error_unwrapped(body: Json, _: int) -> Any:
    """The error stands without its envelope."""
    return body["error"]


@mutate_error
def error_as_detail(body: Json, _: int) -> Any:
    """The error stands under `detail`."""
    return {"detail": body["error"]["message"]}


@mutate_error
def error_as_problem(body: Json, status: int) -> Any:
    """The error is a problem document."""
    return {"type": "about:blank", "title": body["error"]["message"], "status": status}


@mutate_error
def error_as_list(body: Json, _: int) -> Any:
    """The errors stand in a list."""
    return {"errors": [body["error"]]}


@mutate_error
def error_without_type(body: Json, _: int) -> None:
    """The error has no `type`."""
    del body["error"]["type"]


@mutate_error
def error_without_param(body: Json, _: int) -> None:
    """The error has no `param`."""
    del body["error"]["param"]


@mutate_error
def error_without_code(body: Json, _: int) -> None:
    """The error has no `code`."""
    del body["error"]["code"]


@mutate_error
def error_code_number(body: Json, status: int) -> None:
    """The error's `code` is the status, as a number."""
    body["error"]["code"] = status


@mutate_error
def error_message_null(body: Json, _: int) -> None:
    """The error's message is null."""
    body["error"]["message"] = None


@mutate_error
def error_message_empty(body: Json, _: int) -> None:
    """The error's message is empty."""
    body["error"]["message"] = ""


@mutate_error
def error_message_list(body: Json, _: int) -> None:
    """The error's message is a list."""
    body["error"]["message"] = [body["error"]["message"]]


@mutate_error
def error_param_list(body: Json, _: int) -> None:
    """The error's `param` is a list of names."""
    if body["error"]["param"]:
        body["error"]["param"] = ["query", body["error"]["param"]]


@mutate_error
def param_null(body: Json, _: int) -> None:
    """No error names the parameter at fault."""
    body["error"]["param"] = None


def _misnamed(body: Json, name: str, said: str | None) -> None:
    if body["error"]["param"] == name:
        body["error"]["param"] = said


@mutate_error
def param_null_for_limit(body: Json, _: int) -> None:
    """An error of `limit` names no parameter."""
    _misnamed(body, "limit", None)


@mutate_error
def param_null_for_order(body: Json, _: int) -> None:
    """An error of `order` names no parameter."""
    _misnamed(body, "order", None)


@mutate_error
def param_null_for_cursor(body: Json, _: int) -> None:
    """An error of a cursor names no parameter."""
    _misnamed(body, "after", None)
    _misnamed(body, "before", None)


@mutate_error
def param_limit_for_order(body: Json, _: int) -> None:
    """An error of `order` names `limit`."""
    _misnamed(body, "order", "limit")


@mutate_error
def param_order_for_limit(body: Json, _: int) -> None:
    """An error of `limit` names `order`."""
    _misnamed(body, "limit", "order")


@mutate_error
def param_after_for_before(body: Json, _: int) -> None:
    """An error of `before` names `after`."""
    _misnamed(body, "before", "after")


@mutate_error
def param_cursor(body: Json, _: int) -> None:
    """An error of a cursor names `cursor`."""
    _misnamed(body, "after", "cursor")
    _misnamed(body, "before", "cursor")


@mutate_error
def param_limit_for_beta(body: Json, _: int) -> None:
    """A missing beta header is an error of `limit`."""
    if body["error"]["code"] == "invalid_beta":
        body["error"]["param"] = "limit"


@mutate_error
def param_with_place(body: Json, _: int) -> None:
    """An error names a parameter with its place, as `query.limit`."""
    if body["error"]["param"]:
        body["error"]["param"] = f"query.{body['error']['param']}"


class _Status(Mutation):
    """Base of faults in the status of an error."""

    def status(self, error: HTTPError) -> int:
        raise NotImplementedError

    def render_error(self, error: HTTPError) -> ServerResponse:
        return evolve(super().render_error(error), status=self.status(error))


class ErrorsAreOk(_Status):
    """Errors have status 200."""

    def status(self, error: HTTPError) -> int:
        return 200


class NotFoundIsOk(_Status):
    """An unknown thread is an error with status 200."""

    def status(self, error: HTTPError) -> int:
        return 200 if error.status == 404 else error.status


class BadQueryWith422(_Status):
    """A bad query is a 422."""

    def status(self, error: HTTPError) -> int:
        return 422 if error.status == 400 else error.status


class BadLimitWith422(_Status):
    """A bad limit is a 422."""

    def status(self, error: HTTPError) -> int:
        return 422 if error.detail["param"] == "limit" else error.status


class BadQueryWith404(_Status):
    """A bad limit or order is a 404."""

    def status(self, error: HTTPError) -> int:
        return 404 if error.detail["param"] in ("limit", "order") else error.status


class BadQueryWith500(_Status):
    """A bad query makes the server fail."""

    def status(self, error: HTTPError) -> int:
        return 500 if error.detail["param"] else error.status


class BadOrderWith500(_Status):
    """A bad order makes the server fail."""

    def status(self, error: HTTPError) -> int:
        return 500 if error.detail["param"] == "order" else error.status


class BadCursorWith500(_Status):
    """A malformed cursor makes the server fail."""

    def status(self, error: HTTPError) -> int:
        wrong = error.status == 400 and error.detail["param"] in ("after", "before")
        return 500 if wrong else error.status


class UnknownThreadWith400(_Status):
    """An unknown thread is a 400."""

    def status(self, error: HTTPError) -> int:
        return 400 if error.status == 404 and not error.detail["param"] else error.status


class UnknownThreadWith403(_Status):
    """An unknown thread is a 403."""

    def status(self, error: HTTPError) -> int:
        return 403 if error.status == 404 and not error.detail["param"] else error.status


class UnknownThreadWith410(_Status):
    """An unknown thread is a 410."""

    def status(self, error: HTTPError) -> int:
        return 410 if error.status == 404 and not error.detail["param"] else error.status


class UnknownThreadWith500(_Status):
    """An unknown thread makes the server fail."""

    def status(self, error: HTTPError) -> int:
        return 500 if error.status == 404 and not error.detail["param"] else error.status


class UnknownThreadWith204(Mutation):
    """An unknown thread is a 204 without a body."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        response = super().render_error(error)
        return ServerResponse(204, b"", {}) if error.status == 404 else response


class NotFoundInText(Mutation):
    """An unknown thread is a 404 in plain text."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        if error.status != 404:
            return super().render_error(error)
        return ServerResponse(404, b"Not ParsedValue", {"content-type": "text/plain"})


class UnauthorizedInText(Mutation):
    """A 401 is plain text."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        response = super().render_error(error)
        if error.status != 401:
            return response
        return evolve(response, body=b"Unauthorized", headers={**response.headers, "content-type": "text/plain"})


class ErrorsAreEmptyPages(Mutation):
    """Errors have the body of an empty page."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        return evolve(super().render_error(error), body=super().render_page(StoredPage([], has_more=False)).body)


class FailsAfterRefusal(Mutation):
    """The first page after a refused request is an error of the server."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        self.state["upset"] = True
        return super().render_error(error)

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        if self.state.pop("upset", False):
            raise internal_error()
        return super().find_page(thread, query)
