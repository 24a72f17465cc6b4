"""The scenarios of the check: which requests are sent, and what their responses must be.

A scenario is a generator that yields requests, receives their exchanges, and returns findings.
"""

from __future__ import annotations

from collections.abc import Generator

from threadruns.contract.http.exchange import Exchange
from threadruns.contract.http.request import ProbeRequest
from threadruns.contract.judging.finding import Finding

Scenario = Generator[ProbeRequest, Exchange, list[Finding]]
