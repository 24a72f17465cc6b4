"""The standard library: http.client with orjson into dicts, over one connection a walk."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import orjson
from _listing import RunCounter
from _protocol import serve


def walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    parts = urlsplit(url)
    # A server closes an idle connection, and http.client does not make another one by itself.
    opened = HTTPConnection(parts.netloc)
    headers = {"Authorization": f"Bearer {key}", "OpenAI-Beta": "assistants=v1"}

    count = RunCounter()
    while not count.done:
        opened.request("GET", f"{parts.path}/threads/{thread}/runs?{urlencode(count.query)}", headers=headers)
        response = opened.getresponse()
        body = response.read()
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        page = orjson.loads(body)
        count.add(page["data"], page["has_more"], page["last_id"])
    opened.close()
    return count.runs


if __name__ == "__main__":
    serve("orjson", walk=walk)
