# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Object, define

if TYPE_CHECKING:
    pass


@define(kw_only=True)
class Usage(Object):
    """The tokens that a run used."""

    prompt_tokens: int
    """Tokens of prompts, over the whole run."""
    completion_tokens: int
    """Tokens of completions, over the whole run."""
    total_tokens: int
    """The sum of prompt and completion tokens."""
