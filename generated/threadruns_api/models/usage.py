# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

from attrs import define, field

from ..errors import DecodeError
from ..types import (
    as_dict,
    integer,
    new,
    parse_json,
    same_fields,
    unknown_fields,
    wrong,
)


@define(kw_only=True, weakref_slot=False)
class Usage:
    """The tokens that a run used."""

    prompt_tokens: int
    """Tokens of prompts, over the whole run."""
    completion_tokens: int
    """Tokens of completions, over the whole run."""
    total_tokens: int
    """The sum of prompt and completion tokens."""
    _unknown: dict[str, Any] | None = field(default=None, init=False, repr=False, eq=same_fields)

    @property
    def additional_properties(self) -> dict[str, Any]:
        """The fields that the document does not know, by name."""
        if self._unknown is None:
            self._unknown = {}
        return self._unknown

    @classmethod
    def from_dict(cls, source: Mapping[str, Any], /) -> Self:
        """Make one from parsed JSON. What the document does not know is kept.

        Raises:
            DecodeError: A required key is missing or a value has the wrong type.
        """
        decoded: Self = decode_usage(as_dict(source), cls)
        return decoded

    @classmethod
    def from_json(cls, content: bytes | str, /) -> Self:
        """Make one from JSON text. What the document does not know is kept.

        Raises:
            DecodeError: It is not JSON, a required key is missing, or a value has the wrong type.
        """
        return cls.from_dict(parse_json(content))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: absent keys are absent, unknown ones are there again."""
        result: dict[str, Any] = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.total_tokens,
        }
        if self._unknown:
            result.update(self._unknown)
        return result


_KNOWN: Final = frozenset(
    (
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
    )
)


def decode_usage(source: Any, cls: type[Any] = Usage) -> Any:
    """Decode a `Usage` from a dict, as an instance of `cls`."""
    if type(source) is not dict:
        raise wrong(source, "an object")
    fields = len(source)
    try:
        v_prompt_tokens = source["prompt_tokens"]
        v_completion_tokens = source["completion_tokens"]
        v_total_tokens = source["total_tokens"]
    except KeyError as error:
        raise DecodeError(error.args, "missing") from None
    if type(v_prompt_tokens) is not int:
        v_prompt_tokens = integer(v_prompt_tokens, "prompt_tokens")
    if type(v_completion_tokens) is not int:
        v_completion_tokens = integer(v_completion_tokens, "completion_tokens")
    if type(v_total_tokens) is not int:
        v_total_tokens = integer(v_total_tokens, "total_tokens")
    decoded = new(cls)
    decoded.prompt_tokens = v_prompt_tokens
    decoded.completion_tokens = v_completion_tokens
    decoded.total_tokens = v_total_tokens
    if fields == 3:
        decoded._unknown = None
    else:
        decoded._unknown = unknown_fields(source, _KNOWN)
    return decoded
