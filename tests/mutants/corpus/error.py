"""Faults of errors: wrong statuses, wrong bodies, and a wrong `param`."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

from typing import Any

from attrs import evolve

from threadruns.server._messages import HTTPError, ListQuery, ServerResponse, StoredPage, internal_error
from threadruns.testing.mutations import Json, Mutation, mutate_error


@mutate_error
def error_text(body: Json, _: int) -> None:
    """`error` is a string."""
    body["error"] = body["error"]["message"]


@mutate_error
def error_unwrapped(body: Json, _: int) -> Any:
    """The body of an error is the error object itself."""
    return body["error"]


@mutate_error
def error_as_detail(body: Json, _: int) -> Any:
    """The body of an error has the message under `detail`."""
    return {"detail": body["error"]["message"]}


@mutate_error
def error_as_problem(body: Json, status: int) -> Any:
    """The body of an error is a problem document (RFC 9457)."""
    return {"type": "about:blank", "title": body["error"]["message"], "status": status}


@mutate_error
def error_as_list(body: Json, _: int) -> Any:
    """The body of an error is a list under `errors`."""
    return {"errors": [body["error"]]}


@mutate_error
def error_without_type(body: Json, _: int) -> None:
    """An error lacks `type`."""
    del body["error"]["type"]


@mutate_error
def error_without_param(body: Json, _: int) -> None:
    """An error lacks `param`."""
    del body["error"]["param"]


@mutate_error
def error_without_code(body: Json, _: int) -> None:
    """An error lacks `code`."""
    del body["error"]["code"]


@mutate_error
def error_code_number(body: Json, status: int) -> None:
    """`code` of an error is the status, as a number."""
    body["error"]["code"] = status


@mutate_error
def error_message_null(body: Json, _: int) -> None:
    """`message` of an error is null."""
    body["error"]["message"] = None


@mutate_error
def error_message_empty(body: Json, _: int) -> None:
    """`message` of an error is empty."""
    body["error"]["message"] = ""


@mutate_error
def error_message_list(body: Json, _: int) -> None:
    """`message` of an error is a list."""
    body["error"]["message"] = [body["error"]["message"]]


@mutate_error
def error_param_list(body: Json, _: int) -> None:
    """`param` of an error is a list."""
    if body["error"]["param"]:
        body["error"]["param"] = ["query", body["error"]["param"]]


@mutate_error
def param_null(body: Json, _: int) -> None:
    """`param` of every error is null."""
    body["error"]["param"] = None


def _misnamed(body: Json, name: str, said: str | None) -> None:
    if body["error"]["param"] == name:
        body["error"]["param"] = said


@mutate_error
def param_null_for_limit(body: Json, _: int) -> None:
    """`param` is null in an error about `limit`."""
    _misnamed(body, "limit", None)


@mutate_error
def param_null_for_order(body: Json, _: int) -> None:
    """`param` is null in an error about `order`."""
    _misnamed(body, "order", None)


@mutate_error
def param_null_for_cursor(body: Json, _: int) -> None:
    """`param` is null in an error about a cursor."""
    _misnamed(body, "after", None)
    _misnamed(body, "before", None)


@mutate_error
def param_limit_for_order(body: Json, _: int) -> None:
    """`param` is `limit` in an error about `order`."""
    _misnamed(body, "order", "limit")


@mutate_error
def param_order_for_limit(body: Json, _: int) -> None:
    """`param` is `order` in an error about `limit`."""
    _misnamed(body, "limit", "order")


@mutate_error
def param_after_for_before(body: Json, _: int) -> None:
    """`param` is `after` in an error about `before`."""
    _misnamed(body, "before", "after")


@mutate_error
def param_cursor(body: Json, _: int) -> None:
    """`param` is `cursor` in an error about a cursor."""
    _misnamed(body, "after", "cursor")
    _misnamed(body, "before", "cursor")


@mutate_error
def param_limit_for_beta(body: Json, _: int) -> None:
    """`param` is `limit` in an error about the beta header."""
    if body["error"]["code"] == "invalid_beta":
        body["error"]["param"] = "limit"


@mutate_error
def param_with_place(body: Json, _: int) -> None:
    """`param` has a prefix, such as `query.limit`."""
    if body["error"]["param"]:
        body["error"]["param"] = f"query.{body['error']['param']}"


class _Status(Mutation):
    """Base class of faults in the status of an error."""

    def status(self, error: HTTPError) -> int:
        raise NotImplementedError

    def render_error(self, error: HTTPError) -> ServerResponse:
        return evolve(super().render_error(error), status=self.status(error))


class ErrorsAreOk(_Status):
    """Errors have status 200."""

    def status(self, error: HTTPError) -> int:
        return 200


class NotFoundIsOk(_Status):
    """A 404 has status 200."""

    def status(self, error: HTTPError) -> int:
        return 200 if error.status == 404 else error.status


class BadQueryWith422(_Status):
    """An invalid query gives 422."""

    def status(self, error: HTTPError) -> int:
        return 422 if error.status == 400 else error.status


class BadLimitWith422(_Status):
    """An invalid `limit` gives 422."""

    def status(self, error: HTTPError) -> int:
        return 422 if error.detail["param"] == "limit" else error.status


class BadQueryWith404(_Status):
    """An invalid `limit` or `order` gives 404."""

    def status(self, error: HTTPError) -> int:
        return 404 if error.detail["param"] in ("limit", "order") else error.status


class BadQueryWith500(_Status):
    """An invalid query gives 500."""

    def status(self, error: HTTPError) -> int:
        return 500 if error.detail["param"] else error.status


class BadOrderWith500(_Status):
    """An invalid `order` gives 500."""

    def status(self, error: HTTPError) -> int:
        return 500 if error.detail["param"] == "order" else error.status


class BadCursorWith500(_Status):
    """A malformed cursor gives 500."""

    def status(self, error: HTTPError) -> int:
        wrong = error.status == 400 and error.detail["param"] in ("after", "before")
        return 500 if wrong else error.status


class UnknownThreadWith400(_Status):
    """An unknown thread gives 400."""

    def status(self, error: HTTPError) -> int:
        return 400 if error.status == 404 and not error.detail["param"] else error.status


class UnknownThreadWith403(_Status):
    """An unknown thread gives 403."""

    def status(self, error: HTTPError) -> int:
        return 403 if error.status == 404 and not error.detail["param"] else error.status


class UnknownThreadWith410(_Status):
    """An unknown thread gives 410."""

    def status(self, error: HTTPError) -> int:
        return 410 if error.status == 404 and not error.detail["param"] else error.status


class UnknownThreadWith500(_Status):
    """An unknown thread gives 500."""

    def status(self, error: HTTPError) -> int:
        return 500 if error.status == 404 and not error.detail["param"] else error.status


class UnknownThreadWith204(Mutation):
    """An unknown thread gives 204 without a body."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        response = super().render_error(error)
        return ServerResponse(204, b"", {}) if error.status == 404 else response


class NotFoundInText(Mutation):
    """A 404 is plain text."""

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


class PageAfterErrorWith500(Mutation):
    """The first page after an error is a 500."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        self.state["upset"] = True
        return super().render_error(error)

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        if self.state.pop("upset", False):
            raise internal_error()
        return super().find_page(thread, query)
