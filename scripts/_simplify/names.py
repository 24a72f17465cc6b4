"""Names of the emitted classes, fields and arguments: valid, unique, and different from what the emitted code uses."""

from __future__ import annotations

from collections.abc import Iterable

from openapi_python_client.strings import ClassName, PythonIdentifier

PREFIX = "field_"
"""The start of a name for a key that is not an identifier, such as ``1st``."""

MODEL_NAMES = frozenset(
    {
        *("additional_properties", "unknown_fields", "to_dict", "to_json", "from_dict", "from_json", "constant"),
        *("declared", "constants", "tag", "known", "nested", "reader", "rest", "hints", "defaults", "keys"),
    }
)
"""The members of a model besides its fields, and of its type."""

FREE_NAMES = frozenset({"type", "object", "format", "input", "filter", "hash", "range", "next", "min", "max"})
"""Builtins that may name a field or an argument, because no emitted code uses them; the generator renames them."""

OPERATION_NAMES = frozenset(
    {
        *("params", "headers", "options", "method", "path", "model", "responses"),
        *("import_module", "json_content", "json_text", "path_segment", "path_segments"),
        *("query_value", "query_values", "simple_text"),
    }
)
"""The names that the module of an operation uses besides those of its arguments."""


def class_name(wanted: str) -> str:
    """Return a class name that the generator does not change again."""
    name = str(ClassName(wanted, PREFIX))
    while (again := str(ClassName(name, PREFIX))) != name:
        name = again
    return name


def field_name(key: str) -> str:
    """Return the attribute of a key: the key as an identifier, with an underscore if the class needs that name."""
    name = str(PythonIdentifier(key, PREFIX))
    return f"{name}_" if name in MODEL_NAMES else _free(name)


def _free(name: str) -> str:
    bare = name.rstrip("_")
    return bare if bare in FREE_NAMES else name


def argument_name(key: str) -> str:
    """Return the argument of a parameter, with an underscore if the function needs that name."""
    name = _free(str(PythonIdentifier(key, PREFIX)))
    return f"{name}_" if name in OPERATION_NAMES else name


def unique(name: str, taken: Iterable[str]) -> str:
    """Return a name that is not taken, with a number if it must differ."""
    used = {other.rstrip("_") for other in taken}
    number, found = 1, name
    while found.rstrip("_") in used:
        number += 1
        found = f"{name.rstrip('_')}_{number}"
    return found


class ClassNames:
    """The class names in use, none of which shares a module with another."""

    def __init__(self) -> None:
        self._modules: set[str] = set()

    def claim(self, wanted: str) -> str:
        """Return a class name that is not in use, with a number if it must differ, and mark it as used."""
        number, name = 1, class_name(wanted)
        while (module := str(PythonIdentifier(name, PREFIX))) in self._modules:
            number += 1
            name = class_name(f"{wanted}{number}")
        self._modules.add(module)
        return name
