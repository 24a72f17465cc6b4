"""Tests of the snippets in docs/client.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.runs import run, runs
from threadruns.testing import serve

PAGE = Path(__file__).parents[2] / "docs" / "client.md"
SNIPPET = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.S)


def test_snippets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every snippet prints exactly the output that the page shows."""
    text = PAGE.read_text(encoding="utf-8")
    odd = [
        run(0, "thread_odd", status="paused", reasoning_effort="low"),
        run(1, "thread_odd", usage={"prompt_tokens": 123, "completion_tokens": 456, "total_tokens": "579"}),
        run(2, "thread_odd"),
    ]
    snippets = SNIPPET.findall(text)
    assert len(snippets) == text.count("```python") > 10
    names: dict[str, object] = {}
    with serve(runs=[*runs(250, "thread_abc123"), *odd]) as server:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        for code, output in snippets:
            exec(compile(code, str(PAGE), "exec"), names)
            assert capsys.readouterr().out == output
