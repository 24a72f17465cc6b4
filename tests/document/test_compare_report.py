"""Tests of ``scripts/generate --compare``: the report, the changelog, and input that cannot be compared."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import generate
from _compare import Change
from _compare.report import listed, missing
from tests.generation import corpus

RELEASED = sorted(
    (Path(__file__).parent / "released").glob("*.yaml"), key=lambda path: [*map(int, path.stem.split("."))]
)
TEXT = generate.DOCUMENT.read_text(encoding="utf-8")
SMALL = json.dumps(corpus.document({}))
CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Document\n\n- x\n\n{}\n## 0.1.0\n\n### Breaking\n\n- `RunStatus`: x\n"


@pytest.fixture
def changelog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "CHANGELOG.md"
    path.write_text(CHANGELOG.format(""))
    monkeypatch.setattr(generate, "CHANGELOG", path)
    return path


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """Return a document with three breaking changes and one compatible one."""
    document: Any = YAML(typ="safe").load(TEXT)
    schemas = document["components"]["schemas"]
    schemas["RunStatus"]["enum"].append("incomplete")
    schemas["Run"]["properties"]["priority"] = {"type": "integer", "description": "x"}
    schemas["Run"]["required"].remove("model")
    document["paths"]["/threads/{thread_id}/runs"]["get"]["parameters"][1]["schema"]["maximum"] = 50
    path = tmp_path / "edited.yaml"
    with path.open("w") as file:
        YAML(typ="safe").dump(document, file)
    return path


def run(*arguments: object) -> int:
    return generate.main([str(argument) for argument in arguments])


def test_breaking_changes_since_the_last_release_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """The changelog lists each breaking change since the document of the last release."""
    assert run("--compare", RELEASED[-1]) == 0, capsys.readouterr().out


def test_report(edited: Path, changelog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report has both verdicts, the name, the description and the pointer of each change, and what to add."""
    assert run("--compare", generate.DOCUMENT, "--document", edited) == 1
    assert (
        capsys.readouterr().out
        == """\
callers     servers     change
breaking    compatible  listRuns.limit: the maximum is 50 instead of 100
                        /paths/~1threads~1{thread_id}~1runs/get/parameters/1/schema/maximum
breaking    compatible  Run.model: is no longer required
                        /components/schemas/Run/properties/model
breaking    compatible  RunStatus: the value "incomplete" is added
                        /components/schemas/RunStatus/enum
compatible  compatible  Run.priority: the property is added
                        /components/schemas/Run/properties/priority
3 breaking, 1 compatible
CHANGELOG.md does not list, under Unreleased and Breaking: listRuns.limit, Run.model, RunStatus
Add there, for each, a line with its name or its pointer, such as: - `listRuns.limit`: ...
"""
    )


def test_changelog_that_lists_every_breaking_change(
    edited: Path, changelog: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changelog with the name or the pointer of each breaking change is sufficient."""
    items = "- `listRuns.limit` and `Run.model`\n- `/components/schemas/RunStatus/enum`\n"
    changelog.write_text(CHANGELOG.format(f"### Breaking\n\n{items}"))
    assert run("--compare", generate.DOCUMENT, "--document", edited) == 0
    assert capsys.readouterr().out.endswith("3 breaking, 1 compatible\n")


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("", set()),
        ("### Breaking\n\n- `Run.model` is gone, see\n  `listRuns\n  limit`\n", {"Run.model", "listRuns limit"}),
        ("### Breaking\n\n- RunStatus\n\n### Client\n\n- `Run`\n", set()),
        ("### Breaking changes\n\n- `Run`\n", set()),
    ],
    ids=["no heading", "items", "another heading", "a similar heading"],
)
def test_names_in_the_changelog(section: str, names: set[str]) -> None:
    """Names count if they are between backticks, under the heading Breaking of the section Unreleased."""
    assert listed(CHANGELOG.format(section)) == names


def test_a_name_of_a_parent_does_not_count() -> None:
    """Each breaking change is listed by itself; the component that contains it is not sufficient."""
    changes = [
        Change("/components/schemas/Run/properties/a", "Run.a", "x"),
        Change("/components/schemas/Run", "Run", "x"),
    ]
    assert missing(changes, {"Run"}) == ["Run.a"]


def test_a_document_without_changes(changelog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Changes of texts alone are not listed."""
    (tmp_path / "old.yaml").write_text(TEXT.replace("One page of the runs", "A page of the runs"))
    assert run("--compare", tmp_path / "old.yaml") == 0
    assert capsys.readouterr().out == (
        f"openapi.yaml has no other changes than in texts and examples since {tmp_path / 'old.yaml'}.\n"
    )


def git(folder: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *settings, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a document in a repository: the first revision lacks it, ``old`` has it with another limit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "empty")
    git(folder, "tag", "empty")
    document = folder / "openapi.yaml"
    document.write_text(TEXT.replace("maximum: 100\n", "maximum: 200\n"))
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "old")
    git(folder, "tag", "old")
    document.write_text(TEXT)
    return document


def test_a_revision(repository: Path, changelog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A revision of the repository of the document can be named in place of a file."""
    assert run("--compare", "old", "--document", repository) == 1
    assert "listRuns.limit: the maximum is 100 instead of 200" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("nothing", "'nothing' is neither a file nor a revision of the repository."),
        ("--help", "'--help' is neither a file nor a revision of the repository."),
        ("x" * 300, f"'{'x' * 300}' is neither a file nor a revision of the repository."),
        ("empty", "The revision 'empty' has no openapi.yaml; name a later one."),
    ],
    ids=["unknown", "option", "long", "without the document"],
)
def test_a_revision_that_does_not_exist(
    revision: str, message: str, repository: Path, changelog: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A revision that does not exist or lacks the document is an error of one sentence, with exit code 2."""
    assert run(f"--compare={revision}", "--document", repository) == 2
    assert capsys.readouterr().err == f"scripts/generate: {message}\n"


def test_git_is_not_installed(
    repository: Path, changelog: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without git, a revision is an error that names git."""
    monkeypatch.setenv("PATH", "")
    assert run("--compare", "old", "--document", repository) == 2
    assert capsys.readouterr().err == (
        "scripts/generate: 'old' is not a file, and git, which knows revisions, is not installed.\n"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "old.yaml:1: (document): the document is empty"),
        (b"a: [", "old.yaml:1: the file cannot be read as YAML: "),
        (b"a: \xff", "old.yaml:1: byte 3 is not UTF-8; save the file as UTF-8."),
        (b"[" * 200, "it is nested deeper than 100 levels"),
        (b"a: &a {b: *a}", "with its aliases followed it has more than 100000 values"),
        (b"{}", "old.yaml:1: (document): it has no version"),
        (SMALL.replace("3.1.0", "3.0.3").encode(), "/openapi: "),
        (SMALL.replace("schemas/Thing", "schemas/Nothing").encode(), "'#/components/schemas/Nothing' does not exist"),
        (SMALL.replace('"string"', '"text"').encode(), "/components/schemas/Thing/properties/id/type: "),
    ],
    ids=["empty", "not closed", "encoding", "deep", "recursive", "no document", "version", "reference", "type"],
)
@pytest.mark.parametrize("place", ["old", "new"])
def test_a_file_that_is_not_a_document(
    content: bytes, words: str, place: str, tmp_path: Path, changelog: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is not a valid document is an error of one sentence, with exit code 2, on either side."""
    (tmp_path / "old.yaml").write_bytes(content)
    (tmp_path / "small.yaml").write_text(SMALL)
    sides = [tmp_path / "old.yaml", tmp_path / "small.yaml"][:: 1 if place == "old" else -1]
    assert run("--compare", sides[0], "--document", sides[1]) == 2
    output = capsys.readouterr()
    assert words in output.err
    assert (output.out, output.err.count("\n")) == ("", 1)


def test_a_file_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder in place of a file, and a document that does not exist, are errors of one sentence."""
    assert run("--compare", tmp_path) == 2
    assert run("--compare", generate.DOCUMENT, "--document", tmp_path / "no.yaml") == 2
    advice = "give the path of a YAML or JSON file."
    assert capsys.readouterr().err.splitlines() == [
        f"scripts/generate: {str(tmp_path)!r}: it is a folder; {advice}",
        f"scripts/generate: {str(tmp_path / 'no.yaml')!r}: it cannot be read: No such file or directory; {advice}",
    ]
