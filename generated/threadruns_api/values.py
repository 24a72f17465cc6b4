# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
"""Values that JSON has no type for: an absent key, and a variant that the document does not list."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

MODELS: Final[list[Any]] = []
"""Every model of the document."""


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = None

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __str__(self) -> str:
        return "UNSET"

    if not TYPE_CHECKING:
        # Hidden from type checkers, so that they reject every attribute of UNSET.

        def __getattr__(self, name):
            if name.startswith("_"):
                raise AttributeError(f"UNSET has no attribute {name!r}")
            fields = fields_with(name) or ["object.field"]
            which = f", here {' or '.join(fields)}" if fields != ["object.field"] else ""
            raise AttributeError(
                f"UNSET has no attribute {name!r}: it stands for a key that the server did not send{which}. "
                f"Test the field first: `if {fields[0]}:`"
            )


UNSET: Final = Unset.UNSET
"""The value of an absent key; it differs from null, and is false in a condition."""


def fields_with(attribute: str) -> list[str]:
    """Return the fields that may be absent and whose other types have an attribute, such as ``run.usage``."""
    return [
        f"{re.sub('(?<!^)(?=[A-Z])', '_', model.__name__).lower()}.{name}"
        for model in MODELS
        for name, hint in model.hints.items()
        if Unset in get_args(hint)
        and any(hasattr(get_origin(kind) or kind, attribute) for kind in get_args(hint) if kind is not Unset)
    ]


class UnknownVariant(dict[str, Any]):
    """An object of a union whose variant the document does not list, kept as a dict."""

    __slots__ = ()

    if TYPE_CHECKING:
        # Different from all known types, so that comparing `type` with one of them narrows the union.
        type: Literal["(unknown)"]
    else:

        @property
        def type(self):
            """The ``type`` of the variant as received; UNSET if it is absent."""
            return self.get("type", UNSET)

    def to_dict(self) -> dict[str, Any]:
        """Return the object as a plain dict."""
        return dict(self)


class Variants:
    """The variants of a union, in its annotation, if a key distinguishes them that is not a constant of each.

    Args:
        key: The key.
        models: The variants by the value of the key.
    """

    def __init__(self, key: str, models: dict[str, Any]) -> None:
        self.key = key
        self.models = models


def encode(value: Any) -> Any:
    """Return a value as parsed JSON: models, also in lists and maps, become dicts."""
    if type(value) is list:
        return [encode(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if type(value) is dict:
        return {key: encode(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    to_dict = getattr(value, "to_dict", None)  # pyright: ignore[reportUnknownArgumentType]
    return value if to_dict is None else to_dict()  # pyright: ignore[reportUnknownVariableType]
