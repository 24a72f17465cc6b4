"""Checking a server against the contract; also a module of hooks for schemathesis and a plugin for pytest.

``check`` reads the threads of a server over HTTP and judges it by every rule. With
``SCHEMATHESIS_HOOKS=threadruns.contract`` the rules join the checks of ``schemathesis run openapi.yaml``, and
``pytest -p threadruns.contract.plugin`` gives tests a fixture that checks a server of theirs. Rules judge raw
exchanges: nothing here knows the models of the client or the code of the server.
"""

from threadruns.contract.check import Report, check
from threadruns.contract.docket import Outcome, Result, Verdict
from threadruns.contract.hooks import OneAnswer, WholeServer
from threadruns.contract.rules import RULES, Rule, Severity

__all__ = [
    "RULES",
    "OneAnswer",
    "Outcome",
    "Report",
    "Result",
    "Rule",
    "Severity",
    "Verdict",
    "WholeServer",
    "check",
]
