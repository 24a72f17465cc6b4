'''The catalogue of faults: each makes the server misbehave in one named way.

A fault is a subclass of ``Mutation`` in one of the modules here. The module is its group, its name is that of its
class in kebab case, and its docstring is the sentence that says what it breaks. It replaces one step of the endpoint and leaves
the rest to ``super()``. To add one, write it beside its like::

    class LastRunHidden(Mutation):
        """The last run of every page is left out."""

        def find_page(self, thread: str, query: ListQuery) -> StoredPage:
            page = super().find_page(thread, query)
            return evolve(page, runs=page.runs[:-1])

What goes over the wire is broken in ``send``, which has the response and the connection: ``start``, ``write`` and
``finish`` send a response in parts, ``write_raw`` puts any bytes on the wire, ``close`` ends the connection before its time
and ``reset`` drops it. No fault counts requests: ``NAME:every=3``, ``NAME:first=2`` and ``NAME:p=0.2`` say which are
applied. What must last from one request to the next goes into ``self.state``.

The common kinds are made from a function by the decorators of ``mutations``: ``mutate_run`` and ``mutate_page`` change
what a page holds, ``mutate_query`` and ``mutate_parameter`` what was asked for, ``mutate_request`` and
``mutate_response`` the two ends of an exchange, and ``mutate_error`` an error.
'''

import importlib
import pkgutil
from functools import cache

from threadruns.server.mutations import Mutation, collect


@cache
def catalogue() -> dict[str, type[Mutation]]:
    """Return every fault by name, group by group."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return collect([importlib.import_module(f"{__name__}.{name}") for name in names])


__all__ = ["Mutation", "catalogue"]
