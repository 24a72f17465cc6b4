"""Faults and variations: their options, their descriptions, and their effect."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.mutants.corpus import VARIATIONS
from tests.server.conftest import client
from tests.server.samples import KEY, get, name, runs, sample_store
from tests.support.limits import DEFAULT_LIMIT, MAX_LIMIT
from threadruns._cli.serve import command
from threadruns._document import validator
from threadruns.server._endpoint import Endpoint
from threadruns.server.store import Store
from threadruns.testing import plugin, serve
from threadruns.testing._schedule import MutationSchedule, ScheduledMutation, UnknownMutation
from threadruns.testing.faults import FAULTS
from threadruns.testing.mutations import Mutation

BOTH = {**FAULTS, **VARIATIONS}


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """Return a store with the sample threads."""
    with closing(sample_store()) as filled:
        yield filled


def request(http: httpx.Client, path: str, params: dict[str, str]) -> httpx.Response:
    """Request a page; a variation may have closed the connection after the last response, so that it fails once."""
    try:
        return http.get(path, params=params)
    except httpx.TransportError:
        return http.get(path, params=params)


@pytest.mark.parametrize("variation", VARIATIONS.values(), ids=lambda variation: variation.name)
def test_every_variation_keeps_the_document(variation: type[Mutation]) -> None:
    """With a variation, pages, errors and the iteration over a thread still follow the document."""
    with (
        serve(runs(), api_key=KEY, variations=[variation.name], catalogue=VARIATIONS) as server,
        client(server) as http,
    ):
        http.follow_redirects = True
        walked: list[str] = []
        query = {"limit": "20"}
        for _ in range(50):
            response = request(http, f"/threads/{name(MAX_LIMIT + 37)}/runs", query)
            page = response.json()
            if response.status_code == 429:
                assert response.headers["retry-after"]
                continue
            assert validator("RunList").is_valid(page)
            walked += [run["id"] for run in page["data"]]
            if not page["has_more"]:
                break
            query["after"] = page["last_id"]
        assert len(walked) == len(set(walked))
        assert MAX_LIMIT + 34 <= len(walked) <= MAX_LIMIT + 37
        refused = [request(http, f"/threads/{name(5)}/runs", {"limit": "0"}) for _ in range(2)]
        assert all(validator("ErrorResponse").is_valid(response.json()) for response in refused)


def test_every_mutation_has_a_description() -> None:
    """Each mutation has its own name and one sentence as its description."""
    assert len(BOTH) == len(FAULTS) + len(VARIATIONS)
    for known, mutation in BOTH.items():
        assert known == mutation.name
        assert mutation.description.endswith(".")
        assert "\n" not in mutation.description


@pytest.mark.parametrize(
    ("text", "applied"),
    [
        ("bare-array", [1, 2, 3, 4, 5, 6]),
        ("bare-array:every=3", [3, 6]),
        ("bare-array:first=2", [1, 2]),
        ("bare-array:every=2:first=4", [2, 4]),
        ("bare-array:p=0", []),
    ],
)
def test_options_choose_the_requests(store: Store, text: str, applied: list[int]) -> None:
    """`every` selects each nth request, `first` only the first ones, `p` a random part."""
    engine = MutationSchedule(Endpoint, [ScheduledMutation.parse(text, FAULTS)], store, KEY)
    bodies = [msgspec.json.decode(engine().handle(get(name(5))).body) for _ in range(6)]
    assert [number for number, body in enumerate(bodies, 1) if isinstance(body, list)] == applied


def test_chance_is_seeded(store: Store) -> None:
    """The same seed selects the same requests, and about as many as expected."""
    rule = ScheduledMutation.parse("bare-array:p=0.3", FAULTS)
    applied = [rule.applies_to(number, random.Random(number)) for number in range(1, 500)]
    assert applied == [rule.applies_to(number, random.Random(number)) for number in range(1, 500)]
    assert 100 < sum(applied) < 200
    engines = [MutationSchedule(Endpoint, [rule], store, KEY, seed=5) for _ in range(2)]
    first, second = ([type(engine()).__mro__[1].__name__ for _ in range(50)] for engine in engines)
    assert first == second


@pytest.mark.parametrize(
    "text", ["has-more-always-tru", "bare-array:evry=3", "bare-array:every=0", "bare-array:p=2", ""]
)
def test_unknown_fault_is_an_error(text: str) -> None:
    """An unknown name or option gives an error with the valid ones."""
    with pytest.raises(UnknownMutation, match=r"did you mean has-more-always-true|every|--list-faults"):
        ScheduledMutation.parse(text, FAULTS)


def test_mutations_are_combined(store: Store) -> None:
    """Several mutations apply to one request together."""
    rules = [ScheduledMutation.parse(text, BOTH) for text in ("charset", "has-more-always-false", "limit-ignored")]
    response = MutationSchedule(Endpoint, rules, store, KEY)().handle(get(name(DEFAULT_LIMIT + 1), "limit=2"))
    page = msgspec.json.decode(response.body)
    assert (len(page["data"]), page["has_more"]) == (DEFAULT_LIMIT, False)
    assert response.headers["content-type"].endswith("charset=utf-8")


def test_names_in_the_documentation_exist() -> None:
    """Every fault, variation and group in the documentation exists."""
    guide = (Path(__file__).parents[2] / "docs" / "server.md").read_text(encoding="utf-8")
    shown = "\n".join((guide, plugin.__doc__ or "", serve.__doc__ or "", command.help or ""))
    examples = re.findall(r'(?:--fault |--variation |faults=\[")([a-z][a-z0-9:=.-]+)', shown)
    assert len(examples) >= 5
    for example in examples:
        ScheduledMutation.parse(example, BOTH)
    groups = {
        group for row in re.findall(r"^\| (`[a-z_`, ]+) \|", guide, re.MULTILINE) for group in row.split("`")[1::2]
    }
    assert groups == {fault.group for fault in FAULTS.values()}
