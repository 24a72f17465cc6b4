"""Tests of ``scripts/generate`` with files that are not OpenAPI 3.1 documents."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import generate
from _document import source

TEXT = 'openapi: 3.1.0\ninfo: {title: é, version: "1"}\npaths: {}\n'


def grow(levels: int) -> str:
    """Return YAML whose values multiply by nine with each level of aliases."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


def text(content: str | bytes) -> Callable[[Path], object]:
    """Return a function that writes a file."""
    return lambda path: path.write_bytes(content.encode() if isinstance(content, str) else content)


def huge(path: Path) -> None:
    """Make a file of 100 MB without content on disk."""
    with path.open("wb") as file:
        file.truncate(100_000_000)


BAD: dict[str, tuple[Callable[[Path], object], str, str]] = {
    # name: how the file is made, its place in the message, the reason
    "version 2.0": (text('swagger: "2.0"\ninfo: {}\n'), "bad.yaml:1: /swagger", "convert the document to OpenAPI 3.1"),
    "version 3.0": (
        text(TEXT.replace("3.1.0", "3.0.3")),
        "bad.yaml:1: /openapi",
        "the version is '3.0.3'; convert the document to OpenAPI 3.1; for example, replace 'nullable: true'",
    ),
    "version 3.2": (text(TEXT.replace("3.1.0", "3.2.0")), "bad.yaml:1: /openapi", "the version is '3.2.0'"),
    "version 4.0": (text(TEXT.replace("3.1.0", "4.0.0")), "bad.yaml:1: /openapi", "the version is '4.0.0'"),
    "version that is a number": (
        text(TEXT.replace("3.1.0", "3.1")),
        "bad.yaml:1: /openapi",
        "3.1 is not a string; quote it",
    ),
    "no version": (text("info: {}\n"), "bad.yaml:1: (document)", "add 'openapi: 3.1.0'"),
    "UTF-16": (text(TEXT.encode("utf-16")), "bad.yaml:1", "is UTF-16; save it as UTF-8"),
    "UTF-16 without mark": (text(TEXT.encode("utf-16-le")), "bad.yaml:1", "as text in UTF-16 does; save it as UTF-8"),
    "UTF-32": (text(TEXT.encode("utf-32")), "bad.yaml:1", "is UTF-32; save it as UTF-8"),
    "Latin-1": (text(TEXT.encode("latin-1")), "bad.yaml:2", "is not UTF-8; save the file as UTF-8"),
    "byte order mark": (text(b"\xef\xbb\xbf" + TEXT.encode()), "bad.yaml:1", "save it as UTF-8 without one"),
    "control character": (text(TEXT + "x-a: \x01\n"), "bad.yaml:4", "is not permitted in YAML"),
    "surrogate": (text(TEXT + 'x-a: "\\uD800"\n'), "bad.yaml:4: /x-a", "remove its surrogate"),
    "surrogate in a key": (text(TEXT + '"x-\\uD800": 1\n'), "bad.yaml:", "remove its surrogate"),
    "aliases that multiply": (text(grow(20)), "bad.yaml:1", "has more than 5000 values"),
    "alias in itself": (text("info: &a\n  more: *a\n"), "bad.yaml:1", "has more than 5000 values"),
    "unknown alias": (text("info: *a\n"), "bad.yaml:1", "undefined alias"),
    "key twice": (text(TEXT + "paths: {}\n"), "bad.yaml:4", "duplicate key"),
    "tab": (text("openapi: 3.1.0\ninfo:\n\ttitle: x\n"), "bad.yaml:3", "cannot start any token"),
    "bracket left open": (text("openapi: 3.1.0\ninfo: [\n"), "bad.yaml:3", "cannot be read as YAML"),
    "two documents": (text(f"{TEXT}---\n{TEXT}"), "bad.yaml:4", "but found another document"),
    "a tag of Python": (text("a: !!python/object:os.system x\n"), "bad.yaml:1", "could not determine a constructor"),
    "nested deeply": (text("[" * 10_000), "bad.yaml:1", "nested deeper than 100 levels"),
    "nested deeply by lines": (text("".join(f"{' ' * n}a:\n" for n in range(200))), "bad.yaml:", "nested deeper than"),
    "many values": (text("- 1\n" * 6_000), "bad.yaml:", "has more than 5000 values"),
    "huge": (huge, "bad.yaml", "has 100000000 bytes, and at most 4000000 are read"),
    "folder": (lambda path: path.mkdir(), "bad.yaml", "it is a folder; give the path"),
    "named pipe": (lambda path: os.mkfifo(path), "bad.yaml", "it is not a regular file"),
    "missing": (lambda _: None, "bad.yaml", "No such file or directory; give the path"),
    "empty": (text(""), "bad.yaml:1: (document)", "the document is empty"),
    "comments only": (text("# nothing\n"), "bad.yaml:1: (document)", "the document is empty"),
    "a list": (text("[1, 2]"), "bad.yaml:1: (document)", "not a mapping"),
    "a text": (text("openapi"), "bad.yaml:1: (document)", "not a mapping"),
    "JSON with a comma too many": (text('{"openapi": "3.1.0",,}'), "bad.yaml:1", "cannot be read as YAML"),
    "a date": (text(TEXT + "x-a: 2020-01-01\n"), "bad.yaml:4: /x-a", "quote it"),
    "a number as key": (text(TEXT + "1: x\n"), "bad.yaml:4: /1", "quote it"),
    "not a number": (text(TEXT + "x-a: .nan\n"), "bad.yaml:4: /x-a", "is not JSON"),
    "no information": (text("openapi: 3.1.0\npaths: {}\n"), "bad.yaml:1: (document)", "info"),
    "nothing to generate": (text("openapi: 3.1.0\ninfo: {title: x, version: x}\n"), "bad.yaml:1: (document)", "paths"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not such a document is refused in one line with place and reason, and the old package stays."""
    monkeypatch.setattr(source, "MAX_VALUES", 5000)  # to be fast
    make, place, reason = BAD[name]
    path = tmp_path / "bad.yaml"
    make(path)
    target = tmp_path / "out" / "package"
    target.mkdir(parents=True)
    (target / "old.py").write_text("old = True\n")
    for arguments in ([], ["--check"]):
        assert generate.main(["--document", str(path), "--target", str(target), *arguments]) == 1
        message, last = capsys.readouterr().err.rstrip().split("\n")
        assert re.match(rf"(\S*/)?{re.escape(place)}.*: .", message), message
        assert reason in message
        assert re.search(r"; (?!.*;)", message), "it has no next step"
        assert last.startswith("scripts/generate: nothing was generated")
        assert [file.name for file in (tmp_path / "out").rglob("*")] == ["package", "old.py"]


def test_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the system does not open is refused with the system's reason."""
    path = tmp_path / "bad.yaml"
    path.write_text(TEXT)
    monkeypatch.setattr(Path, "read_bytes", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(source.SourceError, match=r"^it cannot be read: Permission denied; give the path"):
        source.read(path)


def test_aliases_are_read(tmp_path: Path) -> None:
    """An alias is read like the part that it refers to."""
    path = tmp_path / "good.yaml"
    path.write_text(TEXT + "x-a: &a [1]\nx-b: *a\n", encoding="utf-8")
    assert source.read(path).raw["x-b"] == [1]
