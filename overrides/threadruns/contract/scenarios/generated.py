"""Requests that schemathesis makes from the document, with real ids and cursors among them, sent through the probe.

schemathesis generates and judges; the probe sends, so that the bounds on time, size and number hold and the key goes
nowhere else. What schemathesis does not judge is which page an answer should be: that is for the other conversations.
"""

# What schemathesis types as generic it leaves open in places.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
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

MAX_GENERATED = 50
"""How many requests of each kind, right and wrong, are drawn; the same one is sent once."""


MIN_GENERATED = 10
"""How many of them are sent even if little is left of the bounds."""


SCHEMATHESIS_CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.positive_data_acceptance,
    checks.negative_data_rejection,
]
"""The checks of schemathesis that judge one answer; those left out send requests of their own."""


_BASE = "http://server.invalid"


def run_generated(threads: Sequence[KnownThread], random_seed: int, enough: Callable[[], bool]) -> Scenario:
    """Send what schemathesis makes of the document and have it judge the answers.

    A suspicion is asked again here, so a finding needs no confirmation.

    Args:
        threads: The threads whose ids and runs are fed in.
        random_seed: Decides what is drawn.
        enough: Says when no more should be sent than has to be.
    """
    findings: list[Finding] = []
    ends = (run_id for thread in threads for run_id in thread.newest_first[:3] + thread.newest_first[-3:])
    drawn = _draw_cases(tuple(thread.id for thread in threads), tuple(dict.fromkeys(ends)), random_seed)
    for number, (case, request) in enumerate(drawn):
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


@lru_cache(maxsize=8)  # drawing takes longer than all else, and suites check many servers with the same threads
def _draw_cases(
    threads: tuple[str, ...], ids: tuple[str, ...], random_seed: int
) -> list[tuple[Case[Any], ProbeRequest]]:
    options: dict[str, Any] = {
        # The probe presents the credentials.
        "generation": {"with-security-parameters": False},
        # A well-formed cursor that names no run may be answered 400 as well as 404.
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
    drawn: dict[ProbeRequest, Case[Any]] = {}
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
                drawn.setdefault(request, case)

        with warnings.catch_warnings():
            # Hypothesis takes what other threads draw from the random module for the doing of a strategy.
            warnings.simplefilter("ignore")
            collect()
    return [(case, request) for request, case in drawn.items()]


def _request(case: Case[Any]) -> ProbeRequest | None:
    """Return the case as a request; None if HTTP could not carry it as it is."""
    arguments = case.as_transport_kwargs(base_url=_BASE)
    try:
        prepared = requests.Request(
            case.method, arguments["url"], headers=arguments["headers"], params=arguments.get("params")
        ).prepare()
        where = urlsplit(prepared.url or "")
        segment = where.path.removeprefix("/threads/").removesuffix("/runs")
        query = tuple(parse_qsl(where.query, keep_blank_values=True, errors="strict"))
        given_headers = dict(case.headers or {})
        beta = given_headers.pop("OpenAI-Beta", None)
        for name, value in (*given_headers.items(), ("OpenAI-Beta", beta or "")):
            f"{name}{value}".encode("ascii")
    except (ValueError, requests.RequestException):
        return None
    if not segment or "/" in segment or unquote_to_bytes(segment) in (b".", b".."):
        return None
    # Headers that nobody asked about could mean something to a server that does more than the document says.
    return ProbeRequest(segment, query, method=case.method, beta=beta)


def _schemathesis_problem(case: Case[Any], exchange: Exchange) -> str | None:
    if exchange.failure is not None:
        return None  # judged as what it is: an answer that never came
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
