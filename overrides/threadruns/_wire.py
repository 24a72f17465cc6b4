"""The only module that imports the generated package ``threadruns_api``.

Its names are imported on first use, so that importing ``threadruns`` and making a client stay cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threadruns_api import models as models
    from threadruns_api import operations as operations
    from threadruns_api.errors import DecodeError as DecodeError
    from threadruns_api.models import Run as Run
    from threadruns_api.models import RunList as RunList
    from threadruns_api.reading import parse_json as parse_json
    from threadruns_api.reading import read as read
    from threadruns_api.reading import salvage as salvage
    from threadruns_api.types import CallOptions as CallOptions
    from threadruns_api.types import Request as Request
    from threadruns_api.values import UNSET as UNSET
    from threadruns_api.values import UnknownVariant as UnknownVariant
    from threadruns_api.values import Unset as Unset

_MODULES = {
    "models": "models",
    "operations": "operations",
    "DecodeError": "errors",
    "Run": "models",
    "RunList": "models",
    "parse_json": "reading",
    "read": "reading",
    "salvage": "reading",
    "UNSET": "values",
    "CallOptions": "types",
    "Request": "types",
    "UnknownVariant": "values",
    "Unset": "values",
}


if not TYPE_CHECKING:
    # Hidden from type checkers: with a module-level `__getattr__`, they accept any name.

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module = import_module(f"threadruns_api.{_MODULES[name]}")
        value = globals()[name] = module if name == _MODULES[name] else getattr(module, name)
        return value
