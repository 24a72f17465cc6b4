"""The store of the tests: memory and SQLite files, or schemas of PostgreSQL in their place.

``THREADRUNS_TEST_STORE=postgres pytest tests/server`` runs the tests of the server on PostgreSQL. Each location that
a test opens is a schema there, in the test and in the commands that it starts.
"""

from __future__ import annotations

import itertools
import os
import sys
import zlib
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.cluster import reason_against, running
from threadruns.server import store
from threadruns.server.store import SCHEMES, Store

VARIABLE = "THREADRUNS_TEST_STORE"
"""The environment variable: ``postgres``, or the URL of the database that a test has started."""

ON_POSTGRES = bool(os.environ.get(VARIABLE))

sqlite_only = pytest.mark.skipif(ON_POSTGRES, reason="is about SQLite files, or about a store in memory")
"""The mark of tests that have no meaning on PostgreSQL."""

_open_store = store.open_store
_numbers = itertools.count()
_running = ExitStack()


def command() -> str:
    """Return the Python code that runs the command line, on the store of the tests."""
    if not ON_POSTGRES:
        return "from threadruns._cli import main; main()"
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return (
        f"import sys; sys.path.insert(0, {root!r}); import tests.support.store; "
        "from threadruns._cli import main; main()"
    )


def use() -> None:
    """Open every location in PostgreSQL from now on; nothing that opens stores may be imported yet."""
    assert "threadruns.testing" not in sys.modules

    def open_store(location: str | os.PathLike[str] | None = None, **options: Any) -> Store:
        place = None if location is None else os.fspath(location)
        if place == "" or (place is not None and place.startswith(SCHEMES)):
            return _open_store(place, **options)
        if place in (None, ":memory:"):
            name = f"memory_{os.getpid()}_{next(_numbers)}"
        else:
            name = f"file_{zlib.crc32(os.path.abspath(str(place)).encode())}"
        return _open_store(f"{os.environ[VARIABLE]}?schema={name}", **options)

    store.open_store = open_store


if ON_POSTGRES:
    use()


def pytest_configure() -> None:
    """Start PostgreSQL if the tests run on it."""
    if os.environ.get(VARIABLE) == "postgres":
        reason = reason_against()
        if reason is not None:
            raise pytest.UsageError(reason)
        server = _running.enter_context(running(max_connections="300"))
        os.environ[VARIABLE] = server.url(server.new_database())  # The processes of pytest-xdist inherit it.


def pytest_unconfigure() -> None:
    """Stop it."""
    _running.close()
