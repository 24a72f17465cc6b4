"""The change drill: edits the document as a person would, and reports what does not follow.

For each edit, the checkout is copied to a temporary folder, the document is edited, and the package is generated. Then
the types are checked, the probes of the edit are run, the contract check judges a server that follows the edited
document and one that follows the old one, and the tests that depend on the document are run. A table shows the lines
that had to be written by hand, what did not follow, and which tests failed though nothing broke. The exit code is 1 if
anything did not follow or failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .edits import EDITS, Edit

ROOT = Path(__file__).parents[2]
IGNORED = shutil.ignore_patterns(
    *(".git", ".venv", ".tox", ".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "__pycache__"),
    *("node_modules", "*.egg-info"),
)

TESTS = (
    *(f"tests/document/test_{name}.py" for name in ("run_rules", "sample_values", "sharpness", "sources", "violation")),
    *(f"tests/server/test_{name}.py" for name in ("recorded", "invalid_requests", "synth", "paging", "parameters")),
    *(f"tests/client/test_{name}.py" for name in ("arguments", "drift", "export", "options", "notebooks")),
    *(f"tests/cli/test_{name}.py" for name in ("list", "parameters", "document")),
    *("tests/server/test_dialects.py", "tests/testing", "tests/contract/judging", "tests/contract/test_reports.py"),
    *("tests/paging/test_pages.py", "tests/http/test_errors.py", "tests/test_generated.py", "tests/test_reading.py"),
)
"""The tests that depend on the document and are quick; ``--all-tests`` runs all of the default tests."""

ALL_TESTS = ("tests",)

SLOW = ("huge", "deeply", "interrupt", "plugin", "every_variation")
"""Parts of the names of slow tests among them, which test other things."""

LIMITS = ("--max-requests", "3000", "--timeout", "60")
"""The limits of the check; the machine may be busy."""

LISTED = '    """Lists the runs of a thread."""\n'

SERVER = """
import sys
from threadruns.contract.example import threads
from threadruns.testing import serve
runs = [run for each in threads().values() for run in each]
with serve(runs=runs, threads=threads(), api_key="sk-drill-0123456789abcdef") as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


class Outcome(NamedTuple):
    """The outcome of one edit."""

    edit: Edit
    hand_edits: int
    problems: list[str]
    """What did not follow."""
    failed: list[str]
    """The tests that failed though nothing broke."""
    pinned: int
    """The number of failed tests that hold the document against recordings."""
    seconds: float


def environment(root: Path) -> dict[str, str]:
    """Return the environment of commands that use the packages of a checkout."""
    packages = os.pathsep.join([str(root / "generated"), str(root / "overrides")])
    return {**os.environ, "PYTHONPATH": packages, "MYPYPATH": packages, "COLUMNS": "200"}


def run(root: Path, *command: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
    """Run a Python command in a checkout."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=root,
        env=environment(root),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@contextmanager
def serve_examples(root: Path) -> Generator[str]:
    """Run the reference server of a checkout with the example threads, and yield its URL."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        cwd=root,
        env=environment(root),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        server.wait(20)
        server.stdout.close()


def verdict(root: Path, served: Path) -> tuple[str, list[str]]:
    """Check the server of a checkout against the document of another; return the verdict and the failed rules."""
    listed = "from threadruns.contract.example import threads; print(*threads())"
    names = run(served, "-c", listed).stdout.split()
    given = [part for name in names for part in ("--thread", name)]
    key = "sk-drill-0123456789abcdef"
    with serve_examples(served) as url:
        done = run(root, "-m", "threadruns", "check", url, "--api-key", key, "--format", "json", *LIMITS, *given)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return "failed", [done.stderr.strip()[-300:]]
    failed = [f"{each['id']}: {each.get('observed')}" for each in report["rules"] if each["outcome"] == "fail"]
    return str(report["verdict"]), failed


def apply(edit: Edit, root: Path) -> int:
    """Edit the document of a checkout, add the line that the edit costs, and return the number of such lines."""
    path = root / "openapi.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in edit.patch:
        if old not in text:
            raise SystemExit(f"{edit.name}: the document has no {old!r}; correct tests/drill/edits.py.")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    if not edit.line:
        return 0
    resources = root / "overrides" / "threadruns" / "_client" / "resources.py"
    code = resources.read_text(encoding="utf-8")
    resources.write_text(code.replace(LISTED, f"{LISTED}\n{edit.line}\n"), encoding="utf-8")
    return 1


def prepare(folder: Path) -> Path:
    """Copy the checkout without an edit and check its types, so that later checks have a cache; return the copy."""
    base = folder / "base"
    shutil.copytree(ROOT, base, ignore=IGNORED)
    run(base, "-m", "mypy")
    return base


def drill(edit: Edit, base: Path, tests: Sequence[str]) -> Outcome:
    """Make one edit, and return its outcome.

    Args:
        edit: The edit.
        base: A copy of the checkout without an edit.
        tests: The files and folders of the tests to run; none runs no tests.
    """
    started = time.monotonic()
    problems: list[str] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        root = Path(folder) / "checkout"
        shutil.copytree(base, root)
        lines = apply(edit, root)
        done = run(root, "scripts/generate.py")
        if done.returncode:
            problems.append(f"generation: {(done.stderr or done.stdout).strip()[-300:]}")
            return Outcome(edit, lines, problems, failed, 0, time.monotonic() - started)
        done = run(root, "-m", "mypy")
        problems += [f"types: {line}" for line in done.stdout.splitlines() if ": error:" in line]
        done = run(root, "-m", "tests.drill.probes", json.dumps(edit.probes))
        problems += json.loads(done.stdout) if done.returncode == 0 else [f"probes: {done.stderr.strip()[-300:]}"]
        for served, wanted in ((root, "conforms"), (base, edit.old_server)):
            found, rules = verdict(root, served)
            which = "its own server" if served is root else "a server of the old document"
            if found != wanted:
                problems.append(f"the check says that {which} {found}: {'; '.join(rules)[:300] or 'no rule failed'}")
        if tests:
            failed = failures(root, tests)
    pinned = [name for name in failed if name.startswith(edit.expected)] if edit.expected else []
    return Outcome(
        edit, lines, problems, [name for name in failed if name not in pinned], len(pinned), time.monotonic() - started
    )


def failures(root: Path, tests: Sequence[str]) -> list[str]:
    """Run tests in a checkout, and return the names of those that failed."""
    chosen = "" if tests == ALL_TESTS else " and ".join(f"not {name}" for name in SLOW)
    done = run(root, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "-k", chosen, *tests, seconds=3600)
    found = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return found or ([] if done.returncode == 0 else [f"pytest: {(done.stdout + done.stderr).strip()[-300:]}"])


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--only", metavar="NAME", action="append", help="run this edit only; repeat it for several")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--no-tests", action="store_true", help="do not run the tests in the edited copies")
    which.add_argument("--all-tests", action="store_true", help="run all of the default tests in the edited copies")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="edits at a time")
    options = parser.parse_args()
    names = [edit.name for edit in EDITS]
    for name in options.only or ():
        if name not in names:
            parser.error(f"there is no edit {name!r}; the edits are {', '.join(names)}")
    tests = ALL_TESTS if options.all_tests else () if options.no_tests else TESTS
    chosen = [edit for edit in EDITS if not options.only or edit.name in options.only]
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="drill-") as folder, ThreadPoolExecutor(options.jobs) as pool:
        base = prepare(Path(folder))
        for outcome in pool.map(lambda edit: drill(edit, base, tests), chosen):
            outcomes.append(outcome)
            print(f"{outcome.edit.name}: {outcome.seconds:.0f} s", file=sys.stderr, flush=True)
            for line in (*outcome.problems, *outcome.failed):
                print(f"    {line}", file=sys.stderr, flush=True)
    print(f"{'edit':<22} {'hand edits':>10} {'did not follow':>15} {'tests failed':>13} {'by design':>10}")
    for outcome in outcomes:
        counts = f"{outcome.hand_edits:>10} {len(outcome.problems):>15} {len(outcome.failed):>13} {outcome.pinned:>10}"
        print(f"{outcome.edit.name:<22} {counts}")
        for line in (*outcome.problems, *outcome.failed[:20]):
            print(f"    {line}")
    return int(any(outcome.problems or outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
