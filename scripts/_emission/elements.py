"""The elements of the emitted code, as the templates read them."""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """A field of a model, as it is emitted."""

    name: str
    key: str
    annotation: str
    default: str
    description: str


class Parameter(NamedTuple):
    """A parameter of an operation, as it is emitted."""

    name: str
    key: str
    place: str
    annotation: str
    required: bool
    description: str
    fixed: str
    """The only value of a header, which the operation sets itself; empty if the caller chooses the value."""
    encoded: str
    """The value to send, as code."""
    is_spread: bool
    """True if the code is a dict of several query parameters."""


class RequestBody(NamedTuple):
    """The JSON body of the requests of an operation, as it is emitted."""

    name: str
    """The name of its argument."""
    annotation: str
    required: bool
    content_type: str


class Response(NamedTuple):
    """The type that responses with a range of status codes decode to."""

    low: int
    high: int
    annotation: str
    """The type as code; "None" for a successful response without a body."""


class Import(NamedTuple):
    """A class that another module of the models defines."""

    module: str
    name: str
