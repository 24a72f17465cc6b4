"""The signatures and docstrings of bound operations, for ``help``, ``inspect`` and notebooks."""

from __future__ import annotations

from functools import cache
from inspect import Parameter, Signature, cleandoc, signature
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable

RETURNS: dict[str | None, str] = {
    None: "The decoded body of the response.",
    "Page": "The first page; iterating over it yields all items of the list.",
    "Pager": "A list to await for its first page, or to iterate over with `async for`.",
}
"""The description of each class that a call returns; None stands for the decoded body itself."""


@cache
def describe(operation: Callable[..., Any], returned: str | None) -> tuple[Signature, str]:
    """Return the signature and the docstring of a bound operation.

    Args:
        operation: The generated operation, which returns a request.
        returned: The name of the class that the bound operation returns instead, with the items of the list; None if
            it returns the decoded body.
    """
    response = get_args(get_type_hints(operation)["return"])[0]
    if returned is None:
        name = " | ".join(kind.__name__ for kind in get_args(response) or (response,)).replace("NoneType", "None")
    else:
        item = get_args(get_type_hints(response)["data"])[0]
        name = f"{returned}[{item.__name__}]"
    bound = signature(operation).replace(return_annotation=name)
    before, raises, after = cleandoc(operation.__doc__ or "").partition("\nRaises:")
    section = f"\nReturns:\n    {RETURNS[returned]}\n"
    return bound, f"{operation.__name__}{_format(bound)}\n\n{before.rstrip()}\n{section}{raises}{after}"


def _format(bound: Signature) -> str:
    # str() would show annotations, which are strings, in quotation marks.
    parts: list[str] = []
    for parameter in bound.parameters.values():
        if parameter.kind is Parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        stars = "**" if parameter.kind is Parameter.VAR_KEYWORD else ""
        default = "" if parameter.default is Parameter.empty else f" = {parameter.default!r}"
        parts.append(f"{stars}{parameter.name}: {parameter.annotation}{default}")
    return f"({', '.join(parts)}) -> {bound.return_annotation}"
