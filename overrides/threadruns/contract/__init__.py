"""Checking a server against the contract; also a module of hooks for schemathesis and a plugin for pytest.

``check`` reads the threads of a server over HTTP and judges it by every rule. With
``SCHEMATHESIS_HOOKS=threadruns.contract`` the rules join the checks of ``schemathesis run openapi.yaml``, and
``pytest -p threadruns.contract.plugin`` gives tests a fixture that checks a server of theirs. Rules judge raw
exchanges: nothing here knows the models of the client or the code of the server.
"""

from threadruns.contract.check import check
from threadruns.contract.hooks import ResponseContract, ServerContract
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.rules.rule import Rule, Severity
from threadruns.contract.verdict import Outcome, Report, Result, Verdict

__all__ = [
    "RULES",
    "Outcome",
    "Report",
    "ResponseContract",
    "Result",
    "Rule",
    "ServerContract",
    "Severity",
    "Verdict",
    "check",
]
