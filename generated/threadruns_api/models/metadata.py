# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

Metadata = dict[str, str]
"""Up to 16 pairs that the caller attached; keys of up to 64 and values of up to 512 characters. Empty, never null,
if there are none."""
