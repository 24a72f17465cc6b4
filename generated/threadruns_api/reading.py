# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""Decoding of JSON text to models: the fastest decoder that loses nothing.

First msgspec decodes the whole body strictly, and raises an error if the models could not keep all of it. Then a list
of objects in the body is decoded object by object, so that one of them does not slow down the others. Unknown fields of
an object are skipped; its text is kept, and parsed when they are accessed. Nested models with unknown parts are decoded
by the tolerant decoder, which also decides about errors. All decoders give the same result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any, Final, NamedTuple, Union, get_args, get_origin

from msgspec import DecodeError as NotDecoded
from msgspec import Raw
from msgspec.json import Decoder
from msgspec.json import decode as parse

from .errors import DecodeError
from .shapes import ModelType, envelope, flat, lenient, prepare, unknown_items, unused_variant, wire
from .tolerant import Path, Report, decode, refuse
from .values import UNSET

REFUSED: Final = (NotDecoded, UnicodeError, RecursionError)
"""The exceptions that msgspec raises for a body that it cannot decode."""

Decode = Callable[[Any], Any]
"""A decoder of msgspec for JSON text."""

BOM: Final = b"\xef\xbb\xbf"


class Problem(NamedTuple):
    """A value that does not match the document.

    Attributes:
        path: The path to the value in the body.
        problem: The problem with the value, as the end of a sentence.
        value: The value, or the whole item that was left out because of it.
        is_left_out: True if an item was left out.
    """

    path: Path
    problem: str
    value: Any
    is_left_out: bool = False


def read(content: bytes | str, model: Any) -> Any:
    """Decode JSON text.

    Args:
        content: The text; a byte order mark is skipped.
        model: The type to decode to: a model, any other type that a model's field can have, or `bytes` for a body that
            is not JSON and is returned as it is.

    Raises:
        DecodeError: The text is not JSON, or does not match the model.
    """
    if model is bytes:
        return content
    reader = reader_of(model)
    with suppress(*REFUSED):
        return reader.strict(content)
    return reader.tolerate(content, refuse)


def salvage(content: bytes | str, model: Any, *, keep: bool) -> tuple[Any, list[Problem]]:
    """Decode the valid parts of JSON text.

    Args:
        content: The text.
        model: A model that holds a list of models, such as a page.
        keep: Keep an invalid value as it was received, and a missing key as `UNSET`; otherwise an item of the list with
            such a value is left out. An item that is not an object is always left out.

    Returns:
        The decoded body and its problems, of each item that is left out the first one.

    Raises:
        DecodeError: The text is not JSON, or has no such list.
    """
    problems: list[Problem] = []

    def report(path: Path, problem: str, value: Any) -> None:
        problems.append(Problem(path, problem, value))

    reader = reader_of(model)
    made = reader.tolerate(content, report, problems, keep=keep)
    if type(made) is not model:
        raise DecodeError((), problems[0].problem)
    for name in reader.lists:
        if type(getattr(made, name)) is not list:
            raise DecodeError(*next((p.path, p.problem) for p in problems if p.path == (model.keys[name],)))
    return made, problems


def parse_json(content: bytes | str, path: Path = ()) -> Any:
    """Parse JSON text. A byte order mark is skipped, and a lone surrogate is kept.

    Args:
        content: The text.
        path: The path to the text in the body, for errors.

    Raises:
        DecodeError: The text is not JSON, or nested too deeply.
    """
    if isinstance(content, bytes) and content.startswith(BOM):
        content = content[len(BOM) :]
    elif isinstance(content, str):
        content = content.removeprefix("\ufeff")
    try:
        return parse(content)
    except RecursionError:
        raise DecodeError(path, "not JSON: nested too deeply") from None
    except (NotDecoded, UnicodeError) as error:
        refused = error
    # msgspec accepts no lone surrogates, and does not report the path of a NaN.
    try:
        if isinstance(content, bytes):
            content = content.decode()
        parsed = json.loads(content, parse_constant=NotANumber)
    except (ValueError, RecursionError):
        raise DecodeError(path, f"not JSON: {refused}") from None
    for place, value in values_in(parsed, path):
        if isinstance(value, NotANumber):
            raise DecodeError(place, f"not JSON: {value}")
        if type(value) is float and value in (INFINITY, -INFINITY):
            raise DecodeError(place, "not JSON: number out of range")
    return parsed


class NotANumber(str):
    """NaN, Infinity or -Infinity, which are not JSON."""

    __slots__ = ()


INFINITY: Final = float("inf")


def values_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value of parsed JSON with its path."""
    yield path, value
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from values_in(inner, (*path, key))


def unknown_fields(model: Any) -> dict[str, Any] | None:
    """Return the unknown fields of a model; None if it has none."""
    try:
        found = model._unknown
    except AttributeError:
        return None
    if type(found) is bytes:
        found = model._unknown = unknown_items(parse_json(found), type(model))
    return found or None


class Reader:
    """The decoders of JSON text for a type, the fastest first.

    Args:
        model: The type.

    Attributes:
        strict: Decodes an object without unknown fields, values or variants.
        lists: The fields of a model that are lists of one model, with that model.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.lists: dict[str, Any] = {}
        if isinstance(model, ModelType):
            prepare([model])
            self.lists = lists_of(model)
            self._lenient = Decoder(wire_of(model, lenient(model))).decode
            self._flat = Decoder(wire_of(model, flat(model))).decode
            self._nested = [
                (n, model.keys[n], Decoder(wire(model.hints[n])).decode, model.hints[n]) for n in model.nested
            ]
            self._envelope = Decoder(envelope(model, self.lists)).decode
        self.strict: Decode = Decoder(wire(model)).decode

    def lenient(self, content: bytes | Raw) -> Any:
        """Decode an object that may have unknown fields; its nested models must have none.

        Raises:
            msgspec.DecodeError: Nested models have unknown parts, or a value is invalid.
        """
        made = self._lenient(content)
        made.__class__ = self.model
        made._unknown = bytes(content)
        return made

    def tolerant(self, content: bytes | Raw, report: Report, path: Path) -> Any:
        """Decode any object.

        Raises:
            DecodeError: The text is not JSON, or ``report`` raises.
        """
        try:
            made = self._flat(content)
        except REFUSED:
            return decode(parse_json(bytes(content), path), self.model, report, path)
        made.__class__ = self.model
        made._unknown = bytes(content)
        for name, key, read_field, hint in self._nested:
            text = getattr(made, name)
            if text is not UNSET:
                try:
                    value = read_field(text)
                except REFUSED:
                    place = (*path, key)
                    value = decode(parse_json(bytes(text), place), hint, report, place)
                setattr(made, name, value)
        return made

    def tolerate(
        self, content: bytes | str, report: Report, left_out: list[Problem] | None = None, *, keep: bool = False
    ) -> Any:
        """Decode text that the strict decoder rejects.

        Args:
            content: The text.
            report: Called for each problem.
            left_out: Receives the items that cannot be decoded; None if their problems are reported.
            keep: Report the problems of an item, and leave out only items that are not objects.

        Raises:
            DecodeError: The text is not JSON, or ``report`` raises.
        """
        try:
            if isinstance(content, str):
                content = content.encode()
            elif not content.isascii():
                content.decode()  # msgspec does not validate what it skips
            return self._tolerate(content, report, left_out, keep=keep)
        except UnicodeError:
            return decode(parse_json(content), self.model, report)

    def _tolerate(self, content: bytes, report: Report, left_out: list[Problem] | None, *, keep: bool) -> Any:
        if not isinstance(self.model, ModelType):
            return decode(parse_json(content), self.model, report)
        if not self.lists:
            with suppress(*REFUSED):
                return self.lenient(content)
            return self.tolerant(content, report, ())
        try:
            made = self._envelope(content)
            made.__class__ = self.model
        except REFUSED:
            made = self.tolerant_envelope(content, report)
        for name, item in self.lists.items():
            items = getattr(made, name, None)
            if type(items) is list:
                setattr(made, name, items_of(item, items, (self.model.keys[name],), report, left_out, keep=keep))
        return made

    def tolerant_envelope(self, content: bytes | str, report: Report) -> Any:
        """Decode an envelope that msgspec rejects, leaving its lists undecoded.

        Raises:
            DecodeError: The text is not JSON, or ``report`` raises.
        """
        names = {self.model.keys[name]: name for name in self.lists}
        try:
            source = {key: (RAW_LIST if key in names else parse)(value) for key, value in RAW_OBJECT(content).items()}
        except REFUSED:
            source = parse_json(content)
        lists: dict[str, Any] = {}
        if type(source) is dict:
            lists = {key: source[key] for key in names if type(source.get(key)) is list}
            source |= dict.fromkeys(lists, [])
        try:
            made = decode(source, self.model, report)
        except DecodeError:
            # Decode the whole body, to raise its first problem: items come before the keys that follow their list.
            decode(parse_json(content), self.model, report)
            raise
        for key, items in lists.items():
            setattr(made, names[key], items)
        return made


RAW_LIST: Final = Decoder(list[Raw]).decode
RAW_OBJECT: Final = Decoder(dict[str, Raw]).decode


def items_of(
    model: Any, items: list[Any], path: Path, report: Report, left_out: list[Problem] | None, *, keep: bool
) -> list[Any]:
    """Decode the items of a list, each with the fastest decoder that accepts it.

    Args:
        model: The type of an item.
        items: The items, as text or parsed.
        path: The path to the list.
        report: Called for each problem.
        left_out: Receives the items that cannot be decoded; None if their problems are reported.
        keep: Report the problems of an item, and leave out only items that are not objects.

    Raises:
        DecodeError: An item is not JSON, or ``report`` raises.
    """
    reader = reader_of(model)
    found: list[Any] = []
    lost = 0

    def tolerate(item: Any, place: int) -> None:
        nonlocal lost
        is_object = bytes(item).startswith(b"{") if type(item) is Raw else type(item) is dict
        item_report = report if keep and is_object else refuse
        try:
            if type(item) is Raw:
                found.append(reader.tolerant(item, item_report, (*path, place)))
            else:
                found.append(decode(item, model, item_report, (*path, place)))
        except DecodeError as error:
            if left_out is None:
                raise
            lost += 1
            source = parse_json(bytes(item)) if type(item) is Raw else item
            left_out.append(Problem(error.path, error.problem, source, is_left_out=True))

    read_item = reader.strict
    rest = iter(items)
    before = in_a_row = 0
    while items and type(items[0]) is Raw and in_a_row < 2:
        try:
            for made in map(read_item, rest):
                found.append(made)
            return found
        except REFUSED:
            place = len(found) + lost
        in_a_row = in_a_row + 1 if place == before else 0
        before = place + 1
        if read_item == reader.strict:
            with suppress(*REFUSED):
                found.append(reader.lenient(items[place]))
                read_item = reader.lenient  # the next objects probably have unknown fields too
                continue
        tolerate(items[place], place)
    for item in rest:
        tolerate(item, len(found) + lost)
    return found


def reader_of(model: Any) -> Reader:
    """Return the reader of a type."""
    if not isinstance(model, ModelType):
        return other_reader(model)
    found: Reader | None = vars(model).get("reader")
    if found is None:
        found = model.reader = Reader(model)
    return found


@cache
def other_reader(hint: Any) -> Reader:
    """Return the reader of a type that is not a model."""
    return Reader(hint)


def make_readers(models: list[Any]) -> None:
    """Make the readers of the models that hold lists and of their items in advance."""
    for model in models:
        for item in lists_of(model).values():
            reader_of(model)
            reader_of(item)


def wire_of(model: Any, read: Any) -> Any:
    """Return the type that msgspec decodes for a class derived from a model."""
    return read if model.tag is None else Union[read, unused_variant(model.tag)]


def lists_of(model: Any) -> dict[str, Any]:
    """Return the fields of a model that are lists of one model, with that model."""
    found: dict[str, Any] = {}
    for name, hint in model.hints.items() if isinstance(model, ModelType) else ():
        for member in (hint, *get_args(hint)):
            if get_origin(member) is list and isinstance(get_args(member)[0], ModelType):
                found[name] = get_args(member)[0]
    return found
