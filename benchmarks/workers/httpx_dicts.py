"""The lower bound of a client on httpx, or on the library that is named as the argument: orjson into dicts."""

from __future__ import annotations

import sys
from importlib import import_module

import orjson
from _httpx import serve_walks

NAME = sys.argv[1] if len(sys.argv) > 1 else "httpx"

if __name__ == "__main__":
    serve_walks(
        import_module(NAME),
        NAME,
        "orjson",
        parse=orjson.loads,
        page_of=lambda page: (page["data"], page["has_more"], page["last_id"]),
    )
