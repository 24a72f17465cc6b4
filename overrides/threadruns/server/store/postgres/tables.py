"""The tables in a PostgreSQL database: created on first use, and checked when a store is opened.

Every index has the thread, so that a database that spreads its tables over machines can do so by thread. For the same
reason no index keeps the id of a run unique in the whole store: writers hold one lock, and look for the id before they
store a run.
"""

from __future__ import annotations

import zlib

import psycopg
from attrs import frozen

from threadruns.server.store.errors import StoreError
from threadruns.server.store.postgres.address import Address
from threadruns.server.store.postgres.connections import Connections, LimitedConnection

VERSION = 1
"""The version of the tables; databases of other versions are rejected."""

LOCK = 0x74727573
"""The first key of the advisory lock of writers; the second one is made from the schema."""

TABLES = """
CREATE TABLE {schema}.run (
    thread text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    body text NOT NULL,
    checksum bigint NOT NULL,
    PRIMARY KEY (thread, created_at, id)
);
CREATE UNIQUE INDEX run_id ON {schema}.run (id, thread);
CREATE TABLE {schema}.thread (id text COLLATE "C" NOT NULL PRIMARY KEY);
CREATE TABLE {schema}.store (version integer NOT NULL PRIMARY KEY, identity text NOT NULL);
INSERT INTO {schema}.store VALUES ({version}, md5(clock_timestamp()::text || random()::text));
"""

# Not to_regclass, which may remember that a table did not exist before the lock was taken.
_FIND = b"SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = 'store'"


@frozen
class Tables:
    """The tables of a store.

    Attributes:
        schema: The schema that has them.
        identity: A random text that was stored when they were created.
    """

    schema: str
    identity: str

    @classmethod
    def prepare(cls, connections: Connections, address: Address, *, create: bool) -> Tables:
        """Create the tables unless they exist, and check their version.

        Raises:
            StoreError: They are missing or cannot be created, or they are others.
        """
        schema = address.schema
        if not connections.rows(_FIND, (schema,)):
            if not create:
                raise StoreError(
                    f"The database {address.shown!r} has no store of runs in the schema {schema!r}; check the URL, or "
                    "load runs into it first."
                )
            with connections.transaction() as connection:
                lock(connection, schema)
                if connection.execute(_FIND, (schema,)).fetchone() is None:  # Another process may have created them.
                    _create(connection, address)
        ((encoding, version, identity),) = connections.rows(
            f"SELECT current_setting('server_encoding'), version, identity FROM {schema}.store".encode()
        ) or ((None, None, None),)
        if version != VERSION:
            raise StoreError(
                f"The database {address.shown!r} has version {version} of the tables, and this threadruns reads "
                f"version {VERSION}; load the runs into another schema, or use the threadruns that wrote it."
            )
        if encoding != "UTF8":
            raise StoreError(f"The database {address.shown!r} has the encoding {encoding}; create one with UTF8.")
        return cls(schema, str(identity))


def lock(connection: LimitedConnection, schema: str) -> None:
    """Wait until no other process writes to the store; the lock is released at the end of the transaction."""
    key = zlib.crc32(schema.encode()) - (1 << 31)
    connection.execute(b"SELECT pg_advisory_xact_lock(%s::integer, %s::integer)", (LOCK, key))


def _create(connection: LimitedConnection, address: Address) -> None:
    # CREATE SCHEMA IF NOT EXISTS would need the permission to create schemas even if it exists.
    if connection.execute(b"SELECT 1 FROM pg_namespace WHERE nspname = %s", (address.schema,)).fetchone() is None:
        connection.execute(f"CREATE SCHEMA {address.schema}".encode())
    try:
        connection.execute(TABLES.format(schema=address.schema, version=VERSION).encode())
    except psycopg.errors.DuplicateTable:
        raise StoreError(
            f"The schema {address.schema!r} of the database {address.shown!r} has other tables with the names of "
            "those of a store; give another schema, as in ?schema=name."
        ) from None
