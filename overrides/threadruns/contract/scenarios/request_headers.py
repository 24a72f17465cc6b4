"""Beta headers that must be rejected, and headers that must make no difference."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from threadruns.contract.bounds import MIN_LIMIT
from threadruns.contract.http.request import PageQuery, ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.scenarios import Scenario
from threadruns.contract.scenarios.expectations import WRONG_KEY
from threadruns.contract.scenarios.known_thread import KnownThread


def invalid_beta_headers(thread: KnownThread, beta: str) -> Iterator[tuple[str, ProbeRequest]]:
    """Yield requests whose beta header must be rejected, each with its rule.

    Args:
        thread: A thread that exists.
        beta: The value that the server accepts.
    """
    plain = ProbeRequest(thread.segment)
    yield "beta.required", evolve(plain, beta=None)
    yield "beta.required", evolve(plain, beta="")
    if thread.newest_first:
        after = PageQuery(limit=MIN_LIMIT, after=thread.newest_first[0])
        yield "beta.required", evolve(plain, beta=None, query=after.pairs())
    yield "beta.required", evolve(plain, beta=None, query=PageQuery(order="asc").pairs())
    places = ("OpenAI-Beta", "openai-beta", "openai_beta", "beta")
    yield "beta.required", evolve(plain, beta=None, query=tuple((place, beta) for place in places))
    name, _, version = beta.rpartition("=")
    other = f"{name}=v2" if version == "v1" else f"{name}=v1"
    for value in (other, f"{name}=v0", "threads=v1", f"{name}=v999"):
        yield "beta.version", evolve(plain, beta=value)
    for value in (
        *(f"{beta}x", f"x{beta}", f"{beta}0", f"{beta}.1", beta.upper(), beta.title(), version, name, f"{name}="),
        *(f"{beta}, {other}", f"{other},{beta}", f"{beta} {other}", f'"{beta}"', f"{name} = {version}", f"{beta};"),
    ):
        yield "beta.whole", evolve(plain, beta=value)


def equivalent_headers(thread: KnownThread, beta: str) -> Iterator[tuple[str, ProbeRequest]]:
    """Yield requests that must return a page like the plain one, each with its rule."""
    plain = ProbeRequest(thread.segment)
    for scheme in ("bearer", "BEARER", "bEaReR"):
        yield "auth.scheme-case", evolve(plain, authorization=scheme + " {key}")
    yield "beta.name-case", evolve(plain, beta=None, headers=(("openai-beta", beta),))
    yield "beta.name-case", evolve(plain, beta=None, headers=(("OPENAI-BETA", beta),))
    yield "beta.name-case", evolve(plain, authorization=None, secret_headers=(("authorization", "Bearer {key}"),))
    yield "protocol.conditional", evolve(plain, headers=(("If-None-Match", '"threadruns-never-was"'),))
    yield "protocol.connections", evolve(plain, headers=(("Connection", "close"),))
    yield "protocol.connections", evolve(plain, headers=(("Accept", "application/json"),))
    yield "protocol.coding", evolve(plain, headers=(("Accept-Encoding", "gzip"),))
    yield "protocol.request-type", evolve(plain, headers=(("Content-Type", "application/json"),))
    yield "protocol.accept", evolve(plain, headers=(("Accept", "text/html"),))


def compare_error_codes(thread: KnownThread) -> Scenario:
    """Send a wrong key, and no beta header: clients recognise each by its error code."""
    wrong = yield ProbeRequest(thread.segment, authorization=f"Bearer {WRONG_KEY}")
    bare = yield ProbeRequest(thread.segment, PageQuery(limit=MIN_LIMIT).pairs(), beta=None)
    findings: list[Finding] = []
    if bare.status == 400 and "param" in bare.error:
        param = bare.error["param"]
        right = param is None or str(param).lower() == "openai-beta"
        problem = None if right else f"param is {param!r} for a missing beta header, expected null"
        findings.append(Finding("error.param", problem, bare))
    for exchange, status, code in ((wrong, 401, "invalid_api_key"), (bare, 400, "invalid_beta")):
        if exchange.status == status and exchange.error:
            found = exchange.error.get("code")
            problem = None if found == code else f"code is {found!r}, expected {code!r}"
            findings.append(Finding("error.code", problem, exchange))
    return findings
