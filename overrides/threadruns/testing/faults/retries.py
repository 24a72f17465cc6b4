"""Faults of retries: rate limits, ``Retry-After`` and ``x-should-retry``."""

from __future__ import annotations

from email.utils import formatdate
from time import time

from threadruns.server._messages import ServerRequest, ServerResponse
from threadruns.testing.mutations import always, error_response, mutate_response

status_503_no_retry = always(
    error_response(503, x_should_retry="false"),
    __name__,
    "status_503_no_retry",
    "The response is a 503 with `x-should-retry: false`.",
)
status_400_retry = always(
    error_response(400, x_should_retry="true"),
    __name__,
    "status_400_retry",
    "The response is a 400 with `x-should-retry: true`.",
)
status_429 = always(error_response(429), __name__, "status_429", "The response is a 429 without Retry-After.")
retry_after_short = always(
    error_response(429, retry_after="0.05"),
    __name__,
    "retry_after_short",
    "The response is a 429 with Retry-After of 0.05 seconds.",
)
retry_after_hour = always(
    error_response(429, retry_after="3600"),
    __name__,
    "retry_after_hour",
    "The response is a 429 with Retry-After of an hour.",
)
retry_after_invalid = always(
    error_response(429, retry_after="soon"),
    __name__,
    "retry_after_invalid",
    "The response is a 429 with an invalid Retry-After.",
)


@mutate_response
def retry_after_past_date(_: ServerResponse, __: ServerRequest) -> ServerResponse:
    """The response is a 429 with Retry-After of one second ago, as a date."""
    return error_response(429, retry_after=formatdate(time() - 1, usegmt=True))
