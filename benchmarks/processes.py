"""The processes of a benchmark: workers, servers, and commands that run once.

Each has a time limit, so that a peer that hangs loses its row and does not stop the benchmark.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from benchmarks import peers
from benchmarks.peers import CACHE, ROOT, Unavailable

WORKERS = Path(__file__).resolve().parent / "workers"
START_SECONDS = 30
ORDER_SECONDS = 120
COMMAND_SECONDS = 60

ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(CACHE / "bytecode")}
"""Bytecode is cached outside the checkout, so that every process starts as fast as an installed package."""


class Child:
    """A process whose output is read line by line, with a time limit for each line."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        self.name = Path(command[-1]).name
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the child
        try:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env=ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
            )
        except OSError as error:
            raise Unavailable(f"{command[0]} cannot be run: {error}") from None
        self._buffer = b""

    def send(self, line: str) -> None:
        """Send a line to the process."""
        assert self._process.stdin
        if self._process.stdin.closed:
            raise Unavailable(f"{self.name} was stopped before")
        try:
            self._process.stdin.write(f"{line}\n".encode())
        except BrokenPipeError:
            raise Unavailable(self._failure()) from None

    def receive(self, seconds: float) -> str:
        """Return the next line of output.

        Raises:
            Unavailable: The process ended, or wrote no line in time and was stopped.
        """
        assert self._process.stdout
        until = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, until - time.monotonic())):
                    self.close()
                    raise Unavailable(f"{self.name} sent no line within {seconds:.0f} s")
                part = os.read(self._process.stdout.fileno(), 65536)
                if not part:
                    raise Unavailable(self._failure())
                self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode()

    def _failure(self) -> str:
        self._end()
        self._errors.seek(0)
        lines = [line for line in self._errors.read().splitlines() if line.strip()] or ["no message"]
        self.close()
        return f"{self.name} ended: {lines[-1].strip()[:200]}"

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def close(self) -> None:
        """Stop the process; closing it again has no effect."""
        self._end()
        for file in (self._process.stdin, self._process.stdout, self._errors):
            if file:
                file.close()

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process until now.

        Raises:
            Unavailable: The process has ended, or the system has no ``/proc``.
        """
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError as error:
            raise Unavailable(f"the CPU time of {self.name} cannot be read: {error}") from None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_for(self, port: int) -> None:
        """Wait until the process listens on a port.

        Raises:
            Unavailable: The process ended, or did not listen in time.
        """
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise Unavailable(self._failure()) from None
                time.sleep(0.1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Cost(NamedTuple):
    """The cost of a command or of one call of a worker.

    Attributes:
        cpu: The CPU time, in seconds.
        wall: The wall time, in seconds.
        result: The returned value of a call, if it is an integer.
        peak: The peak memory of a worker, in bytes.
    """

    cpu: float
    wall: float
    result: int | None = None
    peak: int = 0


class Worker(Child):
    """A process that runs one participant.

    Args:
        script: The name of the script in ``workers``, with its arguments.
        environment: A key of ``peers.PYTHON_PEERS``; None is the environment of this process.

    Raises:
        Unavailable: The environment cannot be created, or the script does not start.
    """

    def __init__(self, script: str, environment: str | None = None) -> None:
        python = Path(sys.executable) if environment is None else peers.python(environment)
        name, *arguments = script.split()
        super().__init__((python, WORKERS / f"{name}.py", *arguments))
        self.versions: dict[str, str] = json.loads(self.receive(START_SECONDS))

    def run(self, call: str, times: int = 1, **arguments: Any) -> Cost:
        """Call a function of the worker, and return the cost of one call.

        Raises:
            Unavailable: The call failed, or took too long.
        """
        return Cost(**self._order(call=call, times=times, arguments=arguments))

    def count(self, runs: int, call: str, **arguments: Any) -> Cost:
        """Call a function that counts runs, and return its cost.

        Raises:
            Unavailable: The call failed, took too long, or counted another number of runs.
        """
        cost = self.run(call, **arguments)
        if cost.result != runs:
            raise Unavailable(f"it counted {cost.result} of {runs} runs")
        return cost

    def held(self, call: str, **arguments: Any) -> int:
        """Return the number of bytes that the result of a function keeps alive.

        Raises:
            Unavailable: The call failed.
        """
        held: int = self._order(call=call, held=True, arguments=arguments)["held"]
        return held

    def _order(self, **order: Any) -> dict[str, Any]:
        self.send(json.dumps(order))
        reply: dict[str, Any] = json.loads(self.receive(ORDER_SECONDS))
        if "error" in reply:
            raise Unavailable(f"{order['call']}: {reply['error']}")
        return reply


class ReferenceServer(Child):
    """The reference server over a database, without an access log.

    Args:
        database: The file, or the URL of a database.
        latency: The delay of each request, in seconds.
    """

    def __init__(self, database: Path | str, latency: float = 0.0) -> None:
        super().__init__((sys.executable, "-m", "benchmarks.serve", "--latency", str(latency), str(database)))
        self.url = self.receive(START_SECONDS)


class LoggingServer(Child):
    """The reference server as the command ``threadruns serve`` runs it, with its access log.

    Args:
        database: The file, or the URL of a database.
        key: The API key.
        workers: The number of processes.
    """

    def __init__(self, database: Path | str, key: str, workers: int = 1) -> None:
        port = _free_port()
        options = ("--port", str(port), "--api-key", key, "--db", str(database), "--workers", str(workers))
        super().__init__((sys.executable, "-m", "threadruns", "serve", *options))
        self.url = f"http://127.0.0.1:{port}/v1"
        self.wait_for(port)


class StarletteServer(Child):
    """An application of 25 lines on Starlette and uvicorn over a database, with its access log.

    Raises:
        Unavailable: The environment cannot be created, or the application does not start.
    """

    def __init__(self, database: Path) -> None:
        port = _free_port()
        super().__init__((peers.python("starlette"), ROOT / "benchmarks" / "starlette_app.py", database, str(port)))
        self.url = f"http://127.0.0.1:{port}/v1"
        self.wait_for(port)


class Prism(Child):
    """A Prism mock server for a document.

    Raises:
        Unavailable: Prism cannot be installed or does not start.
    """

    def __init__(self, document: Path) -> None:
        command, port = peers.prism(), _free_port()
        super().__init__((command, "mock", "--port", str(port), "--verboseLevel", "silent", document))
        self.url = f"http://127.0.0.1:{port}"
        self.wait_for(port)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def command(*words: str | Path) -> Cost:
    """Run a command and return its cost.

    Raises:
        Unavailable: The command cannot be run, fails, or takes too long.
    """
    with tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        try:
            process = subprocess.Popen(
                [str(word) for word in words],
                cwd=ROOT,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        except OSError as error:
            raise Unavailable(f"{words[0]} cannot be run: {error}") from None
        guard = threading.Timer(COMMAND_SECONDS, process.kill)
        guard.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        guard.cancel()
        # os.wait4 has reaped the process, so subprocess must not wait for it again.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            lines = errors.read().splitlines() or ["no message"]
            raise Unavailable(f"it exited with {process.returncode}: {lines[-1][:200]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall)
