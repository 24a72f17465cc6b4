"""Requests that schemathesis generates from the document, with ids of existing threads and runs.

schemathesis generates the requests and judges the responses; the probe sends them, within its limits. The other
scenarios judge what schemathesis cannot: which page is the right one.
"""

# schemathesis leaves some of its type parameters out.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import copy
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode, checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup

from threadruns import _document
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.finding import Finding
from threadruns.contract.scenarios import Scenario
from threadruns.contract.scenarios.known_thread import KnownThread

MAX_GENERATED = 45
"""Maximum number of valid requests, and of invalid ones; duplicates are sent once."""

MIN_GENERATED = 10
"""The number of requests that are sent even if few remain."""

SCHEMATHESIS_CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.positive_data_acceptance,
    checks.negative_data_rejection,
]
"""The checks of schemathesis that judge one response; the others send requests of their own."""

_BASE = "http://server.invalid"

_Generated = tuple[Case[Any], ProbeRequest]
"""A case of schemathesis with its request."""


def run_generated(
    threads: Sequence[KnownThread], random_seed: int, enough: Callable[[], bool], seconds: float
) -> Scenario:
    """Send generated requests, and let schemathesis judge the responses.

    The scenario repeats a request to confirm a failure.

    Args:
        threads: The threads whose ids and runs occur in the requests.
        random_seed: The seed of the generation.
        enough: Returns whether to stop after the first few requests.
        seconds: Maximum time for the generation.
    """
    findings: list[Finding] = []
    ends = (run_id for thread in threads for run_id in thread.newest_first[:3] + thread.newest_first[-3:])
    ids = tuple(dict.fromkeys(ends))
    cases = _within(seconds, lambda: _generate(tuple(thread.id for thread in threads), ids, random_seed))
    for number, (case, request) in enumerate(cases):
        if number >= MIN_GENERATED and enough():
            break
        exchange = yield request
        problem = _schemathesis_problem(case, exchange)
        if problem is not None:
            exchange = yield request
            problem = _schemathesis_problem(case, exchange)
        findings.append(Finding("generated.answers", problem, exchange))
        if problem is not None:
            break
    return findings


def _within(seconds: float, generate: Callable[[], list[_Generated]]) -> list[_Generated]:
    """Generate requests in another thread; none, if it takes too long."""
    generated: Future[list[_Generated]] = Future()

    def run() -> None:
        try:
            generated.set_result(generate())
        except Exception as error:
            generated.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return generated.result(seconds)
    except TimeoutError:
        return []


@lru_cache(maxsize=8)  # slow, and test suites check many servers with the same threads
def _generate(threads: tuple[str, ...], ids: tuple[str, ...], random_seed: int) -> list[_Generated]:
    options: dict[str, Any] = {
        # The probe adds the credentials.
        "generation": {"with-security-parameters": False},
        # The status for a well-formed cursor that names no run may be 400 or 404.
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "401", "403", "404", "409", "429", "5xx"]}
        },
        "dictionaries": {"threads": {"values": list(threads)}},
        "parameters": {"path.thread_id": {"dictionary": "threads", "probability": 0.95}},
    }
    if ids:
        options["dictionaries"]["cursors"] = {"values": list(ids)}
        for name in ("query.after", "query.before"):
            options["parameters"][name] = {"dictionary": "cursors", "probability": 0.7}
    document = copy.deepcopy(_document.document())
    for operation in document["paths"].values():
        operation["get"].pop("security", None)
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(options))
    operation = schema[_document.PATH]["GET"]
    cases: dict[ProbeRequest, Case[Any]] = {}
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @seed(random_seed)
        @settings(
            max_examples=MAX_GENERATED,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def collect(case: Case[Any]) -> None:
            request = _request(case)
            if request is not None:
                cases.setdefault(request, case)

        with warnings.catch_warnings():
            # Hypothesis warns about its strategy when another thread uses the random module.
            warnings.simplefilter("ignore")
            collect()
    return [(case, request) for request, case in cases.items()]


def _request(case: Case[Any]) -> ProbeRequest | None:
    """Return the case as a request; None if HTTP cannot transport it unchanged."""
    arguments = case.as_transport_kwargs(base_url=_BASE)
    try:
        prepared = requests.Request(
            case.method, arguments["url"], headers=arguments["headers"], params=arguments.get("params")
        ).prepare()
        url = urlsplit(prepared.url or "")
        segment = url.path.removeprefix("/threads/").removesuffix("/runs")
        query = tuple(parse_qsl(url.query, keep_blank_values=True, errors="strict"))
        given_headers = dict(case.headers or {})
        beta = given_headers.pop("OpenAI-Beta", None)
        for name, value in (*given_headers.items(), ("OpenAI-Beta", beta or "")):
            f"{name}{value}".encode("ascii")
    except (ValueError, requests.RequestException):
        return None
    if not segment or "/" in segment or unquote_to_bytes(segment) in (b".", b".."):
        return None
    # Other generated headers are left out: they may have a meaning for a server that does more than the document.
    return ProbeRequest(segment, query, method=case.method, beta=beta)


def _schemathesis_problem(case: Case[Any], exchange: Exchange) -> str | None:
    if exchange.failure is not None:
        return None  # judge_response reports it: the response is not complete
    headers: dict[str, list[str]] = {}
    for name, value in exchange.headers:
        headers.setdefault(name, []).append(value)
    response = schemathesis.Response(
        status_code=exchange.status,
        headers=headers,
        content=exchange.body,
        request=requests.Request(case.method, _BASE + exchange.request.target_with("")).prepare(),
        elapsed=exchange.seconds,
        verify=True,
    )
    try:
        case.validate_response(response, checks=SCHEMATHESIS_CHECKS)
    except FailureGroup as group:
        return "; ".join(_failure_text(failure) for failure in group.exceptions)
    except Failure as failure:
        return _failure_text(failure)
    return None


def _failure_text(failure: Failure) -> str:
    return f"{failure.title}: {failure.message.splitlines()[0] if failure.message else ''}".rstrip(": ")
