"""Requests, their curl commands, and the key in both."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadruns.contract.http.api_key import ApiKey
from threadruns.contract.http.probe import Probe
from threadruns.contract.http.request import ProbeRequest


def test_every_variant_of_the_key_is_masked() -> None:
    """A masked text contains neither the key nor a variant of it."""
    key = ApiKey("sk-Tests-8a2b77")
    with Probe("http://127.0.0.1:9", key) as probe:
        for variant in key.variants:
            assert variant not in probe.mask(f"before {variant} after")
    assert key not in repr(ProbeRequest("t"))


@pytest.mark.parametrize(
    "variant",
    ["without_last", "without_first", "first_half", "swapped_case", "last_changed", "last_escaped", "basic_password"],
)
def test_curl_commands_contain_every_variant_of_the_key_as_a_shell_expression(variant: str) -> None:
    """The shell expression of a variant evaluates to the variant that the check sent."""
    request = ProbeRequest("t", authorization=f"Basic {{key.{variant}}}")
    key = ApiKey("sk-Tests$8a2b77z")
    command = request.curl("http://h/v1", "assistants=v1").replace("curl -i -g", "printf '%s\\n'", 1)
    done = subprocess.run(
        ["bash", "-c", command], env={"OPENAI_API_KEY": key, "PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert f"Authorization: Basic {getattr(key, variant)}" in done.stdout.splitlines()


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=2, max_size=12))
def test_curl_commands_repeat_the_request(value: str) -> None:
    """A shell evaluates the command to the query and headers that were sent, whatever they contain."""
    request = ProbeRequest(
        "t", (("after", value),), authorization="Bearer {key.without_last}", headers=(("X-Odd", "a b"),)
    )
    key = ApiKey("sk-Tests$8a2b77")
    command = request.curl("http://h/v1", "assistants=v1").replace("curl -i -g", "printf '%s\\n'", 1)
    done = subprocess.run(["bash", "-c", command], env={"OPENAI_API_KEY": key}, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines[0] == f"http://h/v1{request.target_with(key)}"
    assert [line for line in lines if line != "-H"][1:] == [
        f"{name}: {text}" for name, text in request.headers_with(key, "assistants=v1")
    ]
