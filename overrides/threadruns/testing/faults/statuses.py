"""TODO statuses."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

from attrs import evolve

from threadruns.server._messages import HTTPError, ServerRequest, ServerResponse
from threadruns.testing.mutations import (
    Mutation,
    error_response,
    mutate_response,
)


@mutate_response
def status_403(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 403."""
    return error_response(403)


@mutate_response
def status_408(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 408."""
    return error_response(408)


@mutate_response
def status_409(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 409."""
    return error_response(409)


@mutate_response
def status_418(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 418."""
    return error_response(418)


@mutate_response
def status_422(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 422."""
    return error_response(422)


@mutate_response
def status_500(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 500."""
    return error_response(500)


@mutate_response
def status_503(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 503."""
    return error_response(503)


@mutate_response
def status_502_html(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 502, with the page of a gateway."""
    body = b"<html><head><style>b{}</style><title>502 BadRun Gateway</title></head><body>nginx</body></html>"
    return ServerResponse(502, body, {"content-type": "text/html"})


@mutate_response
def status_520_empty(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 520, which no standard knows, without a body."""
    return ServerResponse(520, b"", {})


@mutate_response
def status_404_azure(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 404, in Azure's form."""
    body = b'{"error":{"code":"404","message":"Resource not found"}}'
    return ServerResponse(404, body)


@mutate_response
def key_in_error(_: ServerResponse, request: ServerRequest) -> ServerResponse:
    """The response is 500 and repeats the key, in its message and in a header."""
    key = request.header("authorization")[0].rpartition(" ")[2]
    response = error_response(500, x_debug=key)
    return evolve(response, body=response.body.replace(b"Try again.", f"The key is {key}.".encode()))


@mutate_response
def redirect_to_other_origin(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """A page is moved to the same place on another origin."""
    if response.status != 200:
        return response
    (host,) = request.header("host")
    target = request.path.decode("latin-1")
    return ServerResponse(307, b"", {"location": f"http://localhost:{host.rpartition(':')[2]}{target}"})


@mutate_response
def redirect_loop(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """A page is moved to where it is."""
    return (
        ServerResponse(302, b"", {"location": request.path.decode("latin-1")}) if response.status == 200 else response
    )


class ErrorsInHtml(Mutation):
    """Errors are web pages."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        body = f"<html><body><h1>{error.status}</h1></body></html>".encode()
        return ServerResponse(error.status, body, {**super().render_error(error).headers, "content-type": "text/html"})


class ErrorsWithoutBody(Mutation):
    """Errors have no body."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        return evolve(super().render_error(error), body=b"")
