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
    """Whether the iteration had reached the end of the list."""


def dump_token(operation: str, state: ResumeState) -> str:
    """Return a resume token.

    Args:
        operation: The name of the operation.
        state: The remaining part of the iteration.
    """
    return json.dumps({"operation": operation, **state._asdict()})


def load_token(token: str, operation: str) -> ResumeState:
    """Read a resume token.

    Args:
        token: The token of an iteration.
        operation: The name of the operation.

    Raises:
        ArgumentError: The token cannot be read, or belongs to another operation.
    """
    try:
        parsed = json.loads(token)
        name, state = parsed["operation"], ResumeState(parsed["arguments"], parsed["max_items"], parsed["done"])
    except (ValueError, TypeError, KeyError):
        raise ArgumentError(
            f"The token {str(token)[:80]!r} cannot be read; pass the token of an iteration unchanged."
        ) from None
    if name != operation or not is_object(state.arguments):
        raise ArgumentError(f"The token belongs to {str(name)[:80]!r}; it cannot resume {operation!r}.")
    return state
