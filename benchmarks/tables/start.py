"""The cost of a new process: import, creating a client, the command line, and the first page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import data, peers
from benchmarks.bench import (
    HTTP_CLIENT,
    HTTPX,
    HTTPX2,
    OLD_SDK,
    OMITS,
    OURS,
    PARTICIPANTS,
    PYREQWEST,
    SDK,
    STOCK,
    Bench,
    Race,
    cpu,
    wall,
)
from benchmarks.processes import Cost, command
from benchmarks.report import Row, Table, at_most, ratio
from benchmarks.serve import KEY

THREAD = "thread_first"

OFFICIAL = """
from openai import OpenAI
client = OpenAI(api_key={key!r}, base_url={url!r})
page = client.beta.threads.runs.list({thread!r}, limit=100, extra_headers={{"OpenAI-Beta": "assistants=v1"}})
for run in page.data:
    print(run.id, run.status)
"""
SCRIPTS = {
    OURS: """
from threadruns import Client
client = Client(api_key={key!r}, base_url={url!r})
page = client.runs.list({thread!r})
for run in page.data:
    print(run.id, run.status)
""",
    STOCK: """
from threadruns_stock.api.runs import list_runs
from threadruns_stock.client import AuthenticatedClient
client = AuthenticatedClient({url!r}, {key!r})
for run in list_runs.sync({thread!r}, client=client, limit=100).data:
    print(run.id, run.status)
""",
    HTTPX: """
import httpx
client = httpx.Client(headers={{"Authorization": "Bearer " + {key!r}, "OpenAI-Beta": "assistants=v1"}})
page = client.get({url!r} + "/threads/" + {thread!r} + "/runs", params={{"limit": 100}}).raise_for_status().json()
for run in page["data"]:
    print(run["id"], run["status"])
""",
    HTTPX2: """
import httpx2
client = httpx2.Client(headers={{"Authorization": "Bearer " + {key!r}, "OpenAI-Beta": "assistants=v1"}})
page = client.get({url!r} + "/threads/" + {thread!r} + "/runs", params={{"limit": 100}}).raise_for_status().json()
for run in page["data"]:
    print(run["id"], run["status"])
""",
    HTTP_CLIENT: """
import json
from urllib.request import Request, urlopen
headers = {{"Authorization": "Bearer " + {key!r}, "OpenAI-Beta": "assistants=v1"}}
with urlopen(Request({url!r} + "/threads/" + {thread!r} + "/runs?limit=100", headers=headers)) as response:
    page = json.load(response)
for run in page["data"]:
    print(run["id"], run["status"])
""",
    PYREQWEST: """
from pyreqwest.simple.sync_request import pyreqwest_get
request = pyreqwest_get({url!r} + "/threads/" + {thread!r} + "/runs").query({{"limit": 100}}).bearer_auth({key!r})
page = request.header("OpenAI-Beta", "assistants=v1").error_for_status(True).send().json()
for run in page["data"]:
    print(run["id"], run["status"])
""",
    SDK: OFFICIAL,
    OLD_SDK: OFFICIAL,
}
"""Scripts of about five lines that print the first page."""

BARE = "bare Python"
IMPORT = "import threadruns"
CLIENT = "Client(...)"
HELP = "threadruns --help"
OWN = {
    BARE: ("-c", "pass"),
    IMPORT: ("-c", "import threadruns"),
    CLIENT: ("-c", "from threadruns import Client; Client(api_key='sk-bench', base_url='http://127.0.0.1:1/v1')"),
    HELP: ("-m", "threadruns", "--help"),
}


def measure(bench: Bench) -> Iterator[Table]:
    """Yield a table of the start of threadruns, and one of the first page."""
    rounds = bench.choose(12, 3)
    race = bench.race("start", {name: _running(Path(sys.executable), *words) for name, words in OWN.items()}, rounds)
    yield _start(race)
    url = bench.server(data.store("first", {THREAD: 2 * data.PAGE})).url

    def first_page(name: str) -> Cost:
        python = Path(sys.executable)
        if name != OURS or bench.peers:
            bench.require_peers()
            # An import of httpx imports rich and click too where they are installed, as the command line needs them.
            python = peers.python("client" if name == OURS else PARTICIPANTS[name][1] or "libraries")
        return command(python, "-W", "ignore", "-c", SCRIPTS[name].format(url=url, key=KEY, thread=THREAD))

    entrants = {name: lambda name=name: first_page(name) for name in SCRIPTS}
    yield _first_page(bench.race("first page", entrants, rounds))


def _running(python: Path, *words: str) -> Callable[[], Cost]:
    return lambda: command(python, *words)


def _start(race: Race[Cost]) -> Table:
    bare = race.best(BARE, cpu)
    table = Table(
        "Start",
        "CPU time of a process, best of all. That of bare Python is subtracted from the rows of import and Client.",
        [Row(BARE, _ms(bare), "ms")],
    )
    for name, bound in ((IMPORT, 15), (CLIENT, 20), (HELP, 80)):
        best = race.best(name, cpu)
        over = best if name == HELP or best is None or bare is None else best - bare
        table.rows.append(Row(name, _ms(over), "ms", target=at_most(bound), reason=race.missing.get(name, "")))
    return table


def _first_page(race: Race[Cost]) -> Table:
    table = Table("A script of five lines that prints the first page", "A whole process, best of all.")
    for kind, measure in (("CPU", cpu), ("wall", wall)):
        ours = race.best(OURS, measure)
        for name in SCRIPTS:
            best, reason = race.best(name, measure), race.missing.get(name, "")
            if name == OURS:
                stock = race.best(STOCK, measure)
                row = Row(f"{name}, {kind}", _ms(best), "ms", ratio(best, stock), f"x {STOCK}", at_most(1), reason)
            else:
                omits = OMITS.get(name, "")
                row = Row(f"{name}, {kind}", _ms(best), "ms", ratio(best, ours), f"x {OURS}", None, reason, omits)
            table.rows.append(row)
    return table


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
