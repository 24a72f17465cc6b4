"""Tests of operations that do not list: one line binds each of them to the client."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import generate
from tests.support.documents import add_operations, edited

CASES = Path(__file__).with_name("cases.py")

LISTED = '    """Lists the runs of a thread."""\n'

LINES = """
    retrieve = OperationBinding(lambda: _wire.operations.retrieve_run)
    create = OperationBinding(lambda: _wire.operations.create_run)
    delete = OperationBinding(lambda: _wire.operations.delete_run)
"""
"""The whole edit of the client: one line for each operation."""


def test_one_line_binds_an_operation(tmp_path: Path) -> None:
    """After an edit of the document, generation and a line for each operation, every test in ``cases.py`` passes."""
    shutil.copytree(generate.ROOT / "overrides" / "threadruns", tmp_path / "threadruns")
    generate.build(edited(tmp_path, add_operations), tmp_path / "threadruns_api")
    resources = tmp_path / "threadruns" / "_client" / "resources.py"
    text = resources.read_text()
    assert text.count(LISTED) == 1
    resources.write_text(text.replace(LISTED, LISTED + LINES))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CASES)],
        cwd=generate.ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "THREADRUNS_EDITED": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
