"""The list-runs endpoint of the Assistants API (v1): a typed client, and a contract to test servers against.

    from threadruns import Client

    with Client(api_key="...", base_url="http://127.0.0.1:8000/v1") as client:
        for run in client.runs.list("thread_abc123", order="asc"):
            print(run.id, run.status)

Names are imported on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from threadruns._version import __version__

# Type checkers treat this name as true. Importing it from typing would take most of the import time of this module.
# The value is false at runtime. It is not written as False, because jedi, which completes names in editors, would then
# skip the imports below; jedi does not evaluate the call.
TYPE_CHECKING = bool(())

if TYPE_CHECKING:
    from threadruns._client.clients import AsyncClient, Client
    from threadruns._client.drift import Drift
    from threadruns._client.export import write_csv, write_json_lines
    from threadruns._errors import (
        APIConnectionError,
        APIError,
        APIResponseValidationError,
        APIStatusError,
        APITimeoutError,
        ArgumentError,
        Attempt,
        AuthenticationError,
        BadRequestError,
        ClientClosedError,
        ConflictError,
        InternalServerError,
        Kept,
        NotFoundError,
        PagingError,
        PermissionDeniedError,
        RateLimitError,
        Skipped,
        ThreadrunsError,
        UnprocessableEntityError,
    )
    from threadruns._paging.many import AsyncManyWalk, ManyWalk
    from threadruns._paging.many_progress import ListEnd
    from threadruns._paging.pages import AsyncPage, Page, Pager
    from threadruns._paging.walks import AsyncWalk, Walk
    from threadruns._wire import UNSET, CallOptions, DecodeError, Run, RunList, UnknownVariant, Unset, models

_MODULES = {
    "_client.clients": ["AsyncClient", "Client"],
    "_client.drift": ["Drift"],
    "_errors": [
        "APIConnectionError",
        "APIError",
        "APIResponseValidationError",
        "APIStatusError",
        "APITimeoutError",
        "ArgumentError",
        "Attempt",
        "AuthenticationError",
        "BadRequestError",
        "ClientClosedError",
        "ConflictError",
        "InternalServerError",
        "NotFoundError",
        "PagingError",
        "PermissionDeniedError",
        "RateLimitError",
        "Kept",
        "Skipped",
        "ThreadrunsError",
        "UnprocessableEntityError",
    ],
    "_client.export": ["write_csv", "write_json_lines"],
    "_paging.many": ["AsyncManyWalk", "ManyWalk"],
    "_paging.many_progress": ["ListEnd"],
    "_paging.pages": ["AsyncPage", "Page", "Pager"],
    "_paging.walks": ["AsyncWalk", "Walk"],
    "_wire": ["UNSET", "CallOptions", "DecodeError", "Run", "RunList", "UnknownVariant", "Unset", "models"],
}

__all__ = [
    "UNSET",
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "ArgumentError",
    "AsyncClient",
    "AsyncManyWalk",
    "AsyncPage",
    "AsyncWalk",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "CallOptions",
    "Client",
    "ClientClosedError",
    "ConflictError",
    "DecodeError",
    "Drift",
    "InternalServerError",
    "Kept",
    "ListEnd",
    "ManyWalk",
    "NotFoundError",
    "Page",
    "Pager",
    "PagingError",
    "PermissionDeniedError",
    "RateLimitError",
    "Run",
    "RunList",
    "Skipped",
    "ThreadrunsError",
    "UnknownVariant",
    "UnprocessableEntityError",
    "Unset",
    "Walk",
    "__version__",
    "models",
    "write_csv",
    "write_json_lines",
]


if not TYPE_CHECKING:
    # Hidden from type checkers: with a module-level `__getattr__`, they accept any name.

    def __getattr__(name: str) -> object:
        from importlib import import_module

        for module, names in _MODULES.items():
            if name in names:
                value = globals()[name] = getattr(import_module(f"threadruns.{module}"), name)
                return value
        raise AttributeError(f"module 'threadruns' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
