"""Every fault changes a response."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.mutants.corpus import FAULTS, GROUPS
from tests.server.conftest import client
from tests.server.samples import KEY, name, runs, sample_requests, sample_store
from threadruns.server._endpoint import Endpoint
from threadruns.server._messages import ServerResponse
from threadruns.server.store import Store
from threadruns.testing import serve
from threadruns.testing._schedule import MutationSchedule, ScheduledMutation
from threadruns.testing.mutations import Mutation

REQUESTS = sample_requests()


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """Return a store with the sample threads."""
    with closing(sample_store()) as filled:
        yield filled


@pytest.fixture(scope="module")
def correct(store: Store) -> list[ServerResponse]:
    """Return the responses of a correct server to the sample requests."""
    return [Endpoint(store, KEY).handle(request) for request in REQUESTS]


def on_the_wire(mutation: type[Mutation]) -> bool:
    """Return whether a mutation replaces the sending of the response."""
    return mutation.send is not Endpoint.send


@pytest.mark.parametrize("group", sorted({*GROUPS.values()} - {"transport"}))
def test_every_fault_of_a_group_changes_a_response(store: Store, correct: list[ServerResponse], group: str) -> None:
    """Each fault of the group changes a response to one of the sample requests."""
    faults = [fault for name, fault in FAULTS.items() if GROUPS[name] == group and not on_the_wire(fault)]
    assert len(faults) >= 5
    hidden = []
    for fault in faults:
        engine = MutationSchedule(Endpoint, [ScheduledMutation(fault)], store, KEY)
        if all(engine().handle(request) == response for request, response in zip(REQUESTS, correct, strict=True)):
            hidden.append(fault.name)
    assert hidden == []


@pytest.mark.parametrize(
    "fault", [FAULTS[name] for name, group in GROUPS.items() if group == "protocol" and on_the_wire(FAULTS[name])]
)
def test_every_fault_of_framing_is_an_error(fault: type[Mutation]) -> None:
    """Each fault of framing gives an error of the protocol or an invalid body."""
    with serve(runs()[:6], faults=[fault.name], catalogue=FAULTS, api_key=KEY) as server, client(server) as http:
        outcomes = set()
        for _ in range(40):
            try:
                outcomes.add(http.get(f"/threads/{name(1)}/runs").json()["last_id"])
            except (httpx.TransportError, ValueError) as error:
                outcomes.add(type(error))
                break
        assert any(isinstance(outcome, type) for outcome in outcomes)
