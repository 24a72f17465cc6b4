"""Tests that a call ends in time, and a cancelled call at once, in each phase of a request.

The time limits are wide, because machines are busy. ``./scripts/test -e time`` uses narrow ones.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest

from tests.support.clients import LOOPS, open_client
from tests.support.runs import ids
from tests.support.stalling import PHASES, stalling
from threadruns import APITimeoutError, AsyncClient, Client, ClientClosedError

SECONDS = 0.5
MARGIN = float(os.environ.get("THREADRUNS_TIME_MARGIN", "2.5"))
"""Seconds that an end may come late. What is not ended in time takes five seconds, or sixty."""

KINDS = ["sync", *LOOPS]
Stall = Callable[..., AbstractContextManager[tuple[dict[str, Any], threading.Event]]]


class Stopwatch:
    """The time since its creation."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def check(self, phase: str, seconds: float = 0) -> None:
        """Compare the time with the expected duration."""
        taken = time.monotonic() - self._start
        if "THREADRUNS_TIME_MARGIN" in os.environ:
            print(f"{phase}: {taken - seconds:+.2f} s after {seconds:.1f} s")
        assert taken < seconds + MARGIN, f"{phase} took {taken:.2f} s"


@pytest.fixture
def stall(server_tls: ssl.SSLContext, trusting_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> Stall:
    """Return ``stalling`` with the TLS settings of this test."""
    return partial(stalling, server_tls=server_tls, trusting_tls=trusting_tls, monkeypatch=monkeypatch)


@pytest.fixture(autouse=True)
def _loops_can_be_patched(request: pytest.FixtureRequest) -> None:
    parameters = request.node.callspec.params
    if parameters["phase"] == "addresses" and parameters.get("kind") == "uvloop":
        pytest.skip("uvloop looks names up by itself, where no test can get in between")
    if parameters["phase"] == "addresses" and sys.platform != "linux":
        pytest.skip("a full queue of connections is answered by other systems")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bound", ["timeout", "deadline"])
@pytest.mark.parametrize("phase", PHASES)
def test_timeout_and_deadline(
    phase: str,
    bound: str,
    kind: str,
    stall: Stall,
) -> None:
    """Timeout and deadline end a call in every phase, with an error that names them."""
    with (
        stall(phase) as (settings, _),
        open_client(None, kind, **settings) as client,
    ):
        watch = Stopwatch()
        with pytest.raises(APITimeoutError):
            client.runs.list("thread_a", **{bound: SECONDS})
        watch.check(f"{kind}, {bound}, {phase}", SECONDS)


@pytest.mark.parametrize("kind", LOOPS)
@pytest.mark.parametrize("phase", PHASES)
def test_cancelled_task(phase: str, kind: str, stall: Stall) -> None:
    """A cancelled task ends at once, in every phase."""

    async def main() -> None:
        async with AsyncClient(**settings) as client:
            call = asyncio.ensure_future(client.runs.list("thread_a"))
            await asyncio.to_thread(stalled.wait, 20)
            await asyncio.sleep(0.05)
            watch = Stopwatch()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            watch.check(f"{kind}, cancel, {phase}")

    with (
        stall(phase) as (settings, stalled),
        asyncio.Runner(loop_factory=LOOPS[kind]) as runner,
    ):
        runner.run(main())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", ["walk", "client"])
@pytest.mark.parametrize("phase", PHASES)
def test_closing_ends_the_prefetch(
    phase: str,
    by: str,
    kind: str,
    stall: Stall,
) -> None:
    """Closing an iterator or its client ends the prefetch at once, in every phase."""
    with (
        stall(phase, healthy=1) as (settings, stalled),
        open_client(None, kind, **settings) as client,
    ):
        walk: Any = iter(client.runs.list("thread_a", prefetch=True))
        assert next(walk).id == ids(4)[0]
        if kind == "sync":
            assert stalled.wait(20)
        else:
            runner: Any = client
            runner._run(asyncio.to_thread(stalled.wait, 20))
        watch = Stopwatch()
        walk.close() if by == "walk" else client.close()
        watch.check(f"{kind}, close of the {by} with a page ahead, {phase}")


@pytest.mark.parametrize("phase", PHASES)
def test_iterator_closed_by_another_thread(phase: str, stall: Stall) -> None:
    """Closing an iterator releases a thread that waits for its page at once, in every phase."""
    with (
        stall(phase, healthy=1) as (settings, stalled),
        Client(**settings) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        walk: Any = iter(client.runs.list("thread_a"))
        waiting = pool.submit(list, walk)
        assert stalled.wait(20)
        time.sleep(0.05)
        watch = Stopwatch()
        walk.close()
        with pytest.raises(ClientClosedError):
            waiting.result()
        watch.check(f"sync, close from another thread, {phase}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("phase", PHASES)
def test_closing_many_ends_its_requests(phase: str, kind: str, stall: Stall) -> None:
    """Closing an iterator over many threads ends its requests at once, in every phase."""
    with (
        stall(phase, healthy=1) as (settings, stalled),
        open_client(None, kind, **settings) as client,
    ):
        walk: Any = client.runs.list.many(["thread_a", "thread_b", "thread_c"], concurrency=2)
        assert len(next(walk)[1]) == 2
        if kind == "sync":
            assert stalled.wait(20)
        else:
            runner: Any = client
            runner._run(asyncio.to_thread(stalled.wait, 20))
        watch = Stopwatch()
        walk.close()
        watch.check(f"{kind}, many, {phase}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("phase", ["tls", "connect", "body drips", "silence"])
def test_timeout_of_each_thread_of_many(phase: str, kind: str, stall: Stall) -> None:
    """Each thread of many has its own timeout and its own error."""
    with (
        stall(phase) as (settings, _),
        open_client(None, kind, **settings) as client,
    ):
        watch = Stopwatch()
        outcomes = list(client.runs.list.many(["thread_a", "thread_b"], timeout=SECONDS))
        watch.check(f"{kind}, many, {phase}", SECONDS)
        assert [type(outcome) for _, outcome in outcomes] == [APITimeoutError] * 2
