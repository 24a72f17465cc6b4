"""The line protocol of a worker: an order a line comes in, a reply a line goes out, both JSON.

An order names a function of the worker and its arguments, and says how often to call it. The reply has the CPU time
and the wall time of one call in seconds, what it returned if that is a number, and the peak memory of the process so
far in bytes. With ``held`` the reply also has how many bytes the returned object keeps alive. A call that fails is
answered with its error. Only the standard library is used here, as workers run in many environments.
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


@functools.cache
def read(file: str) -> bytes:
    """Return the content of a file, which is read once."""
    return Path(file).read_bytes()


def serve(*packages: str, **calls: Callable[..., Any]) -> None:
    """Answer orders until there are no more.

    Args:
        *packages: The distributions whose versions the worker reports, in its first line.
        **calls: The functions by name; they may be coroutine functions.
    """
    # What a library prints must not get in between the replies.
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
