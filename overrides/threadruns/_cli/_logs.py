"""The log of the server on standard error, which no reader of it can hold up."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from typing import IO

MAX_WAITING = 10_000
"""The largest number of lines that wait for standard error; further ones are left out."""

BATCH_SECONDS = 0.05
"""The time that lines are collected before they are written together."""

CLOSE_SECONDS = 1.0
"""The time limit for writing the lines that wait when the process ends."""


class BackgroundHandler(logging.Handler):
    """A handler whose lines are written by a thread: a full pipe or a stopped terminal blocks only that thread.

    Args:
        descriptor: The file descriptor to write to.
        lock: A file shared with the other processes that write to the descriptor. It is locked during each write, so
            that lines are not interleaved; the system releases the lock of a process that dies.
    """

    def __init__(self, descriptor: int, lock: IO[bytes] | None = None) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lock_file = lock
        self._lines: deque[str] = deque()
        self._left_out = 0
        self._waiting = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="threadruns-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Add a line; it is left out while too many wait."""
        if len(self._lines) >= MAX_WAITING:
            self._left_out += 1
            return
        self._lines.append(self.format(record))
        if not self._waiting.is_set():
            self._waiting.set()

    def close(self) -> None:
        """Write what waits, for a limited time."""
        self._ending.set()
        self._waiting.set()
        self._thread.join(CLOSE_SECONDS)
        super().close()

    def _write_all(self) -> None:
        while True:
            self._waiting.wait()
            ends = self._ending.wait(BATCH_SECONDS)
            self._waiting.clear()
            while self._lines:
                batch = [self._lines.popleft() for _ in range(min(len(self._lines), 500))]
                if self._left_out:
                    batch.append(json.dumps(entry("warning", f"{self._left_out} log lines were left out.")))
                    self._left_out = 0
                with self._exclusive():
                    self._write("".join(f"{line}\n" for line in batch).encode("utf-8", "backslashreplace"))
            if ends:
                return

    @contextmanager
    def _exclusive(self) -> Generator[None]:
        """Wait until no other process writes."""
        if self._lock_file is None:
            yield
            return
        import fcntl  # Windows does not have it, and no worker processes.

        fcntl.lockf(self._lock_file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._lock_file, fcntl.LOCK_UN)

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                time.sleep(BATCH_SECONDS)
            except OSError:
                return  # It is closed, or its disk is full, and nothing else can show the message.


class JsonLines(logging.Formatter):
    """A formatter that writes one JSON object per line; messages of the access log are JSON already."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        message = record.getMessage()
        if record.name == "threadruns.access":
            return message
        if record.exc_info:
            message = f"{message} {self.formatException(record.exc_info)}"
        return json.dumps(entry(record.levelname.lower(), message, record.created))


def entry(level: str, message: str, seconds: float | None = None) -> dict[str, str]:
    """Return a line that is not of the access log."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    return {"time": stamp, "level": level, "message": message}
