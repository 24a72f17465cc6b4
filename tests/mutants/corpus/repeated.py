"""The base of faults that accept a repeated parameter."""

from __future__ import annotations

from typing import ClassVar

from threadruns.server._messages import ServerRequest
from threadruns.testing.mutations import Mutation


class RepeatedParameter(Mutation):
    """Base class of faults that use one of several values of a parameter."""

    kept: ClassVar[tuple[str, int]]
    """The name of the parameter, and the index of the value that is used."""

    def query_parameters(self, request: ServerRequest) -> list[tuple[str, str]]:
        """Drop the other values."""
        name, index = self.kept
        pairs = super().query_parameters(request)
        values = [pair for pair in pairs if pair[0] == name]
        return [pair for pair in pairs if pair[0] != name] + ([values[index]] if values else [])
