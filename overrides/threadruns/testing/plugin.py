"""A pytest fixture that starts reference servers and stops them after the test.

Name this module in a ``conftest.py``; a test can then start several servers::

    pytest_plugins = ["threadruns.testing.plugin"]


    def test_lists(runs_server):
        server = runs_server(runs=[...], faults=["resets-without-response:every=2"])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from threadruns.testing import RunningServer, serve


@pytest.fixture
def runs_server() -> Iterator[Callable[..., RunningServer]]:
    """Return a function that starts a server, with the arguments of ``threadruns.testing.serve``."""
    with ExitStack() as stack:

        def start(*args: Any, **kwargs: Any) -> RunningServer:
            return stack.enter_context(serve(*args, **kwargs))

        yield start
