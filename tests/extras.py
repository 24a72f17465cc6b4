"""Each extra alone, in an environment of its own: what it promises works, and what it lacks is named.

python tests/extras.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent

CLIENT = "import threadruns; print(threadruns.Client(api_key='sk', base_url='http://127.0.0.1:9/v1').runs.list)"
SERVER = (
    "from threadruns import Client; from threadruns.testing import serve\n"
    "with serve(threads=['thread_a']) as s, Client(api_key=s.api_key, base_url=s.url) as c: "
    "print(c.runs.list('thread_a').data)"
)
IMPORT = "try: import threadruns.{0}\nexcept ImportError as error: print(error)"
UNREACHED = ["list", "thread_a", "--api-key", "sk", "--base-url", "http://127.0.0.1:9/v1", "--timeout", "1"]
DATABASE = "postgresql://127.0.0.1:9/runs"
CHECKED = ["check", "http://127.0.0.1:9/v1", "--api-key", "sk", "--thread", "thread_a"]

TRIALS: dict[str, list[tuple[list[str], int, str]]] = {
    "": [
        (["-c", CLIENT], 0, "<list_runs at"),
        (
            ["-m", "threadruns", "list"],
            4,
            "needs click, which is not installed. In a clone of the repository: pip install '.[cli]'",
        ),
        (["-c", IMPORT.format("testing")], 0, "pip install '.[server]'"),
        (["-c", IMPORT.format("contract")], 0, "pip install '.[contract]'"),
    ],
    "cli": [
        (["-m", "threadruns", *UNREACHED], 3, "no complete"),
        (["-m", "threadruns", "serve"], 4, "pip install '.[server]'"),
        (["-m", "threadruns", "load", "x", "--db", "y"], 4, "pip install '.[server]'"),
        (["-m", "threadruns", *CHECKED], 4, "pip install '.[contract]'"),
    ],
    "server": [
        (["-c", SERVER], 0, "[]"),
        (["-m", "threadruns", "synth", "--threads", "1", "--runs", "1"], 0, '"object"'),
        (["-m", "threadruns", "serve", "--list-faults"], 0, "status-500"),
        (["-m", "threadruns", "load", "-", "--db", DATABASE], 4, "pip install '.[postgres]'"),
        (["-m", "threadruns", *CHECKED], 4, "pip install '.[contract]'"),
    ],
    "server,postgres": [
        (["-m", "threadruns", "load", "-", "--db", DATABASE], 4, "Connection refused"),
        (["-m", "threadruns", *CHECKED], 4, "pip install '.[contract]'"),
    ],
    "contract": [
        (["-c", "import threadruns.contract, threadruns.contract.hooks; print('imported')"], 0, "imported"),
        (["-m", "threadruns", *CHECKED], 3, "could not be judged"),
        (["-m", "threadruns", "serve"], 4, "pip install '.[server]'"),
    ],
    "socks": [(["-c", CLIENT], 0, "<list_runs at")],
}
"""By extra: arguments for Python, the exit code, and a text that is printed."""


def main() -> None:
    """Try every extra, and exit with 1 if anything is otherwise."""
    wrong = 0
    for extra, trials in TRIALS.items():
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            python = Path(folder) / ("Scripts" if os.name == "nt" else "bin") / "python"
            wanted = f"{ROOT}[{extra}]" if extra else str(ROOT)
            subprocess.run([python, "-m", "pip", "install", "--quiet", wanted], check=True)
            for arguments, code, text in trials:
                ran = subprocess.run(
                    [python, *arguments], capture_output=True, text=True, cwd=folder, timeout=120, check=False
                )
                shown = ran.stdout + ran.stderr
                good = ran.returncode == code and text in shown and "Traceback" not in shown
                wrong += not good
                print(
                    f"[{extra or 'none'}] {' '.join(arguments)[:60]!r}: {'as promised' if good else shown}", flush=True
                )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
