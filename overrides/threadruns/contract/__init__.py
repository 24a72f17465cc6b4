"""The contract as rules, and the check that holds a server to them.

``check`` reads the threads of a server over HTTP and judges it by every rule. With
``SCHEMATHESIS_HOOKS=threadruns.contract``, the rules are checks of ``schemathesis run openapi.yaml``; with
``pytest -p threadruns.contract.plugin``, tests have a fixture that checks a server. The rules judge raw responses:
nothing here imports the models of the client or the code of the server.
"""

from threadruns._extras import needed_by

with needed_by("threadruns.contract", "contract"):
    from threadruns._run_rules import RUN_RULES, RunRule
    from threadruns.contract.check import CheckInterrupted, check
    from threadruns.contract.hooks import ResponseContract, ServerContract
    from threadruns.contract.rules.catalogue import RULES
    from threadruns.contract.rules.rule import Rule, Severity
    from threadruns.contract.verdict import Outcome, Report, ReportedCause, Result, Verdict

__all__ = [
    "RULES",
    "RUN_RULES",
    "CheckInterrupted",
    "Outcome",
    "Report",
    "ReportedCause",
    "ResponseContract",
    "Result",
    "Rule",
    "RunRule",
    "ServerContract",
    "Severity",
    "Verdict",
    "check",
]
