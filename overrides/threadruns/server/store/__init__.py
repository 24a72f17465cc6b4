"""The store of runs: ``interface`` is what its users need, ``open_store`` chooses the implementation.

``loading`` reads files into a store, by way of ``reading``; ``records`` and ``errors`` are shared by all of them. The
SQLite store has three modules: ``sqlite`` is the store, ``sqlite_database`` the file, and ``sqlite_verify`` finds all
damage in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from threadruns._extras import needed_by
from threadruns.server.store.errors import StoreError
from threadruns.server.store.interface import Store
from threadruns.server.store.sqlite import SQLiteStore

__all__ = ["SQLiteStore", "Store", "open_store"]

SCHEMES = ("postgresql://", "postgres://")
"""How the URL of a PostgreSQL database begins."""


def open_store(
    location: str | os.PathLike[str] | None = None,
    *,
    create: bool = True,
    notify: Callable[[str], object] = lambda _: None,
) -> Store:
    """Open a store.

    Args:
        location: The path of an SQLite file, or the URL of a PostgreSQL database; None for memory.
        create: Create the database if it is missing, and convert a database of an older layout.
        notify: A callback that gets a sentence if the database is converted, or served without being converted.

    Raises:
        StoreError: The database cannot be used, or the extra of PostgreSQL is not installed.
    """
    if not isinstance(location, str) or not location.startswith(SCHEMES):
        return SQLiteStore(location, create=create, notify=notify)
    try:
        with needed_by("A PostgreSQL database", "postgres"):
            from threadruns.server.store.postgres.store import PostgresStore
    except ModuleNotFoundError as error:
        raise StoreError(f"{error}.") from None
    except ImportError as error:  # psycopg without its extra binary needs libpq.
        reason = str(error).partition("\n")[0].rstrip(".")
        raise StoreError(
            f"psycopg cannot be imported: {reason}. Install it with: pip install 'psycopg[binary]'"
        ) from error
    return PostgresStore(location, create=create)
