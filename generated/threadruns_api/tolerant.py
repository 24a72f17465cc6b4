# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""The tolerant way to decode: from parsed JSON, in Python, by the types of a model's fields.

It keeps what the document does not know, and words what is wrong. Whatever is wrong is reported; a report that returns
leaves the value as it came, and a missing key `UNSET`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, Literal, NoReturn, get_args, get_origin

from .errors import DecodeError
from .shapes import ModelType, beyond
from .values import UNSET, UnknownVariant, Unset

Path = tuple[str | int, ...]
Report = Callable[[Path, str, Any], None]
"""Is told of a value that is wrong: its path, what is wrong with it, and the value."""
Check = Callable[[Any, Path, Report], Any]
"""Returns what a value decodes to."""

MISSING: Final = object()
NAMES: Final = {str: "a string", int: "an integer", float: "a number", bool: "a boolean"}
ORDER: Final = [*NAMES.values(), "an array", "an object", "a constant"]


def refuse(path: Path, problem: str, _: Any) -> NoReturn:
    """Report by raising."""
    raise DecodeError(path, problem)


def decode(source: Any, model: Any, report: Report = refuse, path: Path = ()) -> Any:
    """Decode parsed JSON.

    Args:
        source: The parsed JSON.
        model: What it decodes to: a model, or any other type that a model's field can have.
        report: Is told of what is wrong.
        path: Where the source stands.

    Raises:
        DecodeError: By `refuse`: a required key is missing, or a value has the wrong type.
    """
    return check_of(model)(source, path, report)


def wrong(value: Any, expected: str, path: Path, report: Report) -> Any:
    """Report a value that is not what was expected, a long one cut, and return it."""
    if isinstance(value, dict | list):
        shown = "an object" if isinstance(value, dict) else "an array"
    else:
        shown = {"None": "null", "True": "true", "False": "false"}.get(repr(value), repr(value))
    report(path, f"expected {expected}, got {shown if len(shown) <= 80 else shown[:77] + '...'}", value)
    return value


@cache
def check_of(hint: Any) -> Check:
    """Return what checks and decodes the values of a type."""
    if isinstance(hint, ModelType):
        return object_check(hint)
    if get_origin(hint) is list:
        return list_check(get_args(hint)[0])
    if get_origin(hint) is dict:
        return map_check(get_args(hint)[1])
    if get_origin(hint) is Literal:
        return constant_check(get_args(hint))
    if hint is Any:
        return lambda value, path, report: value
    if hint is int:
        return check_integer
    return scalar_check(hint) if isinstance(hint, type) else union_check(hint)


def accepted(hint: Any) -> frozenset[type] | None:
    """Return the types of the values that need no further check; None if no value does."""
    if hint is Any:
        return None
    if hint is float:
        return frozenset({float, int})
    if hint in (str, int, bool, type(None)):
        return frozenset({hint})
    if get_origin(hint) is Literal or isinstance(hint, ModelType) or get_origin(hint) in (list, dict):
        return frozenset()
    members = [accepted(member) for member in get_args(hint)]
    return None if None in members else frozenset[type]().union(*(member for member in members if member))


def scalar_check(kind: type) -> Check:
    """Return what checks the values of a scalar type."""
    kinds = (float, int) if kind is float else (kind,)
    return lambda value, path, report: value if type(value) in kinds else wrong(value, NAMES[kind], path, report)


def check_integer(value: Any, path: Path, report: Report) -> Any:
    """Return an integer, also one that was sent with a fraction of zero: JSON Schema counts it among the integers."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    return wrong(value, "an integer", path, report)


def constant_check(values: tuple[Any, ...]) -> Check:
    """Return what compares a value with those that the document pins."""
    expected = " or ".join(map(repr, values))

    def check(value: Any, path: Path, report: Report) -> Any:
        if any(value == constant and type(value) is type(constant) for constant in values):
            return value
        return wrong(value, expected, path, report)

    return check


def list_check(item: Any) -> Check:
    """Return what decodes the lists of a type of items."""
    check = check_of(item)

    def check_list(value: Any, path: Path, report: Report) -> Any:
        if type(value) is not list:
            return wrong(value, "an array", path, report)
        return [check(item, (*path, place), report) for place, item in enumerate(value)]

    return check_list


def map_check(inner: Any) -> Check:
    """Return what decodes objects whose keys are free, and whose values have a type."""
    check = check_of(inner)

    def check_map(value: Any, path: Path, report: Report) -> Any:
        if type(value) is not dict:
            return wrong(value, "an object", path, report)
        return {key: check(item, (*path, key), report) for key, item in value.items()}

    return check_map


@cache
def object_check(model: Any) -> Check:
    """Return what decodes the objects of a model."""
    fields: list[tuple[str, str, Any, frozenset[type] | None, Check]] = []
    rest: list[Check] = []

    def complete() -> None:
        # On first use: the models that this one holds may hold it.
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
            unknown = beyond(value, model)
            if rest:
                unknown = {key: rest[0](item, (*path, key), report) for key, item in unknown.items()}
            made._unknown = unknown
        return made

    return check


def union_check(hint: Any) -> Check:
    """Return what decodes the values of a union: variants by their tag, anything else by its type."""
    members = [member for member in get_args(hint) if member not in (Unset, UnknownVariant)]
    objects = [member for member in members if isinstance(member, ModelType) or get_origin(member) is dict]
    lists = [list_check(get_args(member)[0]) for member in members if get_origin(member) is list]
    # A constant among scalars is open, as an enum of one value would be.
    kinds = {type(value) for member in members if get_origin(member) is Literal for value in get_args(member)}
    kinds |= accepted(hint) or set()
    expected = alternatives(members)
    check_object = variant_check(objects) if objects else None

    def check(value: Any, path: Path, report: Report) -> Any:
        kind = type(value)
        if kind is dict and check_object is not None:
            return check_object(value, path, report)
        if kind is list and lists:
            return lists[0](value, path, report)
        if kind in kinds or Any in members:
            return value
        if kind is float and int in kinds and value.is_integer():
            return int(value)
        return wrong(value, expected, path, report)

    return check


def variant_check(objects: list[Any]) -> Check:
    """Return what decodes the objects of a union: by their tag, in turn where there is none, or else kept whole."""
    checks = [check_of(member) for member in objects]
    tags = {getattr(member, "tag", None) for member in objects}
    [tag] = tags if len(tags) == 1 else {None}
    if tag is None:
        return checks[0] if len(checks) == 1 else first_check(checks)
    variants = {member.__struct_config__.tag: check for member, check in zip(objects, checks, strict=True)}

    def check(value: Any, path: Path, report: Report) -> Any:
        key = value.get(tag, UNSET)
        if key is UNSET:
            report((*path, tag), "missing", UNSET)
        elif type(key) is not str:
            wrong(key, "a string", (*path, tag), report)
        elif key in variants:
            return variants[key](value, path, report)
        return UnknownVariant(value)

    return check


def first_check(checks: list[Check]) -> Check:
    """Return what decodes an object by the first check that takes it, and keeps it whole if none does."""

    def check(value: Any, path: Path, _: Report) -> Any:
        for attempt in checks:
            try:
                return attempt(value, path, refuse)
            except DecodeError:
                continue
        return UnknownVariant(value)

    return check


def alternatives(members: list[Any]) -> str:
    """Return what a union takes, in words."""
    others = [member for member in members if member is not type(None)]
    kinds = sorted({*map(word, others)}, key=ORDER.index)
    if kinds in (["an object"], ["an array"], ["an integer"]):
        return kinds[0]
    return " or ".join([*kinds, *(["null"] if len(others) < len(members) else [])])


def word(hint: Any) -> str:
    """Return what a type takes, in words."""
    if get_origin(hint) is Literal:
        return NAMES.get(type(get_args(hint)[0]), "a constant")
    return "an array" if get_origin(hint) is list else NAMES.get(hint, "an object")
