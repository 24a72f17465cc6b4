"""The reference server as a separate process, with optional latency: ``python -m benchmarks.serve``."""

from __future__ import annotations

import argparse
import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from threadruns.server._app import application
from threadruns.server._endpoint import Endpoint
from threadruns.server._server import AppServer, listen
from threadruns.server._store import Store

KEY = "sk-bench"


class Delayed:
    """An application that delays each request, like a distant server.

    Args:
        app: The application.
        seconds: The delay.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request after the delay."""
        await asyncio.sleep(self._seconds)
        await self._app(scope, receive, send)


def main() -> None:
    """Serve a database on a free port until terminated, after printing the base URL."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    options = parser.parse_args()
    endpoint = Endpoint(Store(options.database), KEY)
    app = application(lambda: endpoint)
    host = AppServer(Delayed(app, options.latency) if options.latency else app, listen("127.0.0.1", 0))
    address, port = host.address
    print(f"http://{address}:{port}{Endpoint.base}", flush=True)
    host.run()


if __name__ == "__main__":
    main()
