"""The rules as checks of schemathesis: one judges each response, the other the server after the run.

Importing this module registers both. The second one checks the server on the threads that schemathesis reached.
"""

# schemathesis leaves some of its type parameters out.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportUntypedClassDecorator=false

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import schemathesis
from schemathesis import Case, CheckContext, Response

from threadruns import _document
from threadruns.contract.check import check
from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.responses import judge_response
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.rules.rule import Severity


def _is_list_runs(case: Case[Any]) -> bool:
    return case.operation.path == _document.PATH and case.method == "GET"


@schemathesis.check
class ResponseContract:
    """A check of each response by itself: framing, JSON, schema, ids, and the rules over one run."""

    def after_response(self, _ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Judge one response."""
        if not _is_list_runs(case):
            return
        headers = tuple(
            (name.lower(), value)
            for name, values in response.headers.items()
            for value in values
            # schemathesis has decoded the body, so these headers no longer describe it.
            if name.lower() not in ("content-length", "content-encoding")
        )
        exchange = Exchange(ProbeRequest("_"), response.status_code, headers, response.content)
        problems = [
            f"{finding.rule}: {finding.problem}"
            for finding in judge_response(exchange)
            if finding.problem is not None and RULES[finding.rule].severity is Severity.DEPARTURE
        ]
        if problems:
            raise AssertionError("\n".join(problems))


@schemathesis.check
class ServerContract:
    """A check of the whole server after the run, on the threads that the run reached.

    Args:
        max_requests: Maximum number of requests.
        max_threads: Maximum number of threads to read.
    """

    def __init__(self, max_requests: int = 600, max_threads: int = 8) -> None:
        self._max_requests = max_requests
        self._max_threads = max_threads
        self._reached: dict[str, None] = {}
        self._credentials: tuple[str, str, str] | None = None

    def after_response(self, _ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Record the thread that was reached, and the base URL, key and beta header of the request."""
        if not _is_list_runs(case) or response.status_code != 200:
            return
        sent = response.request
        authorization = str(sent.headers.get("Authorization", ""))
        path = (sent.url or "").partition("?")[0]
        base_url, _, rest = path.rpartition("/threads/")
        if not authorization.startswith("Bearer ") or not rest.endswith("/runs"):
            return
        beta = str(sent.headers.get("OpenAI-Beta", ""))
        self._credentials = base_url, authorization.removeprefix("Bearer "), beta
        self._reached[unquote(rest.removesuffix("/runs"))] = None

    def after_run(self, _ctx: CheckContext) -> None:
        """Check the server."""
        if self._credentials is None:
            raise AssertionError(
                "no thread was reached, so only the form of errors was judged; give a thread id as an example, or set "
                'parameters = { "path.thread_id" = "thread_..." } in schemathesis.toml'
            )
        base_url, key, beta = self._credentials
        threads = list(self._reached)[: self._max_threads]
        report = check(base_url, key, threads, beta=beta, max_requests=self._max_requests)
        if report.departures:
            raise AssertionError(
                "\n\n".join(
                    f"{failed.rule.id}: {failed.rule.description}\n{failed.observed}\n{failed.reproduce}"
                    for failed in report.departures
                )
            )
