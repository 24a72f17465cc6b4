"""The protocol of a worker: each line of input is an order, each line of output a reply, both JSON.

An order names a function of the worker, its arguments, and the number of calls. The reply has the CPU time and the wall
time of one call in seconds, the returned value if it is an integer, and the peak memory of the process in bytes. An
order with ``held`` is answered with the number of bytes that the returned object keeps alive. If a call fails, the
reply has its error. This module uses only the standard library, because workers run in different environments.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import json
import os
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from _listing import count_many


@functools.cache
def read(file: str) -> bytes:
    """Return the content of a file, read on the first call."""
    return Path(file).read_bytes()


def serve(*packages: str, **calls: Callable[..., Any]) -> None:
    """Answer orders until the input ends.

    Args:
        *packages: The distributions whose versions the first line of output reports.
        **calls: The functions by name; they may be coroutine functions. ``async_many`` is derived from ``async_walk``
            unless it is given.
    """
    if "async_walk" in calls:
        calls.setdefault("async_many", functools.partial(count_many, calls["async_walk"]))
    # Output of a library must not mix with the replies.
    replies = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    versions = {"python": ".".join(map(str, sys.version_info[:3]))} | {
        name: metadata.version(name) for name in packages
    }
    replies.write(json.dumps(versions) + "\n")
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            order = json.loads(line)
            call = functools.partial(calls[order["call"]], **order["arguments"])
            if inspect.iscoroutinefunction(call):
                call = functools.partial(_await, runner, call)
            try:
                reply = _held(call) if order.get("held") else _timed(call, order["times"])
            except Exception as error:
                reply = {"error": f"{type(error).__name__}: {error}"[:300]}
            replies.write(json.dumps(reply) + "\n")


def _await(runner: asyncio.Runner, call: Callable[..., Any]) -> Any:
    return runner.run(call())


def _timed(call: Callable[[], Any], times: int) -> dict[str, Any]:
    result = None
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        result = call()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    returned = result if isinstance(result, int) else None
    return {"cpu": cpu / times, "wall": wall / times, "result": returned, "peak": peak}


def _held(call: Callable[[], Any]) -> dict[str, Any]:
    call()
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = call()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return {"held": after - before}
