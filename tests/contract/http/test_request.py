"""Requests, their curl commands, and the key in both."""

from __future__ import annotations

import os
import subprocess
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadruns.contract.http.api_key import VARIANTS, ApiKey, KeyMask
from threadruns.contract.http.request import ProbeRequest

keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12).map(ApiKey)


def run(command: str, key: str) -> list[str]:
    """Run a curl command in a shell in which curl prints its arguments, and return them."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\n{command}"
    done = subprocess.run(
        ["bash", "-c", script],
        env={"OPENAI_API_KEY": key, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("key", ["sk-Tests-8a2b77", "sk-Tests$8a2b77A", "YWJj/ZGVm+Zw==", 'a"b\\c`d$e f'])
def test_every_variant_of_the_key_is_masked(key: str) -> None:
    """A masked text contains neither the key nor a variant of it."""
    mask = KeyMask(ApiKey(key))
    for variant in (key, *(getattr(ApiKey(key), name) for name in VARIANTS)):
        assert mask.text(f"before {variant} after") == "before $OPENAI_API_KEY after"
    assert key not in repr(ProbeRequest("t"))


@pytest.mark.parametrize("key", ["x", "null", "Bearer", "1", "run"])
def test_a_short_key_is_masked_where_it_is_a_whole_word(key: str) -> None:
    """The parts of other words are kept, and so is the name of the variable."""
    mask = KeyMask(ApiKey(key))
    text = f"ex{key} {key}-1 run_{key} $OPENAI_API_KEY"
    assert mask.text(f"{text} {key}, '{key}'") == f"{text} $OPENAI_API_KEY, '$OPENAI_API_KEY'"


def test_a_text_is_masked_once() -> None:
    """A key that is part of the name of the variable is not masked again in a text that has the variable."""
    assert KeyMask(ApiKey("KEY")).text("$OPENAI_API_KEY KEY") == "$OPENAI_API_KEY $OPENAI_API_KEY"
    assert KeyMask(ApiKey("OPENAI_API_KEY")).text("is OPENAI_API_KEY") == "is $OPENAI_API_KEY"


@given(keys, st.sampled_from([*VARIANTS, "first_half"]))
def test_curl_commands_contain_every_variant_of_the_key_as_a_shell_expression(key: ApiKey, variant: str) -> None:
    """The shell expression of a variant evaluates to the variant that the check sent, whatever the key is."""
    request = ProbeRequest("t", authorization=f"Basic x{{key.{variant}}}x", secret_query=(("k", "{key.escaped}"),))
    arguments = run(request.curl("http://h/v1", "assistants=v1", KeyMask(key)), key)
    assert f"Authorization: Basic x{getattr(key, variant)}x" in arguments
    assert f"http://h/v1/threads/t/runs?k={key.escaped}" in arguments


@given(keys, st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12), st.booleans())
def test_curl_commands_repeat_the_request(key: ApiKey, value: str, has_key: bool) -> None:
    """A shell evaluates the command to the query and headers that were sent, also where they have the key."""
    value = value + key if has_key else value + "."
    request = ProbeRequest("t", (("after", value),), authorization="Bearer {key}", headers=(("X-Odd", f"a b{value}"),))
    address, *headers = run(request.curl("http://h/v1", "assistants=v1", KeyMask(key)), key)[2:]
    assert [one for one in headers if one != "-H"] == [
        f"{name}: {text}" for name, text in request.headers_with(key, "assistants=v1")
    ]
    assert unquote(address) == unquote(f"http://h/v1{request.target_with(key)}")


@pytest.mark.parametrize(
    ("key", "template", "is_wrong"),
    [
        ("sk-Tests-8a2b77", "Bearer {key.without_last}", True),
        ("sk-Tests-8a2b77", "Bearer null", True),
        ("sk-Tests-8a2b77", "Bearer {key}", False),
        ("1234567890", "Bearer {key.swapped_case}", False),
        ("1234567890", "Bearer {key}x", True),
        ("x", "Bearer {key.without_last}", False),
        ("12", "Bearer {key.without_last}", False),
        ("null", "Bearer undefined", False),
        ("null", "Basic {key}", True),
        ("My API Key", "Bearer x", False),
        ("a long key", "bearer {key}", False),
    ],
)
def test_only_credentials_that_are_certainly_wrong_must_be_rejected(key: str, template: str, is_wrong: bool) -> None:
    """Another key may be as short or as easily guessed, and some variants are the key itself or cannot be sent."""
    assert ApiKey(key).is_wrong(template) is is_wrong


@pytest.mark.parametrize(
    ("key", "expected"),
    [("sk-Tests-8a2b77", True), ("k" * 400, True), ("1700000000", False), ("completed", False), ("thread_x1", False)],
)
def test_a_key_is_searched_for_unless_any_response_may_contain_it(key: str, expected: bool) -> None:
    """Numbers, words, and texts of the request prove nothing."""
    assert ApiKey(key).is_unmistakable("http://h/v1", "thread_x12") is expected
