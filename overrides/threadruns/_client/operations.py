"""Operations bound to a client: each call sends one request and returns the decoded body of its response."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import cache
from inspect import signature
from typing import TYPE_CHECKING, Any, ClassVar, Generic, ParamSpec, TypeVar, cast

from threadruns._client.arguments import check_arguments, drop_absent
from threadruns._client.signatures import describe
from threadruns._errors import ArgumentError
from threadruns._http.call import Call
from threadruns._http.validation import body_error, format_path
from threadruns._wire import DecodeError, read, salvage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from threadruns._client.settings import Settings
    from threadruns._http.senders import AsyncSender, Sender
    from threadruns._response import RawResponse
    from threadruns._wire import Request

logger = logging.getLogger("threadruns")

signature_of = cache(signature)

P = ParamSpec("P")
M = TypeVar("M")


class BaseOperation(Generic[P, M]):
    """A generated operation with the settings of a client."""

    returned: ClassVar[str | None] = None
    """The name of the class that a call returns, for signatures; None for the decoded body itself."""

    def __init__(self, settings: Settings, operation: Callable[P, Request[M]]) -> None:
        self._settings = settings
        self._operation = operation
        # For inspect, help and editors that look at objects.
        self.__signature__, self.__doc__ = describe(operation, self.returned)

    def build_call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call[M]:
        """Return the call of the operation with these arguments.

        Raises:
            ArgumentError: The operation refuses them.
        """
        operation: Callable[..., Request[M]] = self._operation
        kwargs = drop_absent(operation, kwargs)
        try:
            request = operation(*args, **kwargs)
        except ValueError as error:
            raise ArgumentError(f"{error}.") from None
        arguments = signature_of(operation).bind(*args, **kwargs).arguments
        arguments.pop("options", None)
        check_arguments(operation, arguments)
        return Call(operation, arguments, request, self._settings.options.updated(request.options), request.params)

    def __repr__(self) -> str:
        return f"<{self._operation.__name__} at {self._settings.service.base_url!r}>"


class Operation(BaseOperation[P, M]):
    """An operation of a blocking client; call it for the decoded body of its response."""

    def __init__(self, settings: Settings, sender: Sender, operation: Callable[P, Request[M]]) -> None:
        super().__init__(settings, operation)
        self._sender = sender

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> M:
        self._settings.require_open()
        call = self.build_call(args, kwargs)
        return decode_body(call, self._sender.send(call))


class AsyncOperation(BaseOperation[P, M]):
    """An operation of an async client; await its call for the decoded body of its response."""

    def __init__(self, settings: Settings, sender: AsyncSender, operation: Callable[P, Request[M]]) -> None:
        super().__init__(settings, operation)
        self._sender = sender

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> M:
        self._settings.require_open()
        call = self.build_call(args, kwargs)
        return decode_body(call, await self._sender.send(call))


KEEP_HINT = 'invalid="keep" keeps invalid values as they were received'


def decode_body(call: Call[M], response: RawResponse) -> M:
    """Decode the body of a successful response, by its status.

    Raises:
        APIResponseValidationError: The body is invalid, unless ``invalid`` is "keep".
    """
    model = _success_type(call.request, response.status)
    if model is None:
        return cast("M", None)
    problem: tuple[tuple[str | int, ...], str] = ((), "")
    # Our error is raised after this block, because Python would chain it to the DecodeError, which holds the unredacted
    # body.
    try:
        return cast("M", read(response.body, model))
    except DecodeError as error:
        problem = (error.path, response.redact_text(error.problem))
    if call.options.invalid == "keep":
        with suppress(DecodeError):
            kept, problems = salvage(response.body, model, keep=True)
            first = format_path(problems[0].path)
            logger.warning(
                "%s: %d invalid values were kept, the first at %s: %s",
                *(call, len(problems), first, response.redact_text(problems[0].problem)),
            )
            return cast("M", kept)
    raise body_error(call, response, *problem, hint=f"; {KEEP_HINT}")


def _success_type(request: Request[Any], status: int) -> Any:
    """Return the type that a successful response decodes to; None for a response without a body."""
    documented = ((low, high, model) for low, high, model in request.responses if low // 100 == 2)
    found = next((model for low, high, model in documented if low <= status <= high), request.model)
    return None if found is type(None) else found
