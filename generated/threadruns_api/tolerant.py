# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""The tolerant decoder: from parsed JSON, in Python, by the types of a model's fields.

It keeps unknown fields, values and variants, and describes problems. Each problem is passed to a report function. If
that returns, an invalid value is kept as it was received, and a missing key becomes `UNSET`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import NoneType
from typing import Annotated, Any, Final, Literal, NoReturn, get_args, get_origin

from .errors import DecodeError
from .shapes import ModelType, unknown_items
from .values import UNSET, UnknownVariant, Unset

Path = tuple[str | int, ...]
Report = Callable[[Path, str, Any], None]
"""A function that is called for an invalid value, with its path, the problem and the value."""
Check = Callable[[Any, Path, Report], Any]
"""A function that checks a value and returns the decoded one."""

MISSING: Final = object()
NAMES: Final = {str: "a string", int: "an integer", float: "a number", bool: "a boolean", NoneType: "null"}
ORDER: Final = [*NAMES.values(), "an array", "an object", "a constant"]


def refuse(path: Path, problem: str, _: Any) -> NoReturn:
    """Raise an error for an invalid value."""
    raise DecodeError(path, problem)


def decode(source: Any, model: Any, report: Report = refuse, path: Path = ()) -> Any:
    """Decode parsed JSON.

    Args:
        source: The parsed JSON.
        model: The type to decode to: a model, or any other type that a model's field can have.
        report: Called for each problem; `refuse` raises an error.
        path: The path to the source in the body.

    Raises:
        DecodeError: With `refuse`: a required key is missing, or a value has the wrong type.
    """
    return check_of(model)(source, path, report)


def wrong(value: Any, expected: str, path: Path, report: Report) -> Any:
    """Report a value that differs from the expected type, and return it; a long value is cut in the report."""
    if isinstance(value, dict | list):
        shown = "an object" if isinstance(value, dict) else "an array"
    else:
        shown = {"None": "null", "True": "true", "False": "false"}.get(repr(value), repr(value))
    report(path, f"expected {expected}, got {shown if len(shown) <= 80 else shown[:77] + '...'}", value)
    return value


@cache
def check_of(hint: Any) -> Check:
    """Return the check for the values of a type."""
    if isinstance(hint, ModelType):
        return object_check(hint)
    if get_origin(hint) is list:
        return list_check(get_args(hint)[0])
    if get_origin(hint) is dict:
        return map_check(get_args(hint)[1])
    if get_origin(hint) is Literal:
        return constant_check(get_args(hint))
    if get_origin(hint) is Annotated:
        variants = get_args(hint)[1]
        return tag_check(variants.key, variants.models)
    if hint is Any:
        return lambda value, path, report: value
    if hint is int:
        return check_integer
    if hint is None:
        return scalar_check(NoneType)
    return scalar_check(hint) if isinstance(hint, type) else union_check(hint)


def accepted(hint: Any) -> frozenset[type] | None:
    """Return the Python types of the values that need no check; None if no value needs one."""
    if hint is Any:
        return None
    if hint is float:
        return frozenset({float, int})
    if hint in (None, str, int, bool, NoneType):
        return frozenset({hint or NoneType})
    if get_origin(hint) is Literal or isinstance(hint, ModelType) or get_origin(hint) in (list, dict, Annotated):
        return frozenset()
    members = [accepted(member) for member in get_args(hint)]
    return None if None in members else frozenset[type]().union(*(member for member in members if member))


def scalar_check(kind: type) -> Check:
    """Return the check for a scalar type."""
    kinds = (float, int) if kind is float else (kind,)
    return lambda value, path, report: value if type(value) in kinds else wrong(value, NAMES[kind], path, report)


def check_integer(value: Any, path: Path, report: Report) -> Any:
    """Return an integer, also for a number with a zero fraction, which JSON Schema regards as an integer."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    return wrong(value, "an integer", path, report)


def constant_check(values: tuple[Any, ...]) -> Check:
    """Return the check for constants."""
    expected = " or ".join(map(repr, values))

    def check(value: Any, path: Path, report: Report) -> Any:
        if any(value == constant and type(value) is type(constant) for constant in values):
            return value
        return wrong(value, expected, path, report)

    return check


def list_check(item: Any) -> Check:
    """Return the check for lists with this type of items."""
    check = check_of(item)

    def check_list(value: Any, path: Path, report: Report) -> Any:
        if type(value) is not list:
            return wrong(value, "an array", path, report)
        return [check(item, (*path, place), report) for place, item in enumerate(value)]

    return check_list


def map_check(inner: Any) -> Check:
    """Return the check for objects with any keys and with this type of values."""
    check = check_of(inner)

    def check_map(value: Any, path: Path, report: Report) -> Any:
        if type(value) is not dict:
            return wrong(value, "an object", path, report)
        return {key: check(item, (*path, key), report) for key, item in value.items()}

    return check_map


@cache
def object_check(model: Any) -> Check:
    """Return the check for the objects of a model."""
    fields: list[tuple[str, str, Any, frozenset[type] | None, Check]] = []
    rest: list[Check] = []

    def complete() -> None:
        # On first use, because models can refer to each other.
        for name, key in model.keys.items():
            hint = model.hints[name]
            fields.append((name, key, model.defaults.get(name, MISSING), accepted(hint), check_of(hint)))
        if model.rest is not Any:
            rest.append(check_of(model.rest))

    def check(value: Any, path: Path, report: Report) -> Any:
        if type(value) is not dict:
            return wrong(value, "an object", path, report)
        if not fields:
            complete()
        made: Any = model.__new__(model)
        known = 0
        get = value.get
        for name, key, default, plain, decode in fields:
            item = get(key, MISSING)
            if item is MISSING:
                item = default
                if default is MISSING:
                    item = UNSET
                    report((*path, key), "missing", UNSET)
            else:
                known += 1
                if plain is not None and type(item) not in plain:
                    item = decode(item, (*path, key), report)
            setattr(made, name, item)
        if known != len(value):
            unknown = unknown_items(value, model)
            if rest:
                unknown = {key: rest[0](item, (*path, key), report) for key, item in unknown.items()}
            made._unknown = unknown
        return made

    return check


def union_check(hint: Any) -> Check:
    """Return the check for a union: variants by their tag, other values by their type."""
    members = [member for member in get_args(hint) if member not in (Unset, UnknownVariant)]
    objects = [m for m in members if isinstance(m, ModelType) or get_origin(m) in (dict, Annotated)]
    lists = [member for member in members if get_origin(member) is list]
    # A constant in a union with scalars is open, like an enum of one value.
    kinds = {type(value) for member in members if get_origin(member) is Literal for value in get_args(member)}
    kinds |= accepted(hint) or set()
    expected = alternatives(members)
    check_object = variant_check(objects) if objects else None
    check_list = best_check(lists) if lists else None

    def check(value: Any, path: Path, report: Report) -> Any:
        kind = type(value)
        if kind is dict and check_object is not None:
            return check_object(value, path, report)
        if kind is list and check_list is not None:
            return check_list(value, path, report)
        if kind in kinds or Any in members:
            return value
        if kind is float and int in kinds and value.is_integer():
            return int(value)
        return wrong(value, expected, path, report)

    return check


def variant_check(objects: list[Any]) -> Check:
    """Return the check for the objects of a union: by tag; without a tag, the check that fits the object best."""
    tags = {getattr(member, "tag", None) for member in objects}
    [tag] = tags if len(tags) == 1 else {None}
    variants = {} if tag is None else {member.__struct_config__.tag: member for member in objects}
    return tag_check(tag, variants) if tag is not None and len(variants) == len(objects) else best_check(objects)


def tag_check(tag: str, models: dict[str, Any]) -> Check:
    """Return the check for objects that the value of a key distinguishes; other values are unknown variants."""
    variants: dict[str, Check] = {value: check_of(model) for value, model in models.items()}

    def check(value: Any, path: Path, report: Report) -> Any:
        if type(value) is not dict:
            return wrong(value, "an object", path, report)
        key = value.get(tag, UNSET)
        if key is UNSET:
            report((*path, tag), "missing", UNSET)
        elif type(key) is not str:
            wrong(key, "a string", (*path, tag), report)
        elif key in variants:
            return variants[key](value, path, report)
        return UnknownVariant(value)

    return check


def best_check(hints: list[Any]) -> Check:
    """Return the check for a union without a tag: the type that accepts a value with the fewest unknown fields."""
    if len(hints) == 1:
        return check_of(hints[0])
    checks = [check_of(hint) for hint in hints]

    def check(value: Any, path: Path, report: Report) -> Any:
        accepted: list[Any] = []
        refused: list[str] = []
        for hint, attempt in zip(hints, checks, strict=True):
            try:
                accepted.append(attempt(value, (), refuse))
            except DecodeError as error:
                refused.append(f"{hint.__name__ if isinstance(hint, ModelType) else word(hint)} ({error})")
        if accepted:
            return min(accepted, key=count_unknown)
        report(path, f"expected {' or '.join(refused)}", value)
        return value

    return check


def count_unknown(value: Any) -> int:
    """Return the number of fields in a decoded value that no model knows."""
    if isinstance(type(value), ModelType):
        unknown = getattr(value, "_unknown", None) or {}
        return len(unknown) + sum(count_unknown(getattr(value, name)) for name in type(value).nested)
    if type(value) is dict:
        return sum(1 + count_unknown(item) for item in value.values())
    return sum(map(count_unknown, value)) if type(value) is list else 0


def alternatives(members: list[Any]) -> str:
    """Describe the values of a union."""
    others = [member for member in members if member is not type(None)]
    kinds = sorted({*map(word, others)}, key=ORDER.index)
    if kinds in (["an object"], ["an array"], ["an integer"]):
        return kinds[0]
    return " or ".join([*kinds, *(["null"] if len(others) < len(members) else [])])


def word(hint: Any) -> str:
    """Describe the values of a type."""
    if get_origin(hint) is Literal:
        return NAMES.get(type(get_args(hint)[0]), "a constant")
    return "an array" if get_origin(hint) is list else NAMES.get(hint, "an object")
