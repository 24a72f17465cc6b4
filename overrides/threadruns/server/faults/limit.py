"""Faults of ``limit``: how many runs a page holds, and what may be asked for."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from threadruns.server._exchange import Page, Query, evolve
from threadruns.server.faults import Fault


class LimitIgnored(Fault):
    """Every page holds up to 20 runs, whatever the limit."""

    def select(self, thread: str, query: Query) -> Page:
        return super().select(thread, evolve(query, limit=20))
