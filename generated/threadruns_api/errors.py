# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
"""What decoding a body can run into."""

from __future__ import annotations

from typing import Self


class DecodeError(ValueError):
    """A body that does not have the shape that the document gives it.

    Args:
        path: Where in the body, as keys and indexes from the outside in.
        problem: What is wrong there, as the end of a sentence.
    """

    def __init__(self, path: tuple[str | int, ...], problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def within(self, key: str | int) -> Self:
        """Put a key or an index in front of the path, as the error leaves what holds it."""
        self.path = (key, *self.path)
        self.args = (self.path, self.problem)
        return self

    def __str__(self) -> str:
        where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).lstrip(".")
        return f"{where or 'body'}: {self.problem}"
