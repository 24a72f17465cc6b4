"""Rewriting of a document to what openapi-python-client reads without loss.

The generator drops or misreads many features of OpenAPI. `document.simplify` resolves them, so that the generator and
the templates see one form of everything, and reports what cannot be resolved.

`operations` rewrites parameters, bodies and responses, and `schemas` the schemas that they use. The other modules serve
`schemas`, each for one question:

- `places`: where a schema is in the document, and what it refers to.
- `directions`: which keys only requests or only responses have.
- `classes`, `names`: which class a schema gets.
- `merging`, `intersection`: what an ``allOf`` accepts.
- `discriminators`, `enums`: which classes the variants and the values of a schema stand for.
- `forms`: to what a schema may be rewritten.
"""
