"""Reports for programs: JSON, as defined by ``report.schema.json``, and JUnit XML for CI systems."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

from threadruns.contract.rules.rule import Rule
from threadruns.contract.verdict import Outcome, Report


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as a JSON object that is valid against ``json_schema()``."""
    return {
        "url": report.url,
        "verdict": report.verdict,
        "reason": report.reason,
        "judged": report.judged,
        "causes": [
            {
                "id": cause.id,
                "severity": cause.severity,
                "description": cause.description,
                "rules": [result.rule.id for result in cause.results],
            }
            for cause in report.causes
        ],
        "rules": [
            {
                "id": result.rule.id,
                "severity": result.rule.severity,
                "outcome": result.outcome,
                "description": result.rule.description,
                "requires": result.requires,
                "cause": result.cause,
                "observed": result.observed,
                "reproduce": result.reproduce,
                "source": result.rule.source,
            }
            for result in report.results
        ],
        "threads": report.threads,
        "requests": report.requests,
        "seconds": report.seconds,
        "seed": report.seed,
    }


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the JSON report."""
    schema: dict[str, Any] = json.loads(
        files("threadruns.contract").joinpath("report.schema.json").read_text(encoding="utf-8")
    )
    return schema


def rule_as_json(rule: Rule) -> dict[str, Any]:
    """Return a rule as a JSON object, with the keys that it has in a report."""
    return {
        "id": rule.id,
        "severity": rule.severity,
        "description": rule.description,
        "requires": rule.requires,
        "source": rule.source,
    }


def as_junit(report: Report) -> str:
    """Return the report as JUnit XML: a test case for each rule, skipped if the rule is undecided.

    A failed rule that is not a departure counts as a passed test; the output of the test has the observation.
    """
    undecided, errors = report.of(Outcome.UNDECIDED), report.of(Outcome.ERROR)
    suite = ElementTree.Element(
        "testsuite",
        name="threadruns check",
        tests=str(len(report.results)),
        failures=str(len(report.departures)),
        errors=str(len(errors)),
        skipped=str(len(undecided)),
        time=str(report.seconds),
    )
    properties = ElementTree.SubElement(suite, "properties")
    named = [("url", report.url), ("verdict", report.verdict), ("reason", report.reason)]
    named += [("judged", f"{report.judged} of {len(report.results)} rules")]
    named += [(f"cause {cause.id}", cause.description) for cause in report.causes]
    for name, value in named:
        ElementTree.SubElement(properties, "property", name=name, value=_printable(value))
    causes = {cause.id: cause.description for cause in report.causes}
    for result in report.results:
        rule = result.rule
        case = ElementTree.SubElement(suite, "testcase", classname=f"contract.{rule.group}", name=rule.id)
        message = _printable(f"{rule.description} {result.observed}".strip())
        if result in report.departures:
            failure = ElementTree.SubElement(case, "failure", message=message, type=result.cause)
            lines = (causes[result.cause], result.observed, rule.source, result.reproduce)
            failure.text = _printable("\n".join(lines))
        elif result.outcome is Outcome.ERROR:
            explanation = "" if result.observed else _printable(f" Not reached: {report.reason}")
            ElementTree.SubElement(case, "error", message=message + explanation)
        elif result.outcome is Outcome.UNDECIDED:
            ElementTree.SubElement(case, "skipped", message=f"{message} Give {result.requires} to decide it.")
        elif result.observed:
            ElementTree.SubElement(case, "system-out").text = message
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _printable(text: str) -> str:
    """Return the text with each character that XML cannot contain written as an escape."""
    return re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", lambda found: ascii(found[0])[1:-1], text)
