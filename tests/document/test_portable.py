"""Tests of ``scripts/portable`` without Node.js."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "portable"


def test_missing_node_is_reported(tmp_path: Path) -> None:
    """Without Node.js the script names the tools that did not run, and fails."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env=os.environ | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == (
        "Node.js is not installed, so these tools did not run: "
        "@redocly/cli, @stoplight/spectral-cli, @readme/openapi-parser, openapi-typescript, @hey-api/openapi-ts, "
        "orval, swagger-typescript-api"
    )
    assert lines[1] == "Install Node 20 or later with npm and run the command again."
