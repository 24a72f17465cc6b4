"""The JSON report and its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from tests.contract.servers import FIVE, KEY, reply, serve_script
from threadruns._cli.check import command
from threadruns.contract import Report, check
from threadruns.contract.reports import as_json, json_schema
from threadruns.testing import serve

SCHEMA = json_schema()

VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)

Json = dict[str, Any]


def check_five(*, max_requests: int = 600, fail_fast: bool = False, **deviations: Any) -> Report:
    """Check the reference server, with a fault or a variation, on a thread of five runs."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY, **deviations) as server:
        return check(server.url, KEY, list(FIVE), max_requests=max_requests, fail_fast=fail_fast)


def check_website() -> Report:
    """Check a server that is not an API."""
    with serve_script(lambda one: reply(one, 200, b"<html>", "text/html")) as (url, _):
        return check(url, KEY, ["thread_x"])


@pytest.fixture(scope="module")
def reports() -> dict[str, Json]:
    """One real report of each kind, as it is printed."""
    made = {
        "conforms, with a variation": check_five(variations=["unknown-fields"]),
        "departs": check_five(faults=["has-more-always-true"], fail_fast=True),
        "undecided, at the limit on requests": check_five(max_requests=50),
        "undecided, stopped in the preflight": check_website(),
    }
    return {name: json.loads(json.dumps(as_json(report))) for name, report in made.items()}


def test_real_reports_are_valid_against_the_schema(reports: dict[str, Json]) -> None:
    """A report of every verdict is valid, and has no key that the schema does not name."""
    for name, report in reports.items():
        VALIDATOR.validate(report)
        assert report["verdict"] == name.split(",")[0]
        assert report.keys() == SCHEMA["properties"].keys()
        caused = [rule for cause in report["causes"] for rule in cause["rules"]]
        assert sorted(caused) == sorted(rule["id"] for rule in report["rules"] if rule["outcome"] == "fail")
        for rule in report["rules"]:
            assert rule.keys() == SCHEMA["$defs"]["rule"]["properties"].keys()
    outcomes = {rule["outcome"] for report in reports.values() for rule in report["rules"]}
    assert outcomes == set(SCHEMA["$defs"]["rule"]["properties"]["outcome"]["enum"])


def test_every_key_is_required(reports: dict[str, Json]) -> None:
    """A report without any one of its keys, or of the keys of a rule, is invalid."""
    for report in reports.values():
        for key in report:
            assert not VALIDATOR.is_valid({name: value for name, value in report.items() if name != key})
        for key in report["rules"][0]:
            rule = {name: value for name, value in report["rules"][0].items() if name != key}
            assert not VALIDATOR.is_valid(report | {"rules": [rule, *report["rules"][1:]]})


def change_first(outcome: str, **values: str) -> Callable[[Json], Json]:
    """Return what changes the first rule with an outcome."""

    def change(report: Json) -> Json:
        at = next(number for number, rule in enumerate(report["rules"]) if rule["outcome"] == outcome)
        rules = list(report["rules"])
        rules[at] = rules[at] | values
        return report | {"rules": rules}

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("conforms, with a variation", lambda report: report | {"verdict": "departs"}),
        ("conforms, with a variation", lambda report: report | {"verdict": "undecided"}),
        ("conforms, with a variation", lambda report: report | {"reason": "because"}),
        ("conforms, with a variation", lambda report: report | {"verdict": "fine"}),
        ("conforms, with a variation", lambda report: report | {"requests": -1}),
        ("conforms, with a variation", lambda report: report | {"threads": {"thread_x": None}}),
        ("conforms, with a variation", change_first("undecided", observed="expected this, got that")),
        ("conforms, with a variation", change_first("pass", reproduce="curl http://127.0.0.1")),
        ("departs", lambda report: report | {"verdict": "conforms"}),
        ("departs", change_first("fail", observed="")),
        ("departs", change_first("fail", reproduce="")),
        ("departs", change_first("fail", cause="")),
        ("departs", change_first("pass", cause="head")),
        ("departs", change_first("fail", severity="error")),
        ("departs", change_first("fail", source="")),
        ("undecided, stopped in the preflight", lambda report: report | {"reason": ""}),
        ("undecided, stopped in the preflight", change_first("error", observed="expected this, got that")),
    ],
)
def test_a_report_that_contradicts_itself_is_invalid(
    reports: dict[str, Json], name: str, change: Callable[[Json], Json]
) -> None:
    """The schema ties the verdict to the outcomes and the reason, and each outcome to what was observed."""
    assert not VALIDATOR.is_valid(change(reports[name]))


def test_the_schema_is_printed_and_stands_beside_the_docs() -> None:
    """``threadruns check --schema`` prints the schema that the documentation links to."""
    printed = CliRunner().invoke(command, ["--schema"])
    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == SCHEMA
    docs = Path(__file__).parents[2] / "docs" / "report.schema.json"
    assert json.loads(docs.read_text(encoding="utf-8")) == SCHEMA
    jsonschema_rs.Draft202012Validator({"$ref": SCHEMA["$schema"]}).validate(SCHEMA)
