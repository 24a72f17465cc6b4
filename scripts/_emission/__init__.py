"""The types, fields, parameters and responses that the templates write as code.

They are computed from the data classes of openapi-python-client, which are private, so it is pinned.
`tests/test_emission.py` renames each attribute that is used here and in the templates, and expects generation to fail.
"""
