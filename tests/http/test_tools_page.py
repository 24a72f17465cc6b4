"""Tests of the snippets in docs/tools.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.runs import runs
from threadruns.testing import serve

PAGE = Path(__file__).parents[2] / "docs" / "tools.md"


def test_snippets(tmp_path: Path) -> None:
    """Every snippet runs unchanged, in the order of the page."""
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    module = tmp_path / "test_page.py"
    module.write_text("\n\n".join(snippets), encoding="utf-8")
    with serve(runs=runs(250, "thread_abc123")) as server:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", module],
            cwd=tmp_path,
            env={**os.environ, "OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.url},
            capture_output=True,
            text=True,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{sum('def test_' in snippet for snippet in snippets)} passed" in ran.stdout
