"""Faults of statuses: errors with and without a body, and redirects."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

from attrs import evolve

from threadruns.server._messages import HTTPError, ServerRequest, ServerResponse
from threadruns.testing.mutations import Mutation, always, error_response, mutate_response

status_403 = always(error_response(403), __name__, "status_403", "The response is a 403.")
status_408 = always(error_response(408), __name__, "status_408", "The response is a 408.")
status_409 = always(error_response(409), __name__, "status_409", "The response is a 409.")
status_418 = always(error_response(418), __name__, "status_418", "The response is a 418.")
status_422 = always(error_response(422), __name__, "status_422", "The response is a 422.")
status_500 = always(error_response(500), __name__, "status_500", "The response is a 500.")
status_503 = always(error_response(503), __name__, "status_503", "The response is a 503.")


@mutate_response
def status_502_html(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is a 502 with an HTML page, as from a gateway."""
    body = b"<html><head><style>b{}</style><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    return ServerResponse(502, body, {"content-type": "text/html"})


@mutate_response
def status_520_empty(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is a 520, which is not a registered status, without a body."""
    return ServerResponse(520, b"", {})


@mutate_response
def status_404_azure(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is a 404 in Azure's form."""
    return ServerResponse(404, b'{"error":{"code":"404","message":"Resource not found"}}')


@mutate_response
def key_in_error(_: ServerResponse, request: ServerRequest) -> ServerResponse:
    """The response is a 500 with the API key in its message and in a header."""
    key = request.header("authorization")[0].rpartition(" ")[2]
    response = error_response(500, x_debug=key)
    return evolve(response, body=response.body.replace(b"Try again.", f"The key is {key}.".encode()))


@mutate_response
def redirect_to_other_origin(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """A page redirects to the same path on another origin."""
    if response.status != 200:
        return response
    (host,) = request.header("host")
    target = request.path.decode("latin-1")
    return ServerResponse(307, b"", {"location": f"http://localhost:{host.rpartition(':')[2]}{target}"})


@mutate_response
def redirect_loop(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """A page redirects to itself."""
    return (
        ServerResponse(302, b"", {"location": request.path.decode("latin-1")}) if response.status == 200 else response
    )


class ErrorsInHtml(Mutation):
    """Errors are HTML pages."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        body = f"<html><body><h1>{error.status}</h1></body></html>".encode()
        return ServerResponse(error.status, body, {**super().render_error(error).headers, "content-type": "text/html"})


class ErrorsWithoutBody(Mutation):
    """Errors have no body."""

    def render_error(self, error: HTTPError) -> ServerResponse:
        return evolve(super().render_error(error), body=b"")
