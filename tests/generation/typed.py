"""Check of the code that is emitted for the corpus with both type checkers: ``python -m tests.generation.typed``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import generate
from tests.generation.test_corpus import RIGHT, check_types, emit
from tests.generation.test_whole import DOCUMENT


def main() -> int:
    """Generate all packages into one folder, and return 1 if mypy or pyright, both strict, have a finding."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packages = [emit(case, folder) for case in RIGHT]
        checked = check_types(folder, packages)
        print(checked.stdout)
        for stub in folder.glob("*/*.pyi"):
            stub.unlink()
        generate.build(DOCUMENT, folder / "whole")
        # pyright reports unused imports, which the formatter removes.
        generate.format_code(folder)
        settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11"}
        (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
        command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", name]
        return int(checked.returncode or subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    sys.exit(main())
