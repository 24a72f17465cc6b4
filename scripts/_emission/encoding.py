"""The code that encodes the value of a parameter, chosen by its place, its style and its type."""

from __future__ import annotations

from openapi_python_client.parser.properties import (
    AnyProperty,
    ListProperty,
    LiteralEnumProperty,
    ModelProperty,
    Property,
    UnionProperty,
)

from _simplify.operations import Argument


def encoded(argument: Argument, prop: Property) -> str:
    """Return the code that encodes the value of a parameter."""
    name, key = argument.name, argument.key
    if argument.style == "json":
        return f"path_segment({key!r}, json_text({name}))" if argument.place == "path" else f"json_text({name})"
    if argument.place == "query":
        if is_spread(argument, prop):
            return f"query_values({key!r}, {name}, {argument.style!r}, explode={argument.explode})"
        return f"query_value({name})"
    if argument.place == "header":
        return f"simple_text({name}, explode={argument.explode})" if argument.explode else f"simple_text({name})"
    if type(prop).__name__ in ("StringProperty", "LiteralEnumProperty") and not has_numbers(prop):
        return f"path_segment({key!r}, {name})"
    return f"path_segments({key!r}, {name})"


def has_numbers(prop: Property) -> bool:
    """Return whether a property is an enum of integers."""
    return isinstance(prop, LiteralEnumProperty) and prop.value_type is int


def is_spread(argument: Argument, prop: Property) -> bool:
    """Return whether a query parameter is sent as several parameters, or in a style of its own."""
    if argument.place != "query" or argument.style == "json":
        return False
    members = prop.inner_properties if isinstance(prop, UnionProperty) else [prop]
    is_plain = all(not isinstance(member, ModelProperty | ListProperty | AnyProperty) for member in members)
    only_lists = all(not isinstance(member, ModelProperty | AnyProperty) for member in members)
    return not (is_plain or (only_lists and argument.explode))
