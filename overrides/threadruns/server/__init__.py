"""The reference server: the endpoint over a SQLite store.

Read it in this order: ``_messages`` (requests and responses), ``_endpoint`` (from a request to a response, one method
for each step), ``_store`` (the runs), ``_app`` (the ASGI application) and ``_server`` (the listening socket).
``_dialects`` has the permissive and the Azure form of the endpoint. The server reads the API from the document and
imports neither the models nor the client.
"""
