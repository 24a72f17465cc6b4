"""Rewriting of a document to what openapi-python-client reads without loss.

The generator drops or misreads many features of OpenAPI. `document.simplify` resolves them, so that the generator and
the templates see one form of everything, and reports what cannot be resolved.
"""
