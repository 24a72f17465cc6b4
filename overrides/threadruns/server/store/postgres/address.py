"""The URL of a PostgreSQL database, and the part of it that may be shown.

A password is part of the URL, so nothing that is printed or logged is made from it: not the messages of libpq about a
URL either, because they quote the part that could not be read.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from attrs import field, frozen
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from threadruns.server.store.errors import StoreError

SCHEMA = "threadruns"
"""The schema of the tables, unless the URL names another one as ``schema``."""

CONNECT_SECONDS = 3
"""The time limit for a connection to each address of the server, unless the URL has ``connect_timeout``."""

DEFAULTS = {
    "application_name": "threadruns",
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""The settings of a connection, unless the URL has them: a dead server is noticed by TCP within half a minute."""

_SPECIAL = "percent-encode special characters of the user name and the password, such as %40 for @"
_AUTHORITY = re.compile(
    r"(?:[^@]*@)?(?:[^@:\[\]]*|\[[^@\[\]]*\])(?::[0-9]*)?(?:,(?:[^@:\[\]]*|\[[^@\[\]]*\])(?::[0-9]*)?)*"
)


@frozen
class Address:
    """A PostgreSQL database, and the schema of the tables in it.

    Attributes:
        conninfo: The parameters of a connection, with the password.
        schema: The schema.
        shown: The URL without its password and parameters.
    """

    conninfo: str = field(repr=False)
    schema: str
    shown: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """Return the address that a URL names.

        Raises:
            StoreError: The URL is invalid; the message has no part of it that may be a password.
        """
        if re.search("[\ud800-\udfff]", url):
            raise StoreError("The URL of the PostgreSQL database is not UTF-8; percent-encode its special characters.")
        scheme, _, rest = url.partition("://")
        authority = re.match(r"[^/?]*", rest)
        assert authority is not None
        if not _AUTHORITY.fullmatch(authority[0]) or "@" in rest[authority.end() :]:
            raise StoreError(f"The URL of the PostgreSQL database cannot be read; {_SPECIAL}.")
        head, _, query = rest.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        schema = dict(pairs).get("schema", SCHEMA)
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", schema):
            raise StoreError(
                f"The schema {schema!r} in the URL of the database is not supported; "
                "use lower-case letters, digits and underscores."
            )
        known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
        for name, _ in pairs:
            if name not in known and name not in ("schema", "ssl"):
                raise StoreError(f"The URL of the database has the unknown parameter {name!r}; omit it.")
        others = urlencode([pair for pair in pairs if pair[0] != "schema"], quote_via=quote)
        try:
            given = conninfo_to_dict(f"{scheme}://{head}?{others}")
        except (psycopg.Error, UnicodeError):  # Such as %FF in the name of the user.
            raise StoreError(f"The URL of the PostgreSQL database cannot be read; {_SPECIAL}.") from None
        shown = "postgresql://"
        if given.get("user"):
            shown += f"{quote(str(given['user']), safe='')}@"
        shown += _shown_host(str(given.get("host") or ""), str(given.get("port") or ""))
        if given.get("dbname"):
            shown += f"/{quote(str(given['dbname']), safe='')}"
        if schema != SCHEMA:
            shown += f"?schema={schema}"
        # The encoding is that of the tables, whatever the environment says.
        parameters: dict[str, Any] = {**DEFAULTS, **given, "client_encoding": "UTF8"}
        return cls(make_conninfo("", **parameters), schema, shown)


def _shown_host(host: str, port: str) -> str:
    hosts = [f"[{name}]" if ":" in name else quote(name, safe="") for name in host.split(",")]
    ports = port.split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    return ",".join(f"{name}:{number}" if number else name for name, number in zip(hosts, ports, strict=False))
