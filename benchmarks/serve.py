"""The reference server as a separate process, with optional latency: ``python -m benchmarks.serve``."""

from __future__ import annotations

import argparse
import asyncio

from threadruns.server._app import Application
from threadruns.server._endpoint import Endpoint
from threadruns.server._messages import ServerResponse
from threadruns.server._response_writer import ResponseWriter
from threadruns.server._server import AppServer, bind, fastest_loop
from threadruns.server.store import open_store
from threadruns.testing._application import REMOTE_THREADS

KEY = "sk-bench"


class DelayedEndpoint(Endpoint):
    """An endpoint that delays each response, like a distant server."""

    seconds = 0.0

    async def send(self, response: ServerResponse, writer: ResponseWriter) -> None:
        """Send the response after the delay."""
        await asyncio.sleep(self.seconds)
        await super().send(response, writer)


def main() -> None:
    """Serve a database on a free port until terminated, after printing the base URL."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    options = parser.parse_args()
    DelayedEndpoint.seconds = options.latency
    store = open_store(options.database)
    endpoint = (DelayedEndpoint if options.latency else Endpoint)(store, KEY)
    app = Application(lambda: endpoint, KEY, threads=REMOTE_THREADS if store.remote else 0)
    host = AppServer(app, bind("127.0.0.1", 0), fastest_loop)
    host.listen()
    address, port = host.address
    print(f"http://{address}:{port}{Endpoint.base}", flush=True)
    host.run()


if __name__ == "__main__":
    main()
