"""The reference server: the endpoint over a SQLite store, and the ways in which it can misbehave on purpose.

The correct path is read in this order: ``_exchange`` (what a request and an answer are), ``_endpoint`` (one decision
from request to answer, one method a step), ``_store`` (where runs are kept), ``_app`` (the ASGI driver), ``_host`` (the
process that listens). ``_dialects``, ``faults`` and ``variations`` replace single steps of the endpoint; nothing on the
correct path knows of them. What the API is, all of it reads from the document; no model and no client is imported.
"""
