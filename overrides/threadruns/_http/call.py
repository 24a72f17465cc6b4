"""One call of an operation: the request that it builds, and the options in force."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from threadruns._http.request import PreparedRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from threadruns._http.service import Service
    from threadruns._options import Options
    from threadruns._wire import Request

M_co = TypeVar("M_co", covariant=True)

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""The methods whose requests may be repeated, by RFC 9110, section 9.2.2."""


class Call(Generic[M_co]):
    """A call of an operation, with the caller's options.

    Args:
        operation: The generated operation.
        arguments: Its arguments by name, from which another process can build the same call.
        request: The request that the operation built from them.
        options: The options in force.
        params: The query parameters.
        expires: The end of the whole call on the monotonic clock; derived from its deadline if None.
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

    def with_params(self, **params: Any) -> Call[M_co]:
        """Return the same call with other query parameters and the same deadline."""
        return Call(self.operation, self.arguments, self.request, self.options, {**self.params, **params}, self.expires)

    def prepare(self, service: Service) -> PreparedRequest:
        """Return the request to send to a server."""
        options, request = self.options, self.request
        target = service.target(request.path, self.params, options.extra_query)
        headers = service.headers(request.headers, options.extra_headers)
        return PreparedRequest(service, request.method, target, headers, options.max_body_bytes, request.content)

    @property
    def is_idempotent(self) -> bool:
        """True if the request has the same effect when it is sent twice, by its method or by the caller's word."""
        told = self.options.idempotent
        return self.request.method in IDEMPOTENT_METHODS if told is None else told

    def __str__(self) -> str:
        return f"{self.request.method} /{self.request.path}"
