"""A pytest fixture that gives reference servers and stops them after the test.

Name this module in a ``conftest.py``, and a test can ask for as many servers as it needs::

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
    """Give a function that starts a server; its arguments are those of ``threadruns.testing.serve``."""
    with ExitStack() as stack:

        def start(*args: Any, **kwargs: Any) -> RunningServer:
            return stack.enter_context(serve(*args, **kwargs))

        yield start
