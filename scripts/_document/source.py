"""Reading of an OpenAPI document, and the line of each place in it.

A file that is not such a document must be rejected at once and in one line, whatever it is: a named pipe, a folder,
text in another encoding, or YAML that grows when its aliases are followed.
"""

from __future__ import annotations

import codecs
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, MappingNode, Node, SequenceNode
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.reader import ReaderError

Json = Any
Pointer = tuple[str | int, ...]

MAX_BYTES = 4_000_000
"""The largest permitted file."""

MAX_DEPTH = 100
"""The largest permitted depth of a document; ours has about twenty levels."""

MAX_VALUES = 100_000
"""The largest permitted number of keys and values; our document has about three thousand."""

ENCODINGS = {
    codecs.BOM_UTF8: "begins with a byte order mark; save it as UTF-8 without one",
    codecs.BOM_UTF32_LE: "is UTF-32; save it as UTF-8",
    codecs.BOM_UTF16_LE: "is UTF-16; save it as UTF-8",
    codecs.BOM_UTF16_BE: "is UTF-16; save it as UTF-8",
    codecs.BOM_UTF32_BE: "is UTF-32; save it as UTF-8",
}
"""The encodings that are recognized by their first bytes."""


class SourceError(ValueError):
    """A file that cannot be read as a document.

    Attributes:
        line: The line, counted from 1; 0 if the problem is not in the text.
    """

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(" ".join(sentence.split()))
        self.line = line


@dataclass(frozen=True)
class Source:
    """A document that was read.

    Attributes:
        name: The name of the file.
        raw: The parsed document.
        root: The YAML nodes of the document; None for an empty file.
    """

    name: str
    raw: Json
    root: Node | None

    def line(self, pointer: Pointer) -> int:
        """Return the line of a place, counted from 1, or of its nearest ancestor that is in the file."""
        node = self.root
        line: int = node.start_mark.line if node else 0
        for token in pointer:
            if isinstance(node, MappingNode):
                found = [(key, value) for key, value in node.value if key.value == str(token)]
            elif isinstance(node, SequenceNode) and isinstance(token, int) and token < len(node.value):
                found = [(node.value[token], node.value[token])]
            else:
                found = []
            if not found:
                break
            key, node = found[0]
            line = key.start_mark.line
        return line + 1


def read(path: Path) -> Source:
    """Read a document.

    Args:
        path: A YAML or JSON file.

    Raises:
        SourceError: The file cannot be read, or is not YAML within the limits.
    """
    return parse(_content(path), path.name)


def parse(content: bytes, name: str) -> Source:
    """Parse a document.

    Args:
        content: The content of a file.
        name: The name of the file.

    Raises:
        SourceError: The content is not YAML within the limits.
    """
    text = _text(content)
    try:
        _limit(text)
        constructor, _ = YAML(typ="safe", pure=True).get_constructor_parser(text)
        root = constructor.composer.get_single_node()
        if _is_larger(root, MAX_VALUES):
            raise SourceError(
                1, f"with its aliases followed it has more than {MAX_VALUES} values; write the values without aliases"
            )
        return Source(name, constructor.construct_document(root) if root else None, root)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SourceError(
            mark.line + 1 if mark else 1, f"the file cannot be read as YAML: {error.problem}; correct the line"
        ) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SourceError(line, f"the character {error.character!r} is not permitted in YAML; remove it") from None
    except (YAMLError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(1, f"the file cannot be read as YAML: {error}; correct it") from None


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SourceError(0, "it is a folder; give the path of a YAML or JSON file")
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(0, "it is not a regular file; save the document in a file")
        if status.st_size > MAX_BYTES:
            raise SourceError(
                0, f"it has {status.st_size} bytes, and at most {MAX_BYTES} are read; keep only the needed operations"
            )
        return path.read_bytes()
    except OSError as error:
        raise SourceError(0, f"it cannot be read: {error.strerror}; give the path of a YAML or JSON file") from None


def _text(content: bytes) -> str:
    for start, sentence in ENCODINGS.items():
        if content.startswith(start):
            raise SourceError(1, f"the file {sentence}")
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise SourceError(line, "the file contains a NUL byte, as text in UTF-16 does; save it as UTF-8")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceError(line, f"byte {error.start} is not UTF-8; save the file as UTF-8") from None


def _limit(text: str) -> None:
    """Raise an error for a text that is nested too deeply or has too many values."""
    depth = 0
    for count, event in enumerate(YAML(typ="safe", pure=True).parse(text)):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        line = event.start_mark.line + 1
        if depth > MAX_DEPTH:
            raise SourceError(
                line, f"it is nested deeper than {MAX_DEPTH} levels; give inner schemas names of their own"
            )
        if count > MAX_VALUES:
            raise SourceError(line, f"it has more than {MAX_VALUES} values; keep only the needed operations")


def _is_larger(root: Node | None, limit: int) -> bool:
    """Return whether a node has more values than the limit, with aliases followed; recursive aliases are infinite."""
    pending = [root] if root else []
    count = 0
    while pending and count <= limit:
        node = pending.pop()
        count += 1
        if isinstance(node, MappingNode):
            pending.extend(part for pair in node.value for part in pair)
        elif isinstance(node, SequenceNode):
            pending.extend(node.value)
    return count > limit
