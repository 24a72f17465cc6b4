"""The attempts of a call: when to send, what a response or an exception means, and whether to try again.

``Attempts`` decides without waiting or sending; the senders execute its decisions, blocking or in an event loop.
"""

from __future__ import annotations

import logging
import time
from random import random
from typing import TYPE_CHECKING, Any, NoReturn

from threadruns._errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    Attempt,
    RateLimitError,
    status_error,
)
from threadruns._http.body import BodyError
from threadruns._http.retries import backoff, permanent_failure, retry_after, should_retry
from threadruns._http.secrets import without_frames
from threadruns._http.transport import failure_kind
from threadruns._text import printable

if TYPE_CHECKING:
    from threadruns._http.call import Call
    from threadruns._http.rate_limit import RateLimiter
    from threadruns._http.service import Service
    from threadruns._response import RawResponse

logger = logging.getLogger("threadruns")

ADVICE = {
    "certificate": " Set verify to an ssl.SSLContext that trusts the server's authority, or SSL_CERT_FILE to its file.",
    "host name": " Check the host name in base_url, or in the proxy's URL.",
}
"""The next step after a failure that a retry cannot fix."""


class Attempts:
    """The attempts of one call.

    Args:
        call: The call.
        service: The server, for hints in error messages.
        rate_limiter: The limit that all calls of the client share.
    """

    def __init__(self, call: Call[Any], service: Service, rate_limiter: RateLimiter) -> None:
        self._call = call
        self._service = service
        self._rate_limiter = rate_limiter
        self._failed: list[Attempt] = []
        self._started = 0.0
        self.pause = 0.0
        """The seconds to wait before the next attempt, once ``should_continue`` returned True."""

    def wait(self) -> float:
        """Return the seconds to wait for the shared rate limit before this attempt.

        Raises:
            APITimeoutError: The deadline of the call is before the end of the wait.
        """
        self._started = now = time.monotonic()
        wait = self._rate_limiter.reserve(now)
        if self._call.expires is not None and now + wait >= self._call.expires:
            raise self._deadline_error()
        return wait

    def start(self) -> float | None:
        """Begin an attempt and return its timeout in seconds; None for no timeout."""
        self._started = time.monotonic()
        options, expires = self._call.options, self._call.expires
        if expires is None:
            return options.timeout
        left = max(0.001, expires - self._started)
        return left if options.timeout is None else min(left, options.timeout)

    def check_response(self, response: RawResponse) -> RawResponse:
        """Return a successful response.

        Raises:
            APIStatusError: The status is not 2xx.
        """
        response.seconds = time.monotonic() - self._started
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug(
                "%s: %d in %.3f s (request id %s)",
                self._call,
                response.status,
                response.seconds,
                printable(response.header("x-request-id") or "none"),
            )
        if 200 <= response.status < 300:
            return response
        response = response.redacted()
        raise status_error(response, call=str(self._call), hint=_hint(response, self._service))

    def raise_failure(self, error: Exception) -> NoReturn:
        """Raise the exception of this package that corresponds to an exception of the transport.

        The cause is kept without its traceback, whose frames hold the signed request.
        """
        call = str(self._call)
        if isinstance(error, BodyError):
            error.response.seconds = time.monotonic() - self._started
            problem = f"the server answered {error.response.status}, but {error}"
            without_frames(error)
            raise APIResponseValidationError(problem, call=call, response=error.response.redacted()) from None
        match failure_kind(error):
            case "timeout":
                if self._call.expires is not None and time.monotonic() >= self._call.expires:
                    raise self._deadline_error() from without_frames(error)
                seconds = time.monotonic() - self._started
                problem = f"no complete response within {seconds:.1f} s; raise timeout if the server needs longer."
                raise APITimeoutError(problem, call=call) from without_frames(error)
            case "connection":
                advice = ADVICE.get(permanent_failure(error), "")
                problem = f"no complete response from {self._service.origin}: {_summary(error)}{advice}"
                raise APIConnectionError(problem, call=call) from without_frames(error)
            case _:
                raise error

    def should_continue(self, error: BaseException) -> bool:
        """Return whether to try again after an error; ``pause`` is then the wait in seconds.

        Args:
            error: The error of the last attempt; the list of attempts is added to it.
        """
        if not isinstance(error, APIError):
            return False
        now = time.monotonic()
        wait = self._wait_after(error, now)
        outcome = str(error.status_code) if isinstance(error, APIStatusError) else _outcome(error)
        self._failed.append(Attempt(outcome, now - self._started, wait))
        error.attempts = tuple(self._failed)
        if wait is None:
            return False
        if isinstance(error, RateLimitError):
            self._rate_limiter.pause(now + wait)
        logger.info("%s: attempt %d failed (%s), retrying in %.2f s", self._call, len(self._failed), outcome, wait)
        self.pause = wait
        return True

    def _wait_after(self, error: APIError, now: float) -> float | None:
        options, expires = self._call.options, self._call.expires
        if len(self._failed) >= options.max_retries or not should_retry(error, idempotent=self._call.is_idempotent):
            return None
        wait = retry_after(error, time.time())
        if wait is None:
            wait = backoff(len(self._failed) + 1, random)
        elif wait > options.max_retry_after:
            error.add_sentence(f"The server asks to wait {wait:.0f} s, more than max_retry_after allows.")
            return None
        if expires is not None and now + wait >= expires:
            error.add_sentence("The deadline leaves no time to try again.")
            return None
        return wait

    def _deadline_error(self) -> APITimeoutError:
        problem = f"the deadline of {self._call.options.deadline:g} s for the whole call has passed."
        return APITimeoutError(problem, call=str(self._call))


def _hint(response: RawResponse, service: Service) -> str:
    location = response.header("location")
    if response.status == 404:
        return service.not_found_hint
    if response.status == 304:
        return " It responds to a conditional request: remove If-None-Match and If-Modified-Since from extra_headers."
    if not (300 <= response.status < 400 and location):
        return ""
    return (
        f" It redirects to {location[:200]!r}; redirects are not followed, because the key would be sent along: set"
        " base_url to the address of the API."
    )


def _outcome(error: APIError) -> str:
    match error:
        case APITimeoutError():
            return "timeout"
        case APIConnectionError():
            return "no response"
        case _:
            return "invalid response"


def _summary(error: BaseException) -> str:
    summary = str(error).strip().rstrip(".") or type(error).__name__
    by = "the proxy refused: " if type(error).__name__ == "ProxyError" else ""
    return f"{by}{printable(summary[:200])}."
