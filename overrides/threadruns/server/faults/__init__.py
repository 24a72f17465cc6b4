'''The catalogue of faults: each makes the server misbehave in one named way.

A fault is a subclass of ``Fault`` in one of the modules here. The module is its group, its name is that of its class in
kebab case, and its docstring is the sentence that says what it breaks. It replaces one step of the endpoint and leaves
the rest to ``super()``. To add one, write it beside its like::

    class LastRunHidden(Fault):
        """The last run of every page is left out."""

        def select(self, thread: str, query: Query) -> Page:
            page = super().select(thread, query)
            return evolve(page, runs=page.runs[:-1])

What goes over the wire is broken in ``deliver``, which has the answer and the connection: ``start``, ``write`` and
``finish`` send an answer in parts, ``raw`` puts any bytes on the wire, ``close`` ends the connection before its time
and ``reset`` drops it. No fault counts requests: ``NAME:every=3``, ``NAME:first=2`` and ``NAME:p=0.2`` say which are
struck. What must last from one request to the next goes into ``self.memory``.

The common kinds are made from a function by the decorators of ``_deviations``: ``on_run`` and ``on_body`` change what a
page holds, ``on_query`` and ``on_value`` what was asked for, ``on_request`` and ``on_answer`` the two ends of an
exchange, and ``on_error`` an error.
'''

import importlib
import pkgutil
from functools import cache

from threadruns.server._deviations import Deviation, listed

Fault = Deviation


@cache
def catalogue() -> dict[str, type[Deviation]]:
    """Return every fault by name, group by group."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return listed([importlib.import_module(f"{__name__}.{name}") for name in names])


__all__ = ["Fault", "catalogue"]
