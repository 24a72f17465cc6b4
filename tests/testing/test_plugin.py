"""The pytest plugin: each test gets servers of its own, which stop after it."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

pytest_plugins = ["pytester"]


def test_fixture_starts_and_stops_servers(pytester: pytest.Pytester) -> None:
    """A test with the plugin can start several servers, each with faults of its own."""
    pytester.makeconftest('pytest_plugins = ["threadruns.testing.plugin"]')
    pytester.makepyfile(
        """
        import httpx

        def test_two(runs_server):
            good, bad = runs_server(threads=["thread_x"]), runs_server(threads=["thread_x"], faults=["bare-array"])
            for server, kind in ((good, dict), (bad, list)):
                headers = {"authorization": f"Bearer {server.api_key}", "openai-beta": "assistants=v1"}
                assert type(httpx.get(f"{server.url}/threads/thread_x/runs", headers=headers).json()) is kind
            with open("url", "w") as file:
                file.write(good.url)
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    address = urlsplit((pytester.path / "url").read_text())
    # Not with httpx: pytester forgets modules that are first imported within a test, as httpx imports httpcore.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port))
