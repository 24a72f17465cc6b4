"""The store of runs in a PostgreSQL database.

``address`` is the URL of the database, ``connections`` keeps connections that never block without a time limit,
``tables`` creates the tables, and ``store`` reads and writes them.
"""
