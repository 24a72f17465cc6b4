"""One call of an operation: sent until it succeeds, may not be tried again, or runs out of time.

``Trail`` decides, without waiting or sending; the senders do what it says, one with threads and one
with an event loop.
"""

from __future__ import annotations

import logging
import time
from random import random
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

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
from threadruns._retries import Budget, backoff, retry_after, should_retry
from threadruns._transport import Answer, BodyError, Message, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from threadruns._options import Options
    from threadruns._service import Service
    from threadruns._wire import Request

M_co = TypeVar("M_co", covariant=True)

logger = logging.getLogger("threadruns")


class Call(Generic[M_co]):
    """A request of an operation, with what the caller said of it.

    Args:
        operation: The generated operation.
        arguments: What it was called with, by name; to build the same request elsewhere.
        request: The request that it built.
        options: The options in force.
        params: The query parameters.
        expires: When the whole call must have ended, by the monotonic clock; set by its deadline if None.
    """

    def __init__(
        self,
        operation: Callable[..., Request[M_co]],
        arguments: Mapping[str, Any],
        request: Request[M_co],
        options: Options,
        params: Mapping[str, Any],
        expires: float | None = None,
    ) -> None:
        self.operation = operation
        self.arguments = arguments
        self.request = request
        self.options = options
        self.params = params
        self.expires = expires
        if expires is None and options.deadline is not None:
            self.expires = time.monotonic() + options.deadline

    def at(self, **params: Any) -> Call[M_co]:
        """Return the same call with other query parameters, its deadline running on."""
        return Call(self.operation, self.arguments, self.request, self.options, {**self.params, **params}, self.expires)

    def message(self, service: Service) -> Message:
        """Return the request, ready to be signed and sent."""
        options, request = self.options, self.request
        target = service.target(request.path, self.params, options.extra_query)
        headers = service.headers(request.headers, options.extra_headers)
        return Message(service, request.method, target, headers, options.max_body_bytes)

    def __str__(self) -> str:
        return f"{self.request.method} /{self.request.path}"


class Trail:
    """What was tried for a call, and what to do next.

    Args:
        call: The call.
        service: The server; it knows what to hide.
        budget: What all calls share.
    """

    def __init__(self, call: Call[Any], service: Service, budget: Budget) -> None:
        self._call = call
        self._service = service
        self._budget = budget
        self._attempts: list[Attempt] = []
        self.pause = 0.0
        self._started = 0.0

    def wait(self) -> float:
        """Return how many seconds to wait before the next attempt, so as to stay within the shared budget.

        Raises:
            APITimeoutError: The deadline comes first.
        """
        self._started = now = time.monotonic()
        wait = self._budget.reserve(now)
        if self._call.expires is not None and now + wait >= self._call.expires:
            raise self._late()
        return wait

    def start(self) -> float | None:
        """Note that an attempt starts, and return how long it may take, in seconds."""
        self._started = time.monotonic()
        options, expires = self._call.options, self._call.expires
        if expires is None:
            return options.timeout
        left = max(0.001, expires - self._started)
        return left if options.timeout is None else min(left, options.timeout)

    def passed(self, answer: Answer) -> Answer:
        """Return the answer if it is a success.

        Raises:
            APIStatusError: It is none.
        """
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug(
                "%s: %d in %.3f s (request id %s)",
                self._call,
                answer.status,
                time.monotonic() - self._started,
                answer.header("x-request-id"),
            )
        if 200 <= answer.status < 300:
            return answer
        answer = answer.redacted()
        raise status_error(answer, call=str(self._call), hint=_hint(answer, self._service))

    def fail(self, error: Exception) -> NoReturn:
        """Raise what an exception of the transport means to the caller.

        The cause is kept without its traceback, whose frames hold the request as it was signed.
        """
        call = str(self._call)
        if isinstance(error, BodyError):
            problem = f"the server answered {error.answer.status}, but {error}"
            raise APIResponseValidationError(problem, call=call, answer=error.answer.redacted()) from None
        match failure(error):
            case "timeout":
                if self._call.expires is not None and time.monotonic() >= self._call.expires:
                    raise self._late() from None
                seconds = time.monotonic() - self._started
                problem = f"no complete answer within {seconds:.1f} s; raise timeout if the server needs longer."
                raise APITimeoutError(problem, call=call) from _bare(error)
            case "connection":
                problem = f"no complete answer from {self._service.origin}: {_words(error)}"
                raise APIConnectionError(problem, call=call) from _bare(error)
            case _:
                raise error

    def again(self, error: BaseException) -> bool:
        """Say whether to try again after an error; ``pause`` is then how many seconds to wait before.

        Args:
            error: What the last attempt raised; it is told what was tried.
        """
        if not isinstance(error, APIError):
            return False
        now = time.monotonic()
        wait = self._wait_after(error, now)
        outcome = str(error.status_code) if isinstance(error, APIStatusError) else _outcome(error)
        self._attempts.append(Attempt(outcome, now - self._started, wait))
        error.attempts = tuple(self._attempts)
        if wait is None:
            return False
        if isinstance(error, RateLimitError):
            self._budget.pause(now + wait)
        logger.info("%s: attempt %d failed (%s), again in %.2f s", self._call, len(self._attempts), outcome, wait)
        self.pause = wait
        return True

    def _wait_after(self, error: APIError, now: float) -> float | None:
        options, expires = self._call.options, self._call.expires
        if len(self._attempts) >= options.max_retries or not should_retry(error):
            return None
        wait = retry_after(error, time.time())
        if wait is None:
            wait = backoff(len(self._attempts) + 1, random)
        elif wait > options.max_retry_after:
            error.add(f"It asks to wait {wait:.0f} s, more than max_retry_after allows.")
            return None
        if expires is not None and now + wait >= expires:
            error.add("The deadline leaves no time to try again.")
            return None
        return wait

    def _late(self) -> APITimeoutError:
        problem = f"the deadline of {self._call.options.deadline:g} s for the whole call has passed."
        return APITimeoutError(problem, call=str(self._call))


def _hint(answer: Answer, service: Service) -> str:
    if answer.status == 404:
        return service.hint
    if not 300 <= answer.status < 400:
        return ""
    return (
        f" It redirects to {(answer.header('location') or 'nowhere')[:200]!r}; redirects are not followed, as the key"
        " would go along: set base_url to where the API is."
    )


def _outcome(error: APIError) -> str:
    match error:
        case APITimeoutError():
            return "timeout"
        case APIConnectionError():
            return "no answer"
        case _:
            return "invalid answer"


def _words(error: BaseException) -> str:
    words = str(error).strip().rstrip(".") or type(error).__name__
    by = "the proxy refused: " if type(error).__name__ == "ProxyError" else ""
    return f"{by}{words[:200]}."


def _bare(error: BaseException) -> BaseException:
    seen: BaseException | None = error
    while seen is not None:
        seen.__traceback__ = None
        seen = seen.__cause__ or seen.__context__
    return error
