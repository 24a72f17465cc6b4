"""The store of runs: ``interface`` is what its users need, ``open_store`` chooses the implementation.

``loading`` reads files into a store, by way of ``reading``; ``records`` and ``errors`` are shared by all of them.
"""

from __future__ import annotations

import os

from threadruns.server.store.interface import Store
from threadruns.server.store.sqlite import SQLiteStore

__all__ = ["SQLiteStore", "Store", "open_store"]


def open_store(location: str | os.PathLike[str] | None = None) -> Store:
    """Open a store, and create its database if it is missing.

    Args:
        location: The path of an SQLite file; None for memory.

    Raises:
        StoreError: The database cannot be used.
    """
    return SQLiteStore(location)
