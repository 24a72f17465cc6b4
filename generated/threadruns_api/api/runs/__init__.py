# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
"""The operations of one tag."""
