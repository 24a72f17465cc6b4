"""Tests of what a maintainer sees with another version of the generator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import _generator
import generate
from _generator import GeneratorChanged
from tests.generation import corpus

PINNED = _generator.pins()[_generator.NAME]


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the templates, which generation uses in place of the original."""
    folder = tmp_path / "templates"
    shutil.copytree(generate.TEMPLATES, folder)
    monkeypatch.setattr(generate, "TEMPLATES", folder)
    return folder


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the record of an older version, one original of which has changed since."""
    found = _generator.record()
    path = tmp_path / "originals.json"
    path.write_text(json.dumps({"version": "0.1.0", "originals": found["originals"] | {"types.py.jinja": "0"}}))
    monkeypatch.setattr(_generator, "RECORD", path)
    return path


def run(tmp_path: Path, *arguments: str) -> int:
    """Generate a small document."""
    document = tmp_path / "small.yaml"
    document.write_text(json.dumps(corpus.document({})))
    return generate.main(["--document", str(document), "--target", str(tmp_path / "out" / "api"), *arguments])


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("openapi-python-client", "0.30.0", "openapi-python-client 0.30.0 is installed"),
        ("ruff", "0.1.0", "ruff 0.1.0 is installed"),
        ("openapi-python-client", None, "openapi-python-client is not installed"),
    ],
)
def test_a_version_that_is_not_the_pinned_one(name: str, version: str | None, words: str, tmp_path: Path) -> None:
    """The script ends with one sentence that names both versions and the command to run."""
    if version is None:
        code = "import _generator; _generator.installed = lambda name: None; import generate"
        command = [sys.executable, "-c", code]
        paths = [str(Path(generate.__file__).parent)]
    else:
        metadata = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        command = [sys.executable, generate.__file__, "--check"]
        paths = [str(tmp_path)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert words in done.stderr
    assert (
        f"pyproject.toml requires {_generator.pins()[name]}; run: {sys.executable} -m pip install --group generate"
        in done.stderr
    )


def test_a_version_that_is_not_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A requirement that permits several versions of the generator is an error."""
    project = tmp_path / "pyproject.toml"
    project.write_text('[dependency-groups]\ngenerate = ["openapi-python-client>=0.29", "ruff==0.17.6"]\n')
    monkeypatch.setattr(_generator, "PROJECT", project)
    with pytest.raises(
        GeneratorChanged, match=r"does not pin openapi-python-client .*; require one version with ==\.$"
    ):
        _generator.check_import()


def test_names_that_moved(tmp_path: Path, record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name that the scripts import and the version lacks is listed with its place; the others are not."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "one.py").write_text(
        "import json\nfrom openapi_python_client import Project, Moved\nfrom openapi_python_client.moved import Name\n"
    )
    monkeypatch.setattr(_generator, "SCRIPTS", scripts)
    with pytest.raises(GeneratorChanged) as caught:
        _generator.check_import()
    assert str(caught.value).splitlines() == [
        f"openapi-python-client {PINNED} lacks what the scripts import; adapt them, or pin 0.1.0 again:",
        "scripts/one.py:2: openapi_python_client.Moved",
        "scripts/one.py:3: openapi_python_client.moved.Name",
    ]


def test_originals_that_changed(record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is generated with another version until its originals were compared; those that changed are listed."""
    assert run(tmp_path) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == (
        f"scripts/generate: openapi-python-client {PINNED} is installed, and the templates were compared with the "
        "originals of 0.1.0."
    )
    assert [line.startswith("changed: ") and line.endswith("/types.py.jinja") for line in lines] == [False, True, False]
    assert lines[2].endswith("adapt overrides/templates, and run: scripts/generate --templates-compared")
    assert run(tmp_path, "--templates-compared") == 0
    assert json.loads(record.read_text())["version"] == PINNED
    assert run(tmp_path, "--check") == 0


def test_another_version_with_the_same_originals(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another version is also confirmed if no original has changed."""
    record.write_text(json.dumps({"version": "0.1.0", "originals": _generator.hashes(generate.TEMPLATES)}))
    assert run(tmp_path) == 1
    assert "No original has changed." in capsys.readouterr().err


def test_a_template_that_moved(templates: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A template of ours that replaces none of the generator is an error, because it would not be used."""
    (templates / "model.py.jinja").rename(templates / "class.py.jinja")
    assert run(tmp_path) == 1
    assert capsys.readouterr().err == (
        f"scripts/generate: openapi-python-client {PINNED} has no template class.py.jinja, so ours would not be used; "
        "rename or remove ours, or begin it with 'Not a fork' if another one includes it.\n"
    )


def test_a_macro_that_moved(templates: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A macro that a template imports and the generator does not have is an error with the place."""
    (templates / "helpers.jinja").write_text("{% macro renamed(content) %}{{ content }}{% endmacro %}\n")
    assert run(tmp_path) == 1
    message = capsys.readouterr().err
    assert message.startswith("scripts/generate: The template package_init.py.jinja:3 does not fit")
    assert "does not export the requested name 'docstring'" in message


def prepend(template: Path, text: str) -> None:
    first, _, rest = template.read_text().partition("\n")
    template.write_text(f"{first}\n{text}\n{rest}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ openapi.title | moved_filter }}", "package_init.py.jinja:2 does not fit"),
        ("{{ openapi.moved }}", "package_init.py.jinja:2 does not fit"),
        ("{% include 'moved.jinja' %}", "package_init.py.jinja:2 does not fit"),
        ("{{ openapi.title | wordwrap }}", "package_init.py.jinja:2 uses a part that"),
        ("# {{ openapi.title }}", "__init__.py:2 contains an object of"),
    ],
    ids=["filter", "attribute", "template", "method", "object"],
)
def test_parts_that_moved(
    text: str, words: str, templates: Path, record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A filter, attribute, template or method that another version lacks, and an object in the output, are errors."""
    prepend(templates / "package_init.py.jinja", text)
    assert run(tmp_path, "--templates-compared") == 1
    message = capsys.readouterr().err
    assert words in message
    assert (message.count("\n"), json.loads(record.read_text())["version"]) == (1, "0.1.0")


def test_a_mistake_with_the_recorded_version_is_not_hidden(templates: Path, tmp_path: Path) -> None:
    """With the version that the scripts were written for, an error of Python is a mistake and keeps its traceback."""
    prepend(templates / "package_init.py.jinja", "{{ openapi.title | wordwrap }}")
    with pytest.raises(AttributeError):
        run(tmp_path)
