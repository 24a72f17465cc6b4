"""A lock that nobody holds while the process forks, so that a child never waits for a thread that it does not have."""

from __future__ import annotations

import os
from threading import Lock

LOCK = Lock()
"""Held for an instant at a time, so one for all clients is enough."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=LOCK.release)
