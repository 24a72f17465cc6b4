"""Check of the code that is emitted for the corpus with pyright, strict: ``python -m tests.generation.pyright``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import generate
from tests.generation.test_corpus import RIGHT, emit
from tests.generation.test_whole import DOCUMENT


def main() -> int:
    """Generate all packages into one folder, remove unused imports, and return pyright's exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in RIGHT:
            emit(case, folder)
        generate.build(DOCUMENT, folder / "whole")
        generate.format_code(folder)
        settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11"}
        (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
        command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", name]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
