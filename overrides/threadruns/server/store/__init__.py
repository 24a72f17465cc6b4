"""The store of runs: ``interface`` is what its users need, ``open_store`` chooses the implementation.

``loading`` reads files into a store, by way of ``reading``; ``records`` and ``errors`` are shared by all of them. The
SQLite store has three modules: ``sqlite`` is the store, ``sqlite_database`` the file, and ``sqlite_verify`` finds all
damage in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from threadruns._extras import needed_by
from threadruns.server.store.errors import StoreError
from threadruns.server.store.interface import Store
from threadruns.server.store.sqlite import SQLiteStore

__all__ = ["SQLiteStore", "Store", "open_store", "postgres_url"]

SCHEMES = ("postgresql://", "postgres://")
"""How the URL of a PostgreSQL database begins."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_KEYWORDS = re.compile(r"password\s*=|^\s*(host|hostaddr|port|dbname|user|service|passfile)\s*=", re.IGNORECASE)
_CREDENTIALS = re.compile(r"\s*(postgres(ql)?\b[^/\\]*:|([^/\\]*//)?[^/\\]+:[^/\\]*@)", re.IGNORECASE)


def postgres_url(location: str) -> str | None:
    """Return the URL of a PostgreSQL database, in the form that libpq accepts; None for the name of a file.

    Raises:
        StoreError: The location is neither. It may have a password, so the message repeats at most its scheme.
    """
    scheme, separator, rest = location.strip().partition("://")
    if separator and f"{scheme.lower()}://" in SCHEMES:
        return f"{scheme.lower()}://{rest}"
    written = "write it as postgresql://user@host/database"
    if separator:
        known = f"the scheme {scheme!r}" if _SCHEME.fullmatch(scheme) else "an unknown scheme"
        raise StoreError(f"The URL of the database has {known}, which is not supported; {written}.")
    if _KEYWORDS.search(location):
        raise StoreError(f"The parameters of a PostgreSQL database must be given as a URL; {written}.")
    if _CREDENTIALS.match(location):
        raise StoreError(f"The URL of the database has no scheme; {written}, or the path of a file as ./name.")
    return None


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
        StoreError: The location is neither, the database cannot be used, or the extra of PostgreSQL is not installed.
    """
    url = postgres_url(location) if isinstance(location, str) else None
    if url is None:
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
    return PostgresStore(url, create=create)
