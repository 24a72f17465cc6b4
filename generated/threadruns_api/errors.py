# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
"""The error of decoding."""

from __future__ import annotations

from typing import Self


class DecodeError(ValueError):
    """A body that does not match the document.

    Args:
        path: The path to the value in the body, as keys and indexes, the outermost first.
        problem: The problem with the value, as the end of a sentence.
    """

    def __init__(self, path: tuple[str | int, ...], problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def within(self, key: str | int) -> Self:
        """Prepend a key or an index to the path, and return the error."""
        self.path = (key, *self.path)
        self.args = (self.path, self.problem)
        return self

    def __str__(self) -> str:
        where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).lstrip(".")
        return f"{where or 'body'}: {self.problem}"
