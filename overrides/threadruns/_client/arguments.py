"""The arguments of operations, checked against the document before anything is sent."""

from __future__ import annotations

from enum import Enum
from functools import cache
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from threadruns._document import query_parameters
from threadruns._errors import ArgumentError
from threadruns._wire import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@cache
def optional_names(operation: Callable[..., Any]) -> frozenset[str]:
    """Return the names of the parameters of an operation that have a default."""
    parameters = signature(operation).parameters.values()
    return frozenset(each.name for each in parameters if each.default is not Parameter.empty)


def drop_absent(operation: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return keyword arguments without the absent ones.

    None means absent, as in argparse and in other SDKs. Options are kept, because None is a valid value of some.

    Args:
        operation: The generated operation.
        given: The keyword arguments, options among them.
    """
    optional = optional_names(operation)
    present = {
        name: value for name, value in given.items() if not (name in optional and (value is None or value is UNSET))
    }
    return {name: value.value if isinstance(value, Enum) else value for name, value in present.items()}


def check_arguments(operation: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that the document does not allow.

    Args:
        operation: The generated operation.
        arguments: Its arguments by name.

    Raises:
        ArgumentError: A value has the wrong type, is out of bounds, or is not one of the values of an enum.
    """
    schemas = query_parameters(operation.__name__)
    for name, value in arguments.items():
        wanted = _violated(schemas.get(name, {}), value)
        if wanted:
            raise ArgumentError(f"{name} is {value!r:.80}; it must be {wanted}. Leave it out if it is not needed.")


def largest_page(operation: Callable[..., Any]) -> dict[str, str]:
    """Return the query parameters that ask for the largest page that the document allows."""
    maximum = query_parameters(operation.__name__).get("limit", {}).get("maximum")
    return {} if maximum is None else {"limit": str(maximum)}


def _violated(schema: Mapping[str, Any], value: Any) -> str | None:
    """Describe the values that a schema allows; None if the value is one of them."""
    if "enum" in schema:
        return None if value in schema["enum"] else " or ".join(map(repr, schema["enum"]))
    match schema.get("type"):
        case "integer":
            is_integer = hasattr(value, "__index__") and not isinstance(value, bool)
            return None if is_integer and _is_within(schema, value) else f"an integer{_bounds(schema)}"
        case "number":
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and value == value
            return None if is_number and _is_within(schema, value) else f"a number{_bounds(schema)}"
        case "boolean":
            return None if isinstance(value, bool) else "True or False"
        case "array":
            return None if isinstance(value, list) else "a list"
        case "string":
            return None if isinstance(value, str) and value else "a string that is not empty"
        case _:
            return None


def _is_within(schema: Mapping[str, Any], value: Any) -> bool:
    return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))


def _bounds(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None or high is None:
        return f" from {low}" if low is not None else f" up to {high}" if high is not None else ""
    return f" from {low} to {high}"
