"""Reading runs from files as a stream: JSON lines, arrays and list responses, with or without gzip.

A file is a sequence of JSON values, each a run, an array of runs or a body with runs under ``data``. Only one run is in
memory at a time. Its original text is kept, so that no number is rounded and no key is lost. An invalid line is
reported with its number, and reading continues at the next line. After an error inside an array, the rest of the file
is reported as unreadable, because no later value can be found.
"""

from __future__ import annotations

import codecs
import errno
import gzip
import io
import json
import os
import re
import select
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import IO, Any, NamedTuple, Never, cast

import msgspec
from attrs import frozen

CHUNK_BYTES = 1 << 20
"""The number of bytes of one read."""

PIPE_SECONDS = 60
"""The time limit for the first byte of a named pipe."""

MAX_RUN_CHARS = 4 << 20
"""The largest number of characters of a run; recorded runs have a few thousand."""

MAX_LINE_CHARS = 64 << 20
"""The largest number of characters of an invalid line that are skipped."""

MAX_DATA_OFFSET = 1 << 16
"""The number of characters within which ``data`` of a list response must start."""

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = r'"(?:[^"\\]|\\.)*"'
_BLANKS = re.compile(rf"({_STRING})|[ \t\r\n]+")
_BODY = re.compile(
    rf'\{{\s*(?:(?!"data"){_STRING}\s*:\s*(?:{_STRING}|null|true|false|-?[0-9][0-9.eE+-]*)\s*,\s*)*"data"\s*:\s*(?=\[)'
)


class ParsedValue(NamedTuple):
    """A JSON value where a run is expected, not validated yet."""

    line: int
    text: str
    value: Any


@frozen
class BadRun:
    """A part of a file that is not a run, and the reason."""

    line: int
    reason: str


class _InvalidValue(Exception):
    """The text here is not a run, an array or a list response."""


class _UnreadableRest(Exception):
    """Nothing after this place can be read."""


def read(
    path: str | os.PathLike[str], progress: Callable[[int], object] = lambda _: None
) -> Iterator[ParsedValue | BadRun]:
    """Read the runs of a file one at a time.

    Args:
        path: The file, or ``-`` for standard input; gzip is detected by its first bytes.
        progress: A callback that gets the number of bytes read since the last call, before decompression.

    Raises:
        OSError: The file cannot be opened or read.
    """
    with ExitStack() as stack:
        raw = stack.enter_context(_open(path))
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        stream = cast(IO[bytes], stack.enter_context(gzip.open(raw)) if packed else raw)
        yield from _Reader(_chunks(raw, stream, progress)).values()


def _open(path: str | os.PathLike[str]) -> io.BufferedReader:
    if path == "-":
        with suppress(AttributeError, OSError):  # Some systems can set this of pipes only, or not at all.
            os.set_blocking(0, True)  # A process that has the same pipe may have changed it, and reads would be empty.
        return open(0, "rb", closefd=False)
    if not stat.S_ISFIFO(os.stat(path).st_mode):
        return open(path, "rb")
    # Opened as usual, a named pipe without a writer would block for ever.
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not select.select([pipe], [], [], PIPE_SECONDS)[0]:
            raise TimeoutError(errno.ETIMEDOUT, f"nothing was written to this pipe within {PIPE_SECONDS} seconds")
        os.set_blocking(pipe, True)
        return open(pipe, "rb")
    except BaseException:
        os.close(pipe)
        raise


def _chunks(raw: IO[bytes], stream: IO[bytes], progress: Callable[[int], object]) -> Iterator[str]:
    # Bytes that are not UTF-8 become surrogates, so that they make one run invalid and not the whole file.
    decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    reported = 0
    while True:
        try:
            data = stream.read(CHUNK_BYTES)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise _UnreadableRest("the compressed data is damaged or cut off") from None
        yield decoder.decode(data, final=not data)
        if not data:
            return
        if raw.seekable():
            progress(raw.tell() - reported)
            reported = raw.tell()


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


_FAST_DECODER = msgspec.json.Decoder()
"""A decoder that accepts what ``_DECODER`` accepts, apart from lone surrogates and numbers that are infinite."""


class _Reader:
    """A reader that keeps a window of the text of a file."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._text = ""
        self._at = 0
        self._line = 1

    def values(self) -> Iterator[ParsedValue | BadRun]:
        """Yield the contents of the file in their order."""
        try:
            while self._peek():
                try:
                    yield from self._whole_lines()
                    if self._peek():
                        yield from self._top()
                except _InvalidValue as error:
                    yield BadRun(self._line, str(error))
                    self._skip_line()
        except _UnreadableRest as error:
            yield BadRun(self._line, f"{error}; the rest of the file cannot be read")

    def _whole_lines(self) -> Iterator[ParsedValue]:
        """Read lines that are a run each, the most frequent form of a file, up to the first that is something else."""
        while (end := self._text.find("\n", self._at)) >= 0:
            line = self._text[self._at : end].strip(" \t\r")
            try:
                value = _FAST_DECODER.decode(line)
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                return  # It may still be the first line of a longer value, and an error needs its reason.
            if type(value) is not dict or "data" in value:
                return
            number = self._line
            self._at, self._line = end + 1, number + 1
            yield ParsedValue(number, line, cast(Any, value))

    def _top(self) -> Iterator[ParsedValue | BadRun]:
        char = self._peek()
        if char == "[":
            yield from self._array()
        elif char == "{":
            yield from self._object()
        elif "\udc80" <= char <= "\udcff":
            raise _InvalidValue("the text is not UTF-8")
        else:
            raise _InvalidValue("expected a run, an array of runs or a list response")

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
        while len(self._text) - self._at < MAX_DATA_OFFSET and self._more():
            pass
        head = _BODY.match(self._text, self._at, self._at + MAX_DATA_OFFSET)
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
        """Read one JSON value; the window grows until it holds the value."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
                break
            except json.JSONDecodeError as error:
                # An error at the end of the window may only mean that the window ends there.
                whole = error.pos < len(self._text) - 16 and not error.msg.startswith("Unterminated string")
                if not whole and len(self._text) - self._at > MAX_RUN_CHARS:
                    raise _InvalidValue(
                        f"the value has more than {MAX_RUN_CHARS} characters, too many for a run"
                    ) from None
                if whole or not self._more():
                    raise _InvalidValue(f"not JSON: {error.msg}") from None
            except (ValueError, RecursionError) as error:
                raise _InvalidValue(f"JSON that cannot be parsed: {error}") from None
        line, text = self._line, self._text[self._at : end]
        self._advance(end)
        try:
            text.encode()
        except UnicodeEncodeError:
            return BadRun(line, "the text is not UTF-8")
        return ParsedValue(line, _BLANKS.sub(r"\1", text) if "\n" in text else text, value)

    def _peek(self) -> str:
        """Return the next character that is not white space, without reading it; empty at the end of the file."""
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
        skipped = 0
        while (end := self._text.find("\n", self._at)) < 0:
            skipped += len(self._text) - self._at
            if skipped > MAX_LINE_CHARS:  # Such as /dev/zero, which has no end either.
                raise _UnreadableRest(f"a line has more than {MAX_LINE_CHARS} characters")
            self._advance(len(self._text))
            if not self._more():
                return
        self._advance(end)

    def _advance(self, to: int) -> None:
        self._line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        """Extend the window by at least half, and drop the text that was read."""
        rest = self._text[self._at :]
        new: list[str] = []
        while sum(map(len, new)) <= len(rest) // 2 and (chunk := next(self._chunks, None)) is not None:
            new.append(chunk)
        self._text, self._at = rest + "".join(new), 0
        return any(new)


def is_encodable(value: Any) -> bool:
    """Return whether a parsed value has no lone surrogate."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True
