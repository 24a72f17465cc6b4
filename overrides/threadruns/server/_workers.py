"""Worker processes that share one listening socket, and the parent that starts, restarts and stops them.

The parent handles no requests. It restarts workers that die, at a limited rate, and stops all of them with SIGTERM when
it gets SIGINT or SIGTERM. A worker stops when its parent has died, because it then reads the end of a pipe that only
the parent holds open. A worker ends with os._exit, so that it does not run the parent's cleanup.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

from attrs import define

from threadruns.server._server import STOP_SECONDS

RESTART_SECONDS = 1.0
"""The shortest time between two starts of the same worker."""

KILL_SECONDS = STOP_SECONDS + 1
"""The time after which a worker that does not stop is killed."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@define
class _Worker:
    """A worker: its process, its start time, and a description of how its predecessor ended."""

    number: int
    pid: int | None = None
    started: float = 0.0
    ended: str | None = None


class Workers:
    """Several processes that run the same function.

    Args:
        count: The number of processes.
        sock: The listening socket that they share; the parent closes its own when it stops.
        work: The function. It gets a sentence about the process that it replaces, or None, and stops gracefully on
            SIGTERM, and at once on a second one.
    """

    def __init__(self, count: int, sock: socket.socket, work: Callable[[str | None], None]) -> None:
        self._workers = [_Worker(number) for number in range(1, count + 1)]
        self._sock = sock
        self._work = work
        self._received: list[int] = []

    def run(self) -> None:
        """Run the workers until the parent is interrupted or terminated, and wait until all have ended.

        Raises:
            OSError: The first processes could not be started.
            KeyboardInterrupt: It was interrupted again while it was stopping.
        """
        self._alive = os.pipe()
        self._wake = os.pipe()
        for descriptor in self._wake:
            os.set_blocking(descriptor, False)
        handlers = {number: signal.signal(number, self._signalled) for number in (*SIGNALS, signal.SIGCHLD)}
        wakeup = signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        try:
            for worker in self._workers:
                self._start(worker)
            while not self._received:
                self._wait()
                self._restart()
        finally:
            self._sock.close()
            forced = self._stop()
            signal.set_wakeup_fd(wakeup)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            for descriptor in (*self._alive, *self._wake):
                os.close(descriptor)
        if forced:
            raise KeyboardInterrupt

    def _signalled(self, number: int, _: object) -> None:
        if number in SIGNALS:
            self._received.append(number)

    def _wait(self) -> None:
        """Wait for a signal, or until it is time to restart a worker, and note the workers that have ended."""
        missing = [worker.started + RESTART_SECONDS for worker in self._workers if worker.pid is None]
        seconds = max(0.0, min(missing) - time.monotonic()) if missing else None
        if select.select([self._wake[0]], [], [], seconds)[0]:
            with suppress(BlockingIOError):
                os.read(self._wake[0], 4096)
        self._reap()

    def _reap(self) -> None:
        for worker in self._workers:
            if worker.pid is None:
                continue
            try:
                pid, status = os.waitpid(worker.pid, os.WNOHANG)
            except ChildProcessError:  # Somebody else has waited for it.
                pid, status = worker.pid, 0
            if pid:
                worker.ended = f"Worker {worker.number}, process {pid}, {_description(status)}."
                worker.pid = None

    def _restart(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            if worker.pid is None and not self._received and now >= worker.started + RESTART_SECONDS:
                try:
                    self._start(worker)
                except OSError:  # Out of processes or memory; it is tried again.
                    worker.started = now

    def _start(self, worker: _Worker) -> None:
        # A signal that comes before the child has its own handlers must not run those of the parent.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            worker.started = time.monotonic()
            pid = os.fork()
            if pid:
                worker.pid = pid
                return
            self._become_worker(worker, blocked)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def _become_worker(self, worker: _Worker, blocked: set[int] | set[signal.Signals]) -> None:
        """Run the function in this new process, and exit."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            # A terminal sends it to all processes; the parent stops the workers with SIGTERM.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            for descriptor in (self._alive[1], *self._wake):
                os.close(descriptor)
            threading.Thread(target=_stop_with_parent, args=(self._alive[0],), daemon=True).start()
            replaced = f"{worker.ended} Process {os.getpid()} has taken its place." if worker.ended else None
            self._work(replaced)
            code = 0
        except KeyboardInterrupt:
            code = 130
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def _stop(self) -> bool:
        """Stop all workers; return whether a second signal cut the stop short."""
        forced = False
        self._send(signal.SIGTERM)
        until = time.monotonic() + KILL_SECONDS
        while any(worker.pid is not None for worker in self._workers):
            if len(self._received) > 1 and not forced:
                forced = True
                until = time.monotonic() + 1
                self._send(signal.SIGTERM)
            if time.monotonic() > until:
                self._send(signal.SIGKILL)
            if select.select([self._wake[0]], [], [], 0.05)[0]:
                with suppress(BlockingIOError):
                    os.read(self._wake[0], 4096)
            self._reap()
        return forced

    def _send(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, number)


def _stop_with_parent(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _description(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"was killed by signal {os.WTERMSIG(status)}"
    return f"ended with exit code {os.waitstatus_to_exitcode(status)}"
