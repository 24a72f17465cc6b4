"""The tables, by the names that ``--only`` takes. Each is a module with a function ``measure``."""

from __future__ import annotations

NAMES = ("decode", "end-to-end", "latency", "threads", "start", "growth", "server", "store", "postgres", "generation")
