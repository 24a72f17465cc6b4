"""Keywords that restrict a value by themselves: which values a change adds, and which it removes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from _compare.changes import Change, canonical, shown
from _compare.pairs import Pair
from _compare.schemas import UNBOUNDED, type_names
from _document.source import Json

COUNTS = {
    "minLength": ("string", "minimum length"),
    "maxLength": ("string", "maximum length"),
    "minItems": ("array", "minimum number of items"),
    "maxItems": ("array", "maximum number of items"),
    "minContains": ("array", "minimum number of matching items"),
    "maxContains": ("array", "maximum number of matching items"),
    "minProperties": ("object", "minimum number of properties"),
    "maxProperties": ("object", "maximum number of properties"),
}
"""Keywords that bound a size, each with the type that they apply to."""
BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
RESTRICTIONS = {
    "pattern": "string",
    "format": "",
    "contentEncoding": "string",
    "contentMediaType": "string",
    "multipleOf": "number",
}
"""Keywords whose values restrict a value together, each with the type that they apply to."""
WIDER = {("int32", "int64"), ("float", "double")}
"""Pairs of formats of which the second includes the first."""
OPAQUE = ("xml", "$id", "$schema", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary")
"""Keywords whose effect is not analysed: any change breaks both sides."""


def types(pair: Pair) -> Iterator[Change]:
    old, new = pair.old.types(), pair.new.types()
    listed = pair.old.values() is not None and pair.new.values() is not None
    if old == new or (listed and old & new):
        return  # listed values have their own rule
    gone, come = old - new, new - old
    if gone == {"null"} and not come:
        text = "null is no longer permitted"
    elif come == {"null"} and not gone:
        text = "null is permitted"
    else:
        text = f"the type is {type_names(new)} instead of {type_names(old)}"
    yield pair.change(("type", "enum", "const"), text, narrower=bool(gone), wider=bool(come))


def values(pair: Pair) -> Iterator[Change]:
    old, new = pair.old.values(), pair.new.values()
    if old is None and new is not None:
        text = f"only {', '.join(map(shown, new.values()))} is permitted"
        yield pair.change(("enum", "const"), text, narrower=True)
    elif old is not None and new is None:
        yield pair.change(("enum", "const"), "values that were not listed are permitted", wider=True)
    elif old is not None and new is not None:
        for value in (value for key, value in old.items() if key not in new):
            yield pair.change(("enum", "const"), f"the value {shown(value)} is removed", narrower=True)
        for value in (value for key, value in new.items() if key not in old):
            yield pair.change(("enum", "const"), f"the value {shown(value)} is added", wider=True)


def restrictions(pair: Pair, types: frozenset[str]) -> Iterator[Change]:
    for keyword, type_ in RESTRICTIONS.items():
        if type_ and type_ not in types and not (type_ == "number" and types & {"integer", "fraction"}):
            continue
        old, new = ({canonical(v): v for _, v in schema.all(keyword)} for schema in (pair.old, pair.new))
        gone = [value for key, value in old.items() if key not in new]
        come = [value for key, value in new.items() if key not in old]
        if not gone and not come:
            continue
        narrower, wider = bool(come), bool(gone)
        if len(old) == len(new) == 1:
            narrower, wider = not _includes(keyword, gone[0], come[0]), not _includes(keyword, come[0], gone[0])
        text = f"the {keyword} {_replaced(gone, come)}"
        yield pair.change((keyword,), text, narrower=narrower, wider=wider)
    for keyword in OPAQUE:
        before, after = ({canonical(v) for _, v in schema.all(keyword)} for schema in (pair.old, pair.new))
        if before != after:
            yield pair.change((keyword,), f"{keyword} is changed", narrower=True, wider=True)


def bounds(pair: Pair, integers: bool) -> Iterator[Change]:
    (old_low, old_high), (new_low, new_high) = pair.old.bounds(integers), pair.new.bounds(integers)
    if old_low != new_low:
        text = f"the minimum {_moved(old_low, new_low)}"
        yield pair.change(BOUNDS[:2], text, narrower=new_low > old_low, wider=new_low < old_low)
    if old_high != new_high:
        text = f"the maximum {_moved(old_high, new_high)}"
        yield pair.change(BOUNDS[2:], text, narrower=new_high < old_high, wider=new_high > old_high)


def counts(pair: Pair, type_: str) -> Iterator[Change]:
    for keyword, (applies_to, words) in COUNTS.items():
        if applies_to != type_:
            continue
        lower = keyword.startswith("min")
        absent = (1 if keyword == "minContains" else 0) if lower else UNBOUNDED
        strictest = max if lower else min
        old, new = (
            strictest([value for _, value in schema.all(keyword)], default=absent) for schema in (pair.old, pair.new)
        )
        if old != new:
            text = f"the {words} {_moved((old, 0), (new, 0))}"
            yield pair.change((keyword,), text, narrower=(new > old) is lower, wider=(new < old) is lower)


def marks(pair: Pair) -> Iterator[Change]:
    old, new = ([value for _, value in schema.all("default")][:1] for schema in (pair.old, pair.new))
    if pair.omissible and [*map(canonical, old)] != [*map(canonical, new)]:
        # A new default binds servers. One that goes or changes was also relied on by callers.
        yield pair.change(("default",), f"the default {_replaced(old, new)}")._replace(
            callers=bool(old), servers=bool(new)
        )
    before, after = (any(value is True for _, value in side.all("deprecated")) for side in (pair.old, pair.new))
    if before != after:
        yield pair.change(("deprecated",), "is deprecated" if after else "is no longer deprecated")


def _includes(keyword: str, smaller: Json, larger: Json) -> bool:
    """Return whether every value under one restriction is also valid under another one."""
    if keyword == "format":
        return (smaller, larger) in WIDER
    return keyword == "multipleOf" and (Fraction(str(smaller)) / Fraction(str(larger))).denominator == 1


def _replaced(old: list[Json], new: list[Json]) -> str:
    before, after = (" and ".join(map(shown, values)) for values in (old, new))
    if not old:
        return f"{after} is added"
    return f"is {after} instead of {before}" if new else f"{before} is removed"


def _moved(old: tuple[float, int], new: tuple[float, int]) -> str:
    def words(bound: tuple[float, int]) -> str:
        number = shown(bound[0])
        return f"{'above ' if bound[1] > 0 else 'below ' if bound[1] < 0 else ''}{number}"

    if abs(old[0]) == UNBOUNDED:
        return f"{words(new)} is added"
    return f"{words(old)} is removed" if abs(new[0]) == UNBOUNDED else f"is {words(new)} instead of {words(old)}"
