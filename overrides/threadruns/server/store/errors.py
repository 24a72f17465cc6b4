"""The errors of stores."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot be used; the message has the reason and the next step.

    The server answers a request with 500.
    """


class StoreUnavailable(StoreError):
    """The store cannot be used now, and the same call may succeed later: it is locked, full or restarting.

    The server answers a request with 503 and ``Retry-After``.
    """


class RunDamaged(StoreError):
    """A stored run differs from what was stored, by its checksum.

    The server answers a request for it, or for a page that has it, with a 500 that names the run.

    Attributes:
        thread: The id of its thread, as it is stored.
        run_id: Its id, as it is stored.
    """

    def __init__(self, thread: str, run_id: str) -> None:
        super().__init__(
            f"The stored run {run_id!r} of thread {thread!r} is damaged; load it again with --replace, "
            "or restore the database from a copy."
        )
        self.thread = thread
        self.run_id = run_id


class RunConflict(Exception):
    """A run has the id of a stored run and other content."""
