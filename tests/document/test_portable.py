"""The check of other ecosystems' tools, as far as it goes without them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "portable"


def test_without_node_it_says_so_and_fails(tmp_path: Path) -> None:
    """Where Node is missing, the tools that did not run are named, and the check has not passed."""
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
        "Node is not here, so these did not run: "
        "@redocly/cli, @stoplight/spectral-cli, openapi-typescript, @hey-api/openapi-ts"
    )
    assert lines[1] == "Install Node 20 or later with npm and run this again."
