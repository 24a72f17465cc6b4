"""Tokens: what is left of a walk, as JSON that another process can go on from."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from threadruns._errors import ArgumentError
from threadruns._json import is_object


class Rest(NamedTuple):
    """What is left of a walk."""

    arguments: dict[str, Any]
    """What the operation is to be called with."""

    max_items: int | None
    """How many items it was still to yield; None if it had no bound."""

    done: bool
    """Whether it was at the end of the list."""


def token_of(operation: str, rest: Rest) -> str:
    """Return what is left of a walk as JSON text.

    Args:
        operation: The name of the operation.
        rest: What is left.
    """
    return json.dumps({"operation": operation, **rest._asdict()})


def resumed(token: str, operation: str) -> Rest:
    """Return what is left of a walk.

    Args:
        token: The token of the walk.
        operation: The name of the operation.

    Raises:
        ArgumentError: The token is none of this operation.
    """
    try:
        state = json.loads(token)
        name, rest = state["operation"], Rest(state["arguments"], state["max_items"], state["done"])
    except (ValueError, TypeError, KeyError):
        raise ArgumentError(
            f"The token {str(token)[:80]!r} cannot be read; pass the token of a walk as it was."
        ) from None
    if name != operation or not is_object(rest.arguments):
        raise ArgumentError(f"The token is of {str(name)[:80]!r}; it cannot resume {operation!r}.")
    return rest
