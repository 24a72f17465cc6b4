"""The rules as checks of schemathesis: one judges each answer, one the whole server once the run is over.

Importing this module registers both. The second reads, through the same probe as ``check``, the threads that
schemathesis reached.
"""

# What schemathesis types as generic it leaves open in places.
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
from threadruns.contract.verdict import Outcome


def _is_ours(case: Case[Any]) -> bool:
    return case.operation.path == _document.PATH and case.method == "GET"


@schemathesis.check
class ResponseContract:
    """Judges each answer by itself: framing, JSON, shape, ids, and what ties the fields of a run together."""

    def after_response(self, _ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Judge one answer."""
        if not _is_ours(case):
            return
        headers = tuple(
            (name.lower(), value)
            for name, values in response.headers.items()
            for value in values
            # schemathesis has undone the coding of the body, so what declares it does not fit any more.
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
    """Checks the server as a whole after the run, on the threads that the run has reached.

    Args:
        max_requests: The most requests that it may send.
        max_threads: The most threads that it reads.
    """

    def __init__(self, max_requests: int = 600, max_threads: int = 8) -> None:
        self._max_requests = max_requests
        self._max_threads = max_threads
        self._reached: dict[str, None] = {}
        self._url: str | None = None
        self._key: str | None = None
        self._beta: str | None = None

    def after_response(self, _ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Note the thread that was reached, and how."""
        if not _is_ours(case) or response.status_code != 200:
            return
        sent = response.request
        authorization = str(sent.headers.get("Authorization", ""))
        path = (sent.url or "").partition("?")[0]
        base, _, rest = path.rpartition("/threads/")
        if not authorization.startswith("Bearer ") or not rest.endswith("/runs"):
            return
        self._url, self._key = base, authorization.removeprefix("Bearer ")
        self._beta = str(sent.headers.get("OpenAI-Beta", ""))
        self._reached[unquote(rest.removesuffix("/runs"))] = None

    def after_run(self, _ctx: CheckContext) -> None:
        """Check the server, if a thread was reached at all."""
        if self._url is None or self._key is None or self._beta is None:
            raise AssertionError(
                "no thread was reached, so nothing but shapes was judged; give the id of one as an example, or pin it "
                'with parameters = { "path.thread_id" = "thread_..." } in schemathesis.toml'
            )
        threads = list(self._reached)[: self._max_threads]
        report = check(self._url, self._key, threads, beta=self._beta, max_requests=self._max_requests)
        failed = report.of(Outcome.FAIL, severity=Severity.DEPARTURE)
        if failed:
            raise AssertionError(
                "\n\n".join(f"{one.rule.id}: {one.rule.says}\n{one.detail}\n{one.request}" for one in failed)
            )
