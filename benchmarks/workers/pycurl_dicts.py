"""libcurl through pycurl, with orjson into dicts."""

from __future__ import annotations

import functools
from io import BytesIO
from urllib.parse import urlencode

import orjson
import pycurl
from _listing import RunCounter
from _protocol import serve


@functools.cache
def handle(key: str) -> pycurl.Curl:
    """Return a handle with its connection, which stays open."""
    curl = pycurl.Curl()
    curl.setopt(pycurl.HTTPHEADER, [f"Authorization: Bearer {key}", "OpenAI-Beta: assistants=v1"])
    return curl


def walk(url: str, key: str, thread: str) -> int:
    """Count the runs of a thread."""
    curl = handle(key)

    count = RunCounter()
    while not count.done:
        body = BytesIO()
        curl.setopt(pycurl.URL, f"{url}/threads/{thread}/runs?{urlencode(count.query)}")
        curl.setopt(pycurl.WRITEDATA, body)
        curl.perform()
        if curl.getinfo(pycurl.RESPONSE_CODE) != 200:
            raise ValueError(f"status {curl.getinfo(pycurl.RESPONSE_CODE)}")
        page = orjson.loads(body.getbuffer())
        count.add(page["data"], page["has_more"], page["last_id"])
    return count.runs


if __name__ == "__main__":
    serve("pycurl", "orjson", walk=walk)
