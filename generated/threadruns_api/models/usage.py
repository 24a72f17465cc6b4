# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

from typing import Any, Final

from attrs import define

from ..errors import DecodeError
from ..structs import astuple, beyond, register
from ..types import (
    Object,
    integer,
    new,
    unknown_fields,
    wrong,
)


@define(kw_only=True, weakref_slot=False)
class Usage(Object):
    """The tokens that a run used."""

    prompt_tokens: int
    """Tokens of prompts, over the whole run."""
    completion_tokens: int
    """Tokens of completions, over the whole run."""
    total_tokens: int
    """The sum of prompt and completion tokens."""

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


_KEYS: Final = (
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
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
        decoded._unknown = unknown_fields(source, _KEYS)
    return decoded


def adopt_usage(struct: Any) -> Any:
    """Make a `Usage` of a struct of it."""
    values = astuple(struct)
    unknown = None
    if len(values) != 3:
        values, unknown = beyond(struct, values, 3)
    (
        v_prompt_tokens,
        v_completion_tokens,
        v_total_tokens,
    ) = values

    made = new(Usage)
    made.prompt_tokens = v_prompt_tokens
    made.completion_tokens = v_completion_tokens
    made.total_tokens = v_total_tokens
    made._unknown = unknown
    return made


register(Usage, decode_usage, adopt_usage, _KEYS)
