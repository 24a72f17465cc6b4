"""Time: a call ends when it must, and a call that is given up ends at once, whatever it waits for.

The margins are wide, since machines are busy. ``./scripts/test -e time`` runs the same with a narrow one.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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


class Stopwatch:
    """The time since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def check(self, phase: str, seconds: float = 0) -> None:
        """Hold the time against how long something should have taken."""
        taken = time.monotonic() - self._start
        if "THREADRUNS_TIME_MARGIN" in os.environ:
            print(f"{phase}: {taken - seconds:+.2f} s after {seconds:.1f} s")
        assert taken < seconds + MARGIN, f"{phase} took {taken:.2f} s"


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
def test_bound(
    phase: str,
    bound: str,
    kind: str,
    server_tls: ssl.SSLContext,
    trusting_tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Timeout and deadline end a call in every phase, and say that it was too late."""
    with (
        stalling(phase, server_tls, trusting_tls, monkeypatch) as (settings, _),
        open_client(None, kind, **settings) as client,
    ):
        watch = Stopwatch()
        with pytest.raises(APITimeoutError):
            client.runs.list("thread_a", **{bound: SECONDS})
        watch.check(f"{kind}, {bound}, {phase}", SECONDS)


@pytest.mark.parametrize("kind", LOOPS)
@pytest.mark.parametrize("phase", PHASES)
def test_cancelled_task(
    phase: str, kind: str, server_tls: ssl.SSLContext, trusting_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that is cancelled once ends at once, in every phase."""

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
        stalling(phase, server_tls, trusting_tls, monkeypatch) as (settings, stalled),
        asyncio.Runner(loop_factory=LOOPS[kind]) as runner,
    ):
        runner.run(main())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", ["walk", "client"])
@pytest.mark.parametrize("phase", PHASES)
def test_page_ahead_that_is_given_up(
    phase: str,
    by: str,
    kind: str,
    server_tls: ssl.SSLContext,
    trusting_tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Closing a walk, or its client, ends the page that was asked for ahead at once, in every phase."""
    with (
        stalling(phase, server_tls, trusting_tls, monkeypatch, healthy=1) as (settings, stalled),
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
def test_walk_that_another_thread_closes(
    phase: str, server_tls: ssl.SSLContext, trusting_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing a walk under the thread that waits for its next page ends the wait at once, in every phase."""
    with (
        stalling(phase, server_tls, trusting_tls, monkeypatch, healthy=1) as (settings, stalled),
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
def test_many_that_is_given_up(
    phase: str, kind: str, server_tls: ssl.SSLContext, trusting_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing a walk of many threads ends the pages that are on their way at once, in every phase."""
    with (
        stalling(phase, server_tls, trusting_tls, monkeypatch, healthy=1) as (settings, stalled),
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
def test_many_within_a_timeout(
    phase: str, kind: str, server_tls: ssl.SSLContext, trusting_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each list of many has its own timeout, and the error that says so."""
    with (
        stalling(phase, server_tls, trusting_tls, monkeypatch) as (settings, _),
        open_client(None, kind, **settings) as client,
    ):
        watch = Stopwatch()
        outcomes = list(client.runs.list.many(["thread_a", "thread_b"], timeout=SECONDS))
        watch.check(f"{kind}, many, {phase}", SECONDS)
        assert [type(outcome) for _, outcome in outcomes] == [APITimeoutError] * 2
