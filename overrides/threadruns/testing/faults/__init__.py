"""The faults that a test of a client needs, in groups: transport, retries, statuses, bodies and paging.

The module of a fault is its group. ``threadruns.testing.mutations`` explains how to write more.
"""

from __future__ import annotations

from threadruns.testing.faults import bodies, paging, retries, statuses, transport
from threadruns.testing.mutations import collect

FAULTS = collect(transport, retries, statuses, bodies, paging)
"""Every fault of this package by name, group by group."""
