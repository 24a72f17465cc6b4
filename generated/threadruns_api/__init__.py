# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
"""The wire format of threadruns: models, and operations that build requests."""
