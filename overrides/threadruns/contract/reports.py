"""A report as data for programs: JSON, whose keys are stable, and JUnit XML, which CI systems read."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from threadruns.contract.rules.rule import Rule, Severity
from threadruns.contract.verdict import Outcome, Report


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as a JSON object.

    The keys are ``url``, ``verdict`` (conforms, departs or undecided), ``reason`` (why the check ended early; empty if
    it did not), ``rules``, ``threads`` (how many runs each thread showed), ``requests``, ``seconds`` and ``seed``. Each
    rule has ``id``, ``severity`` (departure, variation or advice), ``outcome`` (pass, fail, undecided or error),
    ``says``, ``detail``, ``request`` (a curl command, or empty) and ``source``.
    """
    return {
        "url": report.url,
        "verdict": report.verdict,
        "reason": report.reason,
        "rules": [
            {
                "id": result.rule.id,
                "severity": result.rule.severity,
                "outcome": result.outcome,
                "says": result.rule.says,
                "detail": result.detail,
                "request": result.request,
                "source": result.rule.source,
            }
            for result in report.results
        ],
        "threads": report.threads,
        "requests": report.requests,
        "seconds": report.seconds,
        "seed": report.seed,
    }


def rule_as_json(rule: Rule) -> dict[str, Any]:
    """Return a rule as a JSON object."""
    return {
        "id": rule.id,
        "severity": rule.severity,
        "says": rule.says,
        "needs": rule.needs,
        "source": rule.source,
    }


def as_junit(report: Report) -> str:
    """Return the report as JUnit XML: a test case for each rule; what was not decided is skipped.

    A breach of a rule that is no departure is a test that passed, with what came as its output.
    """
    departures = report.of(Outcome.FAIL, severity=Severity.DEPARTURE)
    undecided, errors = report.of(Outcome.UNDECIDED), report.of(Outcome.ERROR)
    suite = ElementTree.Element(
        "testsuite",
        name="threadruns check",
        tests=str(len(report.results)),
        failures=str(len(departures)),
        errors=str(len(errors)),
        skipped=str(len(undecided)),
        time=str(report.seconds),
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("url", report.url), ("verdict", report.verdict), ("reason", report.reason)):
        ElementTree.SubElement(properties, "property", name=name, value=_printable(value))
    for result in report.results:
        case = ElementTree.SubElement(suite, "testcase", classname=f"contract.{result.rule.group}", name=result.rule.id)
        message = _printable(f"{result.rule.says} {result.detail}".strip())
        if result in departures:
            failure = ElementTree.SubElement(case, "failure", message=message)
            failure.text = _printable(f"{result.detail}\n{result.rule.source}\n{result.request}")
        elif result.outcome is Outcome.ERROR:
            ElementTree.SubElement(case, "error", message=message)
        elif result.outcome is Outcome.UNDECIDED:
            ElementTree.SubElement(case, "skipped", message=message)
        elif result.detail:
            ElementTree.SubElement(case, "system-out").text = message
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _printable(text: str) -> str:
    """Return the text without the characters that XML cannot hold, each written as its escape."""
    return re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", lambda found: ascii(found[0])[1:-1], text)
