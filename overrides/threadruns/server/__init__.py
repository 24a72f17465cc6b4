"""The reference server: the endpoint over a store of runs.

Read it in this order: ``_messages`` (requests and responses), ``_endpoint`` (from a request to a response, one method
for each step), ``store`` (the runs), ``_lifecycle`` (the fields of a run by status), ``_app`` (the application),
``_connection`` (HTTP, with a time limit for each phase) and ``_server`` (accepting connections).
``_dialects`` has the permissive and the Azure form of the endpoint. The server reads the API from the document and
imports neither the models nor the client.
"""
