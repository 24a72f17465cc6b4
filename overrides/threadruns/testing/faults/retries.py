"""TODO retries."""

from __future__ import annotations

from email.utils import formatdate
from time import time

from threadruns.server._messages import ServerRequest, ServerResponse
from threadruns.testing.mutations import (
    error_response,
    mutate_response,
)


@mutate_response
def status_503_no_retry(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 503, and x-should-retry says that it stays so."""
    return error_response(503, x_should_retry="false")


@mutate_response
def status_400_retry(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 400, and x-should-retry says that it passes."""
    return error_response(400, x_should_retry="true")


@mutate_response
def status_429(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 429, without a word on how long to wait."""
    return error_response(429)


@mutate_response
def retry_after_short(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 429, for a twentieth of a second."""
    return error_response(429, retry_after="0.05")


@mutate_response
def retry_after_hour(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 429, for an hour."""
    return error_response(429, retry_after="3600")


@mutate_response
def retry_after_past_date(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 429, until a moment that has just passed."""
    return error_response(429, retry_after=formatdate(time() - 1, usegmt=True))


@mutate_response
def retry_after_invalid(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is 429, until a moment that cannot be read."""
    return error_response(429, retry_after="soon")
