# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from typing import Literal

ListRunsOpenAIBeta = Literal["assistants=v1"] | str

LIST_RUNS_OPEN_AI_BETA_VALUES: frozenset[str] = frozenset(
    {
        "assistants=v1",
    }
)
"""The values of `ListRunsOpenAIBeta` that the document lists."""
