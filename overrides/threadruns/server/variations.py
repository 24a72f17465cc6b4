"""What a correct server may do differently: a check that complains of one of these raises a false alarm."""
# ruff: noqa: D102 - the docstring of the class says what its one method does.

import sys
from functools import cache

from threadruns.server._engine import Deviation, Variation, listed
from threadruns.server._exchange import Answer, Request


@cache
def catalogue() -> dict[str, type[Deviation]]:
    """Return every variation by name."""
    return listed([sys.modules[__name__]], Variation)


class Charset(Variation):
    """The content type names a charset."""

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        return Answer(answer.status, answer.body, {**answer.headers, "content-type": "application/json; charset=utf-8"})
