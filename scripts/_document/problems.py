"""A problem of a document, and its line in the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from _document.references import spell
from _document.source import Pointer, Source


class Problem(NamedTuple):
    """A problem of the document.

    Attributes:
        pointer: The place, as a sequence of keys and indices.
        sentence: A description of the problem.
    """

    pointer: Pointer
    sentence: str


def located(source: Source, found: Iterable[Problem]) -> list[str]:
    """Return problems as lines of text, in the order of the document."""
    lines = sorted({(source.line(problem.pointer), spell(problem.pointer), problem.sentence) for problem in found})
    return [f"{source.name}:{line}: {pointer}: {' '.join(sentence.split())}" for line, pointer, sentence in lines]
