"""Runs out of files: JSON lines, arrays and list bodies, plain or gzip, read as a stream.

A file is a sequence of JSON values, each a run, an array of runs or a body with runs under ``data``. One run is in
memory at a time, and its text is kept as it stands in the file, so that no parser rounds a number or drops a key. What
cannot be read is told with its line, and reading goes on at the next line; inside an array nothing later can be found,
so there it is the rest of the file that cannot be read.
"""

from __future__ import annotations

import codecs
import gzip
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import IO, Any, Never, cast

from attrs import frozen

CHUNK = 1 << 20
"""How many bytes are read at a time."""

MAX_RUN_CHARS = 4 << 20
"""How many characters one run may take; recorded ones have some thousand."""

HEAD = 1 << 16
"""Within how many characters a list body shows its ``data``."""

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = r'"(?:[^"\\]|\\.)*"'
_BLANKS = re.compile(rf"({_STRING})|[ \t\r\n]+")
_BODY = re.compile(
    rf'\{{\s*(?:(?!"data"){_STRING}\s*:\s*(?:{_STRING}|null|true|false|-?[0-9][0-9.eE+-]*)\s*,\s*)*"data"\s*:\s*(?=\[)'
)


@frozen
class ParsedValue:
    """A JSON value where a run is expected."""

    line: int
    text: str
    value: Any


@frozen
class BadRun:
    """Something in a file that cannot be taken, and why."""

    line: int
    reason: str


class _InvalidValue(Exception):
    """What stands here is not JSON."""


class _UnreadableRest(Exception):
    """Nothing after this place can be read."""


def read(
    path: str | os.PathLike[str], progress: Callable[[int], object] = lambda _: None
) -> Iterator[ParsedValue | BadRun]:
    """Read the runs of a file, one at a time.

    Args:
        path: The file, or ``-`` for standard input; gzip is recognised by its first bytes.
        progress: Is told how many more bytes of the file, as it lies on the disk, were read.

    Raises:
        OSError: The file cannot be opened or read.
    """
    with ExitStack() as stack:
        raw = stack.enter_context(open(0 if path == "-" else path, "rb", closefd=path != "-"))
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        stream = cast(IO[bytes], stack.enter_context(gzip.open(raw)) if packed else raw)
        yield from _Reader(_chunks(raw, stream, progress)).values()


def _chunks(raw: IO[bytes], stream: IO[bytes], progress: Callable[[int], object]) -> Iterator[str]:
    # Bytes that are no UTF-8 come through as surrogates, so that they spoil the run that they stand in and no other.
    decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    told = 0
    while True:
        try:
            data = stream.read(CHUNK)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise _UnreadableRest("the compressed data is damaged or cut off") from None
        yield decoder.decode(data, final=not data)
        if not data:
            return
        if raw.seekable():
            progress(raw.tell() - told)
            told = raw.tell()


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class _Reader:
    """Walks over the text of a file, of which it holds a window."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._text = ""
        self._at = 0
        self._line = 1

    def values(self) -> Iterator[ParsedValue | BadRun]:
        """Yield what the file holds, top to bottom."""
        try:
            while self._peek():
                try:
                    yield from self._top()
                except _InvalidValue as error:
                    yield BadRun(self._line, str(error))
                    self._skip_line()
        except _UnreadableRest as error:
            yield BadRun(self._line, f"{error}; the rest of the file cannot be read")

    def _top(self) -> Iterator[ParsedValue | BadRun]:
        char = self._peek()
        if char == "[":
            yield from self._array()
        elif char == "{":
            yield from self._object()
        elif "\udc80" <= char <= "\udcff":
            raise _InvalidValue("the text is not UTF-8")
        else:
            raise _InvalidValue("expected a run, an array of runs or a list body")

    def _array(self) -> Iterator[ParsedValue | BadRun]:
        self._take("[")
        if self._peek() != "]":
            yield from self._element()
            while self._peek() == ",":
                self._take(",")
                yield from self._element()
        self._take("]")

    def _element(self) -> Iterator[ParsedValue | BadRun]:
        try:
            if self._peek() == "{":
                yield from self._object()
            else:
                yield self._value()
        except _InvalidValue as error:
            raise _UnreadableRest(str(error)) from None

    def _object(self) -> Iterator[ParsedValue | BadRun]:
        while len(self._text) - self._at < HEAD and self._more():
            pass
        head = _BODY.match(self._text, self._at, self._at + HEAD)
        if head is None:
            yield self._value()
            return
        self._advance(head.end())
        yield from self._array()
        try:
            while self._peek() == ",":
                self._take(",")
                self._peek()
                self._value()
                self._take(":")
                self._peek()
                self._value()
        except _InvalidValue as error:
            raise _UnreadableRest(str(error)) from None
        self._take("}")

    def _value(self) -> ParsedValue | BadRun:
        """Take one whole JSON value; the window grows until it is in."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
                break
            except json.JSONDecodeError as error:
                # An error at the end of the window may only mean that the window ends there.
                whole = error.pos < len(self._text) - 16 and not error.msg.startswith("Unterminated string")
                if not whole and len(self._text) - self._at > MAX_RUN_CHARS:
                    raise _InvalidValue(f"a value of more than {MAX_RUN_CHARS} characters, which is no run") from None
                if whole or not self._more():
                    raise _InvalidValue(f"not JSON: {error.msg}") from None
            except (ValueError, RecursionError) as error:
                raise _InvalidValue(f"not JSON that can be read: {error}") from None
        line, text = self._line, self._text[self._at : end]
        self._advance(end)
        try:
            text.encode()
        except UnicodeEncodeError:
            return BadRun(line, "the text is not UTF-8")
        if "\\ud" in text.lower() and not _encodable(value):
            return BadRun(line, "a string has half of a surrogate pair, which is no character")
        return ParsedValue(line, _BLANKS.sub(r"\1", text) if "\n" in text else text, value)

    def _peek(self) -> str:
        """Return the next character that is no space, without taking it; nothing at the end of the file."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._advance(space.end() if space else self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _take(self, char: str) -> None:
        if self._peek() != char:
            raise _UnreadableRest(f"expected {char!r}")
        self._advance(self._at + 1)

    def _skip_line(self) -> None:
        while (end := self._text.find("\n", self._at)) < 0:
            self._advance(len(self._text))
            if not self._more():
                return
        self._advance(end)

    def _advance(self, to: int) -> None:
        self._line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        """Widen the window at its end, at least by half, and drop what lies behind."""
        rest = self._text[self._at :]
        new: list[str] = []
        while sum(map(len, new)) <= len(rest) // 2 and (chunk := next(self._chunks, None)) is not None:
            new.append(chunk)
        self._text, self._at = rest + "".join(new), 0
        return any(new)


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
