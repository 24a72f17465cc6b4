"""The catalogues: every fault shows, every variation keeps the contract, and each strikes when it is told to."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.server.battery import KEY, battery, get, name, runs
from tests.server.conftest import client
from threadruns._cli.serve import command
from threadruns._document import validator
from threadruns.server._deviations import Deviation
from threadruns.server._endpoint import Endpoint
from threadruns.server._engine import Engine, Rule, UnknownDeviation
from threadruns.server._exchange import Answer
from threadruns.server._store import Store
from threadruns.server.faults import catalogue as fault_catalogue
from threadruns.server.variations import catalogue as variation_catalogue
from threadruns.testing import plugin, serve

ISSUE_GROUPS = (
    "schema",
    "limit",
    "order",
    "cursor",
    "has_more",
    "ids",
    "data",
    "auth",
    "beta",
    "protocol",
    "error",
    "method",
)
REQUESTS = battery()
BOTH = {**fault_catalogue(), **variation_catalogue()}


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """Give the threads of the battery."""
    filled = Store()
    filled.add(runs())
    filled.declare(name(0))
    yield filled
    filled.close()


@pytest.fixture(scope="module")
def correct(store: Store) -> list[Answer]:
    """Give what a correct server answers to the battery."""
    return [Endpoint(store, KEY).answer(request) for request in REQUESTS]


def on_the_wire(deviation: type[Deviation]) -> bool:
    """Return whether a deviation shows only in how an answer is sent."""
    return deviation.deliver is not Endpoint.deliver


@pytest.mark.parametrize("group", ISSUE_GROUPS)
def test_every_fault_of_a_group_shows(store: Store, correct: list[Answer], group: str) -> None:
    """Each fault changes an answer, so none is a fault in name only."""
    faults = [fault for fault in fault_catalogue().values() if fault.group == group and not on_the_wire(fault)]
    assert len(faults) >= 5
    hidden = []
    for fault in faults:
        engine = Engine((Endpoint,), [Rule(fault)], store, KEY)
        if all(engine().answer(request) == answer for request, answer in zip(REQUESTS, correct, strict=True)):
            hidden.append(fault.name)
    assert hidden == []


@pytest.mark.parametrize("fault", [f for f in fault_catalogue().values() if f.group == "protocol" and on_the_wire(f)])
def test_every_fault_of_framing_shows(fault: type[Deviation]) -> None:
    """What is broken on the wire is an error of the protocol, or another body, for a client that looks."""
    with serve(runs()[:6], faults=[fault.name], api_key=KEY) as server, client(server) as http:
        outcomes = set()
        for _ in range(40):
            try:
                outcomes.add(http.get(f"/threads/{name(1)}/runs").json()["last_id"])
            except (httpx.TransportError, ValueError) as error:
                outcomes.add(type(error))
                break
        assert any(isinstance(outcome, type) for outcome in outcomes)


@pytest.mark.parametrize("variation", variation_catalogue().values(), ids=lambda variation: variation.name)
def test_every_variation_keeps_the_document(variation: type[Deviation]) -> None:
    """A variation changes an answer, and pages, errors and the walk over a thread stay what the document says."""
    with serve(runs(), api_key=KEY, variations=[variation.name]) as server, client(server) as http:
        walked: list[str] = []
        query = {"limit": "20"}
        for _ in range(50):
            answer = http.get(f"/threads/{name(137)}/runs", params=query)
            page = answer.json()
            if answer.status_code == 429:
                assert answer.headers["retry-after"]
                continue
            assert validator("RunList").is_valid(page)
            walked += [run["id"] for run in page["data"]]
            if not page["has_more"]:
                break
            query["after"] = page["last_id"]
        assert len(walked) == len(set(walked))
        assert 134 <= len(walked) <= 137
        refused = [http.get(f"/threads/{name(5)}/runs", params={"limit": "0"}) for _ in range(2)]
        assert all(validator("ErrorResponse").is_valid(answer.json()) for answer in refused)


def test_every_deviation_says_what_it_does() -> None:
    """Each is listed once, under its own name, with one sentence that ends like one."""
    assert len(BOTH) == len(fault_catalogue()) + len(variation_catalogue())
    for known, deviation in BOTH.items():
        assert known == deviation.name
        assert deviation.says.endswith(".")
        assert "\n" not in deviation.says


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("bare-array", [1, 2, 3, 4, 5, 6]),
        ("bare-array:every=3", [3, 6]),
        ("bare-array:first=2", [1, 2]),
        ("bare-array:every=2:first=4", [2, 4]),
        ("bare-array:p=0", []),
    ],
)
def test_options_choose_the_requests(store: Store, text: str, struck: list[int]) -> None:
    """`every` strikes each nth request, `first` only the first ones, `p` some."""
    engine = Engine((Endpoint,), [Rule.read(text, fault_catalogue())], store, KEY)
    bodies = [msgspec.json.decode(engine().answer(get(name(5))).body) for _ in range(6)]
    assert [number for number, body in enumerate(bodies, 1) if isinstance(body, list)] == struck


def test_chance_is_seeded(store: Store) -> None:
    """The same seed strikes the same requests, and about as many as it should."""
    rule = Rule.read("bare-array:p=0.3", fault_catalogue())
    struck = [rule.strikes(number, random.Random(number)) for number in range(1, 500)]
    assert struck == [rule.strikes(number, random.Random(number)) for number in range(1, 500)]
    assert 100 < sum(struck) < 200
    engines = [Engine((Endpoint,), [rule], store, KEY, seed=5) for _ in range(2)]
    first, second = ([type(engine()).__mro__[1].__name__ for _ in range(50)] for engine in engines)
    assert first == second


@pytest.mark.parametrize(
    "text", ["has-more-always-tru", "bare-array:evry=3", "bare-array:every=0", "bare-array:p=2", ""]
)
def test_unknown_fault_is_told(text: str) -> None:
    """A name or option that does not exist is refused with what can be given instead."""
    with pytest.raises(UnknownDeviation, match=r"did you mean has-more-always-true|every|--list-faults"):
        Rule.read(text, fault_catalogue())


def test_deviations_are_combined(store: Store) -> None:
    """Several faults strike one request together."""
    rules = [Rule.read(text, BOTH) for text in ("charset", "has-more-inverted", "limit-plus-one")]
    answer = Engine((Endpoint,), rules, store, KEY)().answer(get(name(21), "limit=2"))
    page = msgspec.json.decode(answer.body)
    assert (len(page["data"]), page["has_more"]) == (3, False)
    assert answer.headers["content-type"].endswith("charset=utf-8")


def test_names_in_the_documentation_exist() -> None:
    """Whatever is shown as a fault or a variation to switch on can be switched on."""
    guide = (Path(__file__).parents[2] / "docs" / "server.md").read_text(encoding="utf-8")
    shown = "\n".join((guide, plugin.__doc__ or "", serve.__doc__ or "", command.help or ""))
    examples = re.findall(r'(?:--fault |--variation |faults=\[")([a-z][a-z0-9:=.-]+)', shown)
    assert len(examples) >= 5
    for example in examples:
        Rule.read(example, BOTH)
    groups = {
        group for row in re.findall(r"^\| (`[a-z_`, ]+) \|", guide, re.MULTILINE) for group in row.split("`")[1::2]
    }
    assert groups == {fault.group for fault in fault_catalogue().values()}
