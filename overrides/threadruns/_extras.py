"""The extras of the package, and the error for a library of an extra that is not installed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


def missing(error: ModuleNotFoundError, what: str, extra: str) -> str:
    """Return the error message for a library that is not installed.

    Args:
        error: The import that failed.
        what: The part of the package that needs the library.
        extra: The extra that installs it.
    """
    return f"{what} needs {error.name}, which is not installed. In a clone of the repository: pip install '.[{extra}]'"


@contextmanager
def needed_by(what: str, extra: str) -> Generator[None]:
    """Name the extra if an import in this block fails, because a library of it is not installed.

    Args:
        what: The part of the package that needs the libraries.
        extra: The extra that installs them.

    Raises:
        ModuleNotFoundError: A library is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("threadruns"):
            raise
        raise ModuleNotFoundError(missing(error, what, extra), name=error.name) from None
