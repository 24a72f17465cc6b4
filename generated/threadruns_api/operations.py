# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
"""The operations of the document, each imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .api.runs.list_runs import list_runs as list_runs

MODULES: Final[dict[str, str]] = {
    "list_runs": ".api.runs.list_runs",
}
"""The module of each operation."""


if not TYPE_CHECKING:
    # Hidden from type checkers: with a module-level `__getattr__`, they accept any name.

    def __getattr__(name: str) -> Any:
        if name not in MODULES:
            raise AttributeError(f"The document has no operation {name!r}; it has {', '.join(sorted(MODULES))}.")
        value = globals()[name] = getattr(import_module(MODULES[name], __package__), name)
        return value
