# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from typing import Literal

Order = Literal["asc", "desc"] | str
"""Ascending or descending by `created_at`."""

ORDER_VALUES: frozenset[str] = frozenset(
    {
        "asc",
        "desc",
    }
)
"""The values of `Order` that the document lists."""
