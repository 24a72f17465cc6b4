"""The report of a comparison, and the changelog that has to list what breaks."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from _compare.changes import Change
from _compare.operations import compare
from _document.check import find
from _document.problems import located
from _document.source import Json, Source, SourceError, parse, read

HEADING = "Breaking"


class CompareError(Exception):
    """A comparison is not possible; the message is one sentence."""


def report(old: str, document: Path, changelog: Path) -> tuple[str, int]:
    """Compare a document with an older form of it.

    Args:
        old: A file with the older document, or a revision of the repository of ``document``.
        document: The document.
        changelog: The file that has to list what breaks.

    Returns:
        The report, and the exit code: 1 if something breaks that the changelog does not list.

    Raises:
        CompareError: One of the documents cannot be read.
    """
    changes = compare(older(old, document), _document(lambda: read(document), str(document)))
    lines = [f"{'callers':<12}{'servers':<12}change"]
    for change in changes:
        lines.append(f"{_verdict(change.callers)}{_verdict(change.servers)}{change.name}: {change.text}")
        lines.append(f"{'':<24}{change.pointer}")
    breaking = [change for change in changes if change.breaking]
    if not changes:
        lines = [f"{document.name} has no other changes than in texts and examples since {old}."]
    else:
        lines.append(f"{len(breaking)} breaking, {len(changes) - len(breaking)} compatible")
    unlisted = missing(breaking, listed(changelog.read_text(encoding="utf-8")))
    if unlisted:
        lines.append(f"{changelog.name} does not list, under Unreleased and {HEADING}: {', '.join(unlisted)}")
        lines.append(f"Add there, for each, a line with its name or its pointer, such as: - `{unlisted[0]}`: ...")
    return "\n".join(lines), int(bool(unlisted))


def older(old: str, document: Path) -> dict[str, Json]:
    """Return the older document, from a file or from a revision.

    Raises:
        CompareError: There is neither such a file nor such a revision, or it is not an OpenAPI document.
    """
    if os.path.exists(old):  # Path.exists raises an error for a long name
        return _document(lambda: read(Path(old)), old)
    git = ["git", "-C", str(document.resolve().parent)]
    command = [*git, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{old}^{{commit}}"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise CompareError(f"{old!r} is not a file, and git, which knows revisions, is not installed.") from None
    if commit.returncode:
        raise CompareError(f"{old!r} is neither a file nor a revision of the repository.")
    command = [*git, "show", f"{commit.stdout.strip()}:./{document.name}"]
    shown = subprocess.run(command, capture_output=True, check=False)
    if shown.returncode:
        raise CompareError(f"The revision {old!r} has no {document.name}; name a later one.")
    name = f"{old}:{document.name}"
    return _document(lambda: parse(shown.stdout, name), name)


def listed(changelog: str) -> set[str]:
    """Return the names and pointers that a changelog lists as breaking and not yet released.

    They stand between backticks in the items below the heading *Breaking* of the section *Unreleased*.
    """
    unreleased = re.search(r"^## \[?Unreleased\b.*?$(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    section = unreleased and re.search(
        rf"^### {HEADING}\s*?$(.*?)(?=^### |\Z)", unreleased[1], re.MULTILINE | re.DOTALL
    )
    return {" ".join(text.split()) for text in re.findall(r"`([^`]+)`", section[1])} if section else set()


def missing(changes: Iterable[Change], names: set[str]) -> list[str]:
    """Return the name of each breaking change of which neither the name nor the pointer is listed."""
    return list(dict.fromkeys(change.name for change in changes if not {change.name, change.pointer} & names))


def _verdict(breaks: bool) -> str:
    return f"{'breaking' if breaks else 'compatible':<12}"


def _document(source: Callable[[], Source], name: str) -> dict[str, Json]:
    """Read a document, which must be valid OpenAPI, but need not have descriptions."""
    try:
        read_source = source()
    except SourceError as error:
        place = f"{name}:{error.line}" if error.line else repr(name)
        raise CompareError(f"{place}: {error}.") from None
    if found := located(read_source, find(read_source.raw, project_rules=False)):
        raise CompareError(f"{found[0]}.")
    document: dict[str, Json] = read_source.raw
    return document
