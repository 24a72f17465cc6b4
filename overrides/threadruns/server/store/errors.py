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


class StoreDamaged(StoreError):
    """The stored data is damaged."""


class RunDamaged(StoreDamaged):
    """A stored run differs from what was stored, by its checksum.

    The server answers a request for it, or for a page that has it, with a 500 that names the run.

    Attributes:
        thread: The id of its thread, as it is stored.
        run_id: Its id: that in its text, or that under which it is stored if the text cannot be read.
    """

    def __init__(self, location: str | None, thread: str, run_id: str) -> None:
        super().__init__(
            f"The run {run_id!r} of the thread {thread!r} is damaged in the database {location or ':memory:'!r}; "
            "load it again with --replace, or restore the database from a copy."
        )
        self.thread = thread
        self.run_id = run_id


class RunConflict(Exception):
    """A run has the id of a stored run and other content."""
