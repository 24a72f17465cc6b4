"""Check two correct servers behind real reverse proxies: each must conform.

    python -m tests.contract.gateways                every proxy that is installed
    python -m tests.contract.gateways nginx apache   these only

Each proxy runs from a temporary folder, on the loopback interface. Programs that are not installed are listed at the
end. Exits 1 if a correct server is reported.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.contract.another_server import serve_another
from tests.contract.gateways.configurations import GATEWAYS, Gateway
from tests.contract.servers import KEY, RUNS, THREADS
from threadruns.contract.check import check
from threadruns.contract.verdict import Outcome, Verdict
from threadruns.testing import serve

LONG_KEY = "sk-" + "k0" * 200
"""A key with which some requests are longer than what proxies accept."""


@contextmanager
def run(gateway: Gateway, server: int) -> Iterator[int]:
    """Run a proxy in front of a server on a port, and yield the port of the proxy."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)  # some programs give up their rights at the start
        with (folder / "output").open("w+") as output:
            process = subprocess.Popen(gateway.prepare(folder, port, server), stdout=output, stderr=output)
            try:
                for _ in range(100):
                    with socket.socket() as one:
                        if one.connect_ex(("127.0.0.1", port)) == 0:
                            break
                    if process.poll() is not None:
                        break
                    time.sleep(0.1)
                else:
                    process.kill()
                if process.poll() is not None:
                    output.seek(0)
                    raise RuntimeError(f"{gateway.program} does not run:\n{output.read()}")
                yield port
            finally:
                process.terminate()
                process.wait()


def check_behind(gateways: Mapping[str, Gateway], key: str, seeds: int) -> int:
    """Check both servers behind each proxy, and return the number of false alarms.

    Args:
        gateways: The proxies by name.
        key: The key of both servers.
        seeds: The number of seeds.
    """
    alarms = 0
    with serve(runs=RUNS, threads=THREADS, api_key=key) as ours, serve_another(THREADS, key) as another:
        for name, gateway in gateways.items():
            for kind, url in (("the reference server", ours.url), ("another server", another)):
                with run(gateway, urlsplit(url).port or 80) as port:
                    for seed in range(seeds):
                        report = check(f"http://127.0.0.1:{port}/v1", key, list(THREADS), seed=seed)
                        undecided = [result.rule.id for result in report.of(Outcome.UNDECIDED)]
                        alarms += report.verdict is not Verdict.CONFORMS
                        start = f"{name}, {kind}, key of {len(key)} characters, seed {seed}: {report.verdict}"
                        print(start, report.reason, *undecided, flush=True)
                        for failed in report.departures:
                            print(f"  {failed.rule.id}: {failed.observed}\n{failed.reproduce}")
    return alarms


def main() -> int:
    """Check both servers behind each proxy and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="beginnings of names; all by default")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds to try (default 3)")
    options = parser.parse_args()
    chosen = {
        name: gateway
        for name, gateway in GATEWAYS.items()
        if not options.names or any(name.startswith(start) for start in options.names)
    }
    missing = {gateway.program for gateway in chosen.values()} - set(filter(shutil.which, _programs()))
    present = {name: gateway for name, gateway in chosen.items() if gateway.program not in missing}
    alarms = check_behind(present, KEY, options.seeds) + check_behind(present, LONG_KEY, 1)
    for program in sorted(missing):
        print(f"{program} is not installed")
    print(f"{alarms} false alarms")
    return int(bool(alarms))


def _programs() -> set[str]:
    return {gateway.program for gateway in GATEWAYS.values()}


if __name__ == "__main__":
    sys.exit(main())
