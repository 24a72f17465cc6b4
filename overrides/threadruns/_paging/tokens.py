"""Resume tokens: JSON from which another process can continue an iteration."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from threadruns._errors import ArgumentError
from threadruns._json import is_object


class ResumeState(NamedTuple):
    """The remaining part of an iteration."""

    arguments: dict[str, Any]
    """The arguments of the operation."""

    max_items: int | None
    """The number of items still to yield at most; None for no limit."""

    done: bool
    """True if the iteration had reached the end of the list."""


class ListState(NamedTuple):
    """The remaining part of one of many lists."""

    name: str
    cursor: str | None
    """The id of the last yielded item; None before the first one."""
    max_items: int | None
    """The number of items still to yield at most; None for no limit."""


class ManyState(NamedTuple):
    """The remaining part of an iteration over many lists."""

    arguments: dict[str, Any]
    """The arguments of the operation that all lists share."""
    max_items: int | None
    """The maximum number of items to yield of each list that is not started."""
    names: int = 0
    """The number of names that were read."""
    digest: str = ""
    """A digest of those names."""
    lists: list[ListState] = []
    """The lists that are not finished."""


def dump_token(operation: str, state: ResumeState) -> str:
    """Return a resume token.

    Args:
        operation: The name of the operation.
        state: The remaining part of the iteration.
    """
    return _dump({"operation": operation, **state._asdict()})


def dump_many_token(operation: str, state: ManyState) -> str:
    """Return a resume token of an iteration over many lists."""
    return _dump({"operation": operation, "many": True, **state._asdict()})


def _dump(state: dict[str, Any]) -> str:
    # Integers of other libraries, such as numpy, are valid arguments, but json cannot encode them.
    return json.dumps(state, default=lambda value: value.__index__() if hasattr(value, "__index__") else str(value))


def load_token(token: str, operation: str) -> ResumeState:
    """Read a resume token.

    Args:
        token: The token of an iteration.
        operation: The name of the operation.

    Raises:
        ArgumentError: The token cannot be read, or belongs to another operation or to ``many``.
    """
    parsed = _load(token, operation, many=False)
    try:
        return ResumeState(parsed["arguments"], parsed["max_items"], parsed["done"])
    except KeyError:
        raise _unreadable(token) from None


def load_many_token(token: str, operation: str) -> ManyState:
    """Read a resume token of an iteration over many lists; see ``load_token``."""
    parsed = _load(token, operation, many=True)
    try:
        lists = [ListState(*each) for each in parsed["lists"]]
        return ManyState(parsed["arguments"], parsed["max_items"], int(parsed["names"]), str(parsed["digest"]), lists)
    except (KeyError, TypeError, ValueError):
        raise _unreadable(token) from None


def _load(token: str, operation: str, *, many: bool) -> dict[str, Any]:
    try:
        parsed = json.loads(token)
        name, arguments = parsed["operation"], parsed["arguments"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _unreadable(token) from None
    if name != operation or not is_object(arguments):
        raise ArgumentError(f"The token belongs to {str(name)[:80]!r}; it cannot resume {operation!r}.")
    if bool(parsed.get("many")) is not many:
        wanted = ("resume_many", "many") if parsed.get("many") else ("resume", "one list")
        raise ArgumentError(f"The token belongs to {wanted[1]}; pass it to {wanted[0]}.")
    return dict(parsed)


def _unreadable(token: str) -> ArgumentError:
    return ArgumentError(f"The token {str(token)[:80]!r} cannot be read; pass the token of an iteration unchanged.")
