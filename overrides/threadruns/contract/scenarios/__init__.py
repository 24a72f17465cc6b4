"""The requests of the check, in scenarios.

A scenario is a generator: it yields requests, is sent their exchanges, and returns findings.
"""

from __future__ import annotations

from collections.abc import Generator

from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.finding import Finding

Scenario = Generator[ProbeRequest, Exchange, list[Finding]]
