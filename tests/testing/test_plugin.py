"""The pytest plugin: a test gets servers of its own, and they are gone after it."""

from __future__ import annotations

import httpx
import pytest

pytest_plugins = ["pytester"]


def test_fixture_starts_and_stops_servers(pytester: pytest.Pytester) -> None:
    """A test that names the plugin may start several servers, each with faults of its own."""
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
    with pytest.raises(httpx.ConnectError):
        httpx.get((pytester.path / "url").read_text())
