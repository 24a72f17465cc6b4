"""The command ``threadruns check``."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result

from tests.contract.servers import FIVE, KEY
from tests.mutants.corpus import FAULTS
from tests.support.canned import response, run_canned_server
from threadruns._cli.check import command
from threadruns.contract.check import check
from threadruns.contract.reports import json_schema
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.verdict import Outcome
from threadruns.testing import serve


def run(*arguments: str, **environment: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(command, arguments, env={"OPENAI_API_KEY": None, **environment})


def test_the_command_prints_json_whose_keys_are_stable() -> None:
    """For a server that conforms, the command exits 0, and the JSON has exactly the documented keys, in their order."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY) as server:
        result = run(server.url, "--thread", "thread_Of5Runs", "--format", "json", OPENAI_API_KEY=KEY)
    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert list(report) == [
        *("url", "verdict", "reason", "judged", "causes", "rules", "threads", "requests", "seconds", "seed")
    ]
    assert report["verdict"] == "conforms"
    assert {tuple(rule) for rule in report["rules"]} == {
        ("id", "severity", "outcome", "description", "requires", "cause", "observed", "reproduce", "source")
    }
    assert [rule["id"] for rule in report["rules"]] == list(RULES)


def test_the_command_reports_departures_without_the_key(tmp_path: Path) -> None:
    """The command exits 1; the table and the JUnit XML have the rule and a curl command, and not the key."""
    file = tmp_path / "report.xml"
    options = ["--thread", "thread_Of5Runs", "--api-key", KEY, "--report", str(file)]
    with serve(
        runs=FIVE["thread_Of5Runs"], api_key=KEY, faults=["has-more-always-true", "key-in-message"], catalogue=FAULTS
    ) as server:
        result = run(server.url, *options)
    suite = ElementTree.parse(file).getroot()
    failures = {case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None}
    assert result.exit_code == 1
    assert "has_more.first" in failures
    assert '-H "Authorization: Bearer $OPENAI_API_KEY"' in result.stdout
    assert KEY not in result.output + file.read_text()
    assert int(suite.attrib["failures"]) == len(failures)


def test_the_curl_command_reproduces_the_failure() -> None:
    """The curl command of a failure, run in a shell, shows what the report says."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY, faults=["has-more-always-true"]) as server:
        report = check(server.url, KEY, list(FIVE), fail_fast=True)
        failed = report.of(Outcome.FAIL)[0]
        done = subprocess.run(
            ["bash", "-c", failed.reproduce + " -s"], env={"OPENAI_API_KEY": KEY}, capture_output=True, text=True
        )
    assert "200 OK" in done.stdout
    assert '"has_more":true' in done.stdout


def test_the_command_reports_a_server_that_cannot_be_judged() -> None:
    """The command exits 3, and prints the reason as one sentence."""
    result = run("http://127.0.0.1:9/v1", "--thread", "thread_x", "--api-key", KEY)
    assert result.exit_code == 3
    assert f"could not be judged (0 of {len(RULES)} rules judged): the server does not respond" in result.stdout
    assert "protocol.answers (the check stopped here)" in result.stdout


NOWHERE = ["http://127.0.0.1:9/v1", "--api-key", "k", "--thread", "t"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "No URL was given"),
        (["http://127.0.0.1:9/v1", "--thread", "thread_x"], "No API key was given"),
        (["http://127.0.0.1:9/v1", "--api-key", "k"], "No thread was given"),
        (["ftp://127.0.0.1", "--api-key", "k", "--thread", "t"], "is not an http or https URL"),
        (["http://127.0.0.1:9/v1", "--api-key", "a\nb", "--thread", "t"], "characters that cannot be sent in a header"),
        (["http://127.0.0.1:9/v1", "--rate", "0"], "Invalid value for '--rate'"),
        ([*NOWHERE, "--ca-bundle", __file__], "has no certificate authorities that can be read"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(arguments: list[str], message: str) -> None:
    """The command exits 2, and prints a sentence with what is missing or wrong."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_rules_are_listed_with_their_sources() -> None:
    """Every rule is listed with a group, a sentence, a source and a requirement."""
    result = run("--list", "--format", "json")
    listed = json.loads(result.stdout)
    assert result.exit_code == 0
    assert [rule["id"] for rule in listed] == list(RULES)
    for rule in listed:
        assert re.fullmatch(r"[a-z_]+\.[a-z-]+", rule["id"])
        assert rule["description"].endswith(".")
        assert rule["source"]
        assert rule["requires"]
    assert set(RULES) <= set(re.findall(r"[a-z_]+\.[a-z-]+", run("--list").stdout))


def test_a_report_that_cannot_be_written_is_a_failure_of_the_command(tmp_path: Path) -> None:
    """The command exits 4 and still prints the report."""
    (tmp_path / "taken").mkdir()
    file = tmp_path / "taken" / ("x" * 300)
    result = run("http://127.0.0.1:9/v1", "--thread", "t", "--api-key", "k", "--report", str(file))
    assert result.exit_code == 4
    assert "could not be judged" in result.stdout
    assert "cannot be written: File name too long." in result.stderr
    missing = run(
        "http://127.0.0.1:9/v1", "--thread", "t", "--api-key", "k", "--report", str(tmp_path / "no" / "x.xml")
    )
    assert missing.exit_code == 4
    assert "is not a folder" in missing.stderr


def test_a_missing_extra_is_a_failure_of_the_command() -> None:
    """The command exits 4, and prints what to install."""
    code = "import sys; sys.modules['schemathesis'] = None; sys.argv = ['threadruns', 'check']"
    code += "; from threadruns._cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 4
    assert "'check' needs schemathesis" in done.stderr


@pytest.mark.parametrize("output_format", ["table", "json"])
def test_an_interrupted_check_reports_what_was_found(output_format: str, tmp_path: Path) -> None:
    """The command exits 130; the table, the JSON and the JUnit XML have the failures and say why the check ended."""
    file = tmp_path / "report.xml"
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY, faults=["has-more-always-true"]) as server:
        arguments = [server.url, "--thread", "thread_Of5Runs", "--format", output_format, "--report", str(file)]
        process = subprocess.Popen(
            [sys.executable, "-m", "threadruns", "check", *arguments, "--rate", "40"],
            env={**os.environ, "OPENAI_API_KEY": KEY},
            stdout=subprocess.PIPE,
            text=True,
        )
        while len(server.requests) < 40:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    if output_format == "json":
        report = json.loads(output)
        jsonschema_rs.validator_for(json_schema()).validate(report)
        assert report["reason"] == "the check was interrupted"
        assert {rule["outcome"] for rule in report["rules"]} >= {"fail", "error"}
    else:
        assert "has_more.first (departure)" in output
        assert "The check is incomplete: the check was interrupted." in output
    suite = ElementTree.parse(file).getroot()
    assert int(suite.attrib["failures"]) > 0
    assert int(suite.attrib["errors"]) > 0


def test_text_of_the_server_is_printable() -> None:
    """Control characters in what a server sends do not reach the terminal."""
    evil = "\x1b[31m\x9b1m\u202eevil"
    body = json.dumps({"object": evil, "data": [{"id": evil}], "has_more": evil}, ensure_ascii=False).encode()
    with run_canned_server(response(200, body, {"content-type": "application/json"})) as server:
        result = run(server.url, "--thread", "thread_a", "--all", OPENAI_API_KEY=KEY)
    assert result.exit_code in (1, 3)
    assert all(line.isprintable() for line in (result.stdout + result.stderr).splitlines())
