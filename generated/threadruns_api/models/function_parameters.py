# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import Any

FunctionParameters = dict[str, Any]
"""The arguments of a function, as a JSON Schema. Kept as it is."""
