"""The reference server for tests: in this process, on a free port, started in a fraction of a second.

``serve`` is a context manager; ``threadruns.testing.plugin`` has a pytest fixture that wraps it. ``faults`` has the
ways in which the server can misbehave, ``variations`` those in which a correct server can differ, and ``mutations`` the
tools to write more of either.
"""

from threadruns.testing._serve import RecordedRequest, RunningServer, serve

__all__ = ["RecordedRequest", "RunningServer", "serve"]
