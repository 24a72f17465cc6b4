"""The text of a report in a real terminal, at several widths, and in a pipe.

``THREADRUNS_GOLDEN=write`` writes the files under ``golden`` anew.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.contract.servers import FIVE, KEY
from threadruns.testing import serve

GOLDEN = Path(__file__).parent / "golden"


def run_in_terminal(command: list[str], columns: int) -> str:
    """Run a command in a terminal of a width, and return what it wrote there."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "CI")}
    process = subprocess.Popen(
        command, env={**environment, "TERM": "xterm", "OPENAI_API_KEY": KEY}, stdin=end, stdout=end, stderr=end
    )
    os.close(end)
    written = b""
    try:
        while chunk := os.read(terminal, 65536):
            written += chunk
    except OSError:
        pass  # The last process that had the terminal has ended.
    os.close(terminal)
    process.wait(60)
    return written.decode().replace("\r\n", "\n")


def without_chance(text: str) -> str:
    """Return a text without colours, and without the port, the counts, the times and the generated requests of the run.

    Hypothesis takes constants from the source files that are loaded, so that its requests are others in a built wheel.
    """
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    text = re.sub(r"127\.0\.0\.1:[0-9]+", "127.0.0.1:PORT", text)
    text = re.sub(r"[0-9]+ requests in [0-9.]+ s", "N requests in S s", text)
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    return re.sub(r"(?ms)^(  generated\.answers \(departure\)).*?^$", r"\1: ...\n", text)


@pytest.mark.parametrize(
    ("name", "fault", "columns"),
    [
        ("departs-80", "ids-null", 80),
        ("departs-140", "ids-null", 140),
        ("departs", "ids-null", 0),
        ("conforms-80", "", 80),
    ],
)
def test_a_report_fits_the_terminal(name: str, fault: str, columns: int) -> None:
    """Lines are wrapped and indented in a terminal, and left alone in a pipe; only commands are longer."""
    with serve(runs=FIVE["thread_Of5Runs"], api_key=KEY, faults=[fault] if fault else []) as server:
        command = [sys.executable, "-m", "threadruns", "check", server.url, "--thread", "thread_Of5Runs"]
        if columns:
            written = run_in_terminal(command, columns)
        else:
            environment = {**os.environ, "OPENAI_API_KEY": KEY}
            written = subprocess.run(command, env=environment, capture_output=True, text=True).stdout
    if columns:
        progress, _, written = written.rpartition("\x1b[2K")
        assert "\x1b[1;3" in written  # colours
        counts = re.findall(r"([0-9]+) of at most 600 requests", progress)
        assert sorted(set(counts), key=int) == list(dict.fromkeys(counts))
        assert len(set(counts)) > 3
    else:
        assert "\x1b" not in written
    text = without_chance(written)
    if columns:
        assert max(len(line) for line in text.splitlines() if "http://" not in line) <= columns
    golden = GOLDEN / f"check-{name}.txt"
    if os.environ.get("THREADRUNS_GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
