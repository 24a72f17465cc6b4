"""A lock that is safe across forks: a child never waits for a thread that exists in the parent only."""

from __future__ import annotations

import os
from threading import Lock

FORK_LOCK = Lock()
"""Held very briefly, so one lock is enough for all clients. No thread holds it while the process forks."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=FORK_LOCK.acquire, after_in_parent=FORK_LOCK.release, after_in_child=FORK_LOCK.release)
