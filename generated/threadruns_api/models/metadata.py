# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from typing import Any

from ..structs import register
from ..types import (
    Model,
    key_of,
    wrong,
)


class Metadata(dict[str, str], Model):
    """Up to 16 pairs that the caller attached; keys of up to 64 and values of up to 512 characters. Empty, never null,
    if there are none."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return dict(self)


def decode_metadata(source: Any, cls: type[Any] = Metadata) -> Any:
    """Decode a `Metadata` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    if not source:
        return cls()
    decoded = cls(source)
    for value in source.values():
        if type(value) is not str:
            raise wrong(value, "a string", key_of(source, value))
    return decoded


adopt_metadata = Metadata


register(Metadata, decode_metadata, Metadata, ())
