"""The output of commands: it is written completely, or the command fails with an error and an exit code."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import IO, Any

import click


class Departure(click.ClickException):
    """The server departs from the contract."""

    exit_code = 1


class Unreadable(click.ClickException):
    """The server could not be read."""

    exit_code = 3


class Failure(click.ClickException):
    """The command itself failed, such as on a full disk."""

    exit_code = 4


class Interrupted(click.ClickException):
    """The caller interrupted the command."""

    exit_code = 130

    def show(self, file: IO[Any] | None = None) -> None:
        """Show the message, unless that would wait for a reader that does not read."""
        if can_report():
            super().show(file)


def can_report() -> bool:
    """Return whether standard error takes a message without waiting for a reader."""
    try:
        return bool(select.select([], [2], [], 0)[1])
    except (OSError, ValueError):  # It is closed; or the system is Windows, which selects sockets only.
        return True


@contextmanager
def standard_output() -> Generator[None]:
    """Flush standard output at the end, and end the command if it cannot be written.

    A reader that closes its pipe, such as ``head``, has read enough: the command ends with 0 and without a message.

    Raises:
        Failure: Standard output is closed, or its disk is full.
        SystemExit: The reader closed the pipe.
    """
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]
        raise Failure("Standard output is closed.")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _discard()
        raise SystemExit(0) from None
    except OSError as error:
        _discard()
        raise Failure(f"Standard output cannot be written: {error.strerror or error}.") from None


def count(number: int, noun: str) -> str:
    """Return a number with its noun, as in ``1 run`` and ``2 runs``."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _discard() -> None:
    # Python would write the rest of the buffer when it exits, fail again, and print a traceback.
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
