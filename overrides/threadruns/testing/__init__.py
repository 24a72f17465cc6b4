"""The reference server for tests: in this process, on a free port, started in a fraction of a second.

``serve`` is a context manager; ``threadruns.testing.plugin`` has a pytest fixture that wraps it. ``faults`` has the
ways in which the server can break the contract, ``variations`` the differences that the contract allows, and
``mutations`` the tools to write more of both.
"""

from threadruns._extras import needed_by

with needed_by("threadruns.testing", "server"):
    from threadruns.server._lifecycle import new_run
    from threadruns.server.store.errors import RunConflict
    from threadruns.testing._scripts import UnknownRun
    from threadruns.testing._serve import RecordedRequest, RunningServer, serve

__all__ = ["RecordedRequest", "RunConflict", "RunningServer", "UnknownRun", "new_run", "serve"]
