"""``threadruns document``: the document for whoever has only the package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from threadruns._document import document, source

COMMAND = (sys.executable, "-m", "threadruns", "document")


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, timeout=30)


def test_the_document_is_printed_as_it_is() -> None:
    """Standard output has the document in the format that was asked for, byte for byte."""
    assert run().stdout == source().encode()
    assert run("--format", "yaml").stdout == source().encode()
    assert json.loads(run("--format", "json").stdout) == document()


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_the_path_is_that_of_a_file(form: str) -> None:
    """The path alone is printed, and the file there is what is printed without it."""
    done = run("--format", form, "--path")
    (line,) = done.stdout.decode().splitlines()
    assert Path(line).is_absolute()
    assert Path(line).read_bytes() == run("--format", form).stdout


def test_a_format_that_there_is_not_is_refused() -> None:
    """Another format is an error of usage that names the two."""
    done = run("--format", "xml")
    assert done.returncode == 2
    assert b"'yaml', 'json'" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told() -> None:
    """Output that cannot be written is one line of an error."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(COMMAND, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (4, "Error: Standard output cannot be written: No space left on device.\n")
