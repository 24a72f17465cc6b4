"""Tests of the generator with the corpus: each document is generated right, or refused with a place and a next step."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import generate
from _document.source import read
from tests.generation.corpus import Case, Json, cases, write

RIGHT = [case for case in cases() if "refused" not in case]
REFUSED = [case for case in cases() if "refused" in case]


def package_name(case: Case) -> str:
    return "case_" + re.sub(r"\W+", "_", case["name"]).lower()


def emit(case: Case, folder: Path) -> str:
    """Generate the package of a case, without formatting it, and return its name."""
    name = package_name(case)
    generate.emit(read(write(case, folder / f"{name}.yaml")), folder / name)
    return name


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Case], ModuleType]]:
    """Generate the package of a case and import it."""
    folder = tmp_path_factory.mktemp("corpus")
    names: list[str] = []

    def run(case: Case) -> ModuleType:
        names.append(emit(case, folder))
        return importlib.import_module(names[-1])

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield run
    for module in [module for module in sys.modules if module.partition(".")[0] in names]:
        del sys.modules[module]


def test_names_are_unique() -> None:
    """Each case of the corpus has a name of its own, and there are at least 80."""
    names = [package_name(case) for case in cases()]
    assert len(set(names)) == len(names) >= 80


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case["name"])
def test_document_is_generated_right(case: Case, package: Callable[[Case], ModuleType]) -> None:
    """Samples are decoded and encoded to the same JSON, wrong ones are refused, and requests are built as described."""
    name = package(case).__name__
    models = importlib.import_module(f"{name}.models")
    encode = importlib.import_module(f"{name}.values").encode
    operations = importlib.import_module(f"{name}.operations")
    if case.get("without_paths"):
        assert operations.MODULES == {}
        return
    operation = getattr(operations, case.get("name_of", "get_thing"))

    def build(arguments: Json, classes: dict[str, str]) -> Json:
        made = {
            key: getattr(models, classes[key]).from_dict(v) if key in classes else v for key, v in arguments.items()
        }
        return operation(**made)

    for call in case.get("calls", []):
        request = build(call["with"], call.get("models", {}))
        for key in ("method", "path", "params"):
            if key in call:
                assert getattr(request, key) == call[key]
        for key, value in call.get("headers", {}).items():
            assert request.headers[key] == value
        if "headers" in call and "content" not in call:
            assert request.headers == call["headers"]
        if "content" in call:
            assert (request.content and json.loads(request.content)) == call["content"]
    if not case.keys() & {"good", "bad", "answers"}:
        return
    first = case.get("calls", [{"with": {}}])[0]
    request = build(first["with"], first.get("models", {}))
    for status, body, kind in case.get("answers", []):
        value = request.parse(status, body.encode() if kind == "bytes" else json.dumps(body).encode())
        assert type(value).__name__ == kind
        if kind == "bytes":
            assert value == body.encode()
        elif kind != "NoneType":
            assert encode(value) == body
    for number, body in enumerate(case.get("good", [])):
        value = request.parse(200, json.dumps(body).encode())
        assert encode(value) == body
        if "classes" in case:
            assert type(value).__name__ == case["classes"][number]
    error = importlib.import_module(f"{name}.errors").DecodeError
    for problem, body in case.get("bad", {}).items():
        with pytest.raises(error) as caught:
            request.parse(200, json.dumps(body).encode())
        assert str(caught.value) == problem


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case["name"])
def test_document_has_samples_and_a_page(case: Case, tmp_path: Path) -> None:
    """The request samples and the documentation page are made for each document."""
    path = write(case, tmp_path / "case.yaml")
    generate.add_reference(path, read(path).raw, tmp_path)
    assert "<h1" in (tmp_path / "page.html").read_text() or case.get("without_paths")


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_document_is_refused(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A document that cannot be generated right is refused in one line with its place, and the old package stays."""
    path = write(case, tmp_path / "case.yaml")
    target = tmp_path / "out" / "package"
    target.mkdir(parents=True)
    (target / "old.py").write_text("old = True\n")
    assert generate.main(["--document", str(path), "--target", str(target)]) == 1
    message, last = capsys.readouterr().err.rstrip().rsplit("\n", 1)
    pointer = case["refused"]["at"]
    found = re.fullmatch(rf"case\.yaml:(\d+): {re.escape(pointer)}: (.*)", message)
    assert found, message
    assert case["refused"]["says"] in found[2]
    assert last.startswith("scripts/generate: nothing was generated")
    token = pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    line = path.read_text(encoding="utf-8").splitlines()[int(found[1]) - 1]
    assert token in line or token.isdecimal()
    assert [file.name for file in (tmp_path / "out").rglob("*")] == ["package", "old.py"]


def check_types(folder: Path, packages: list[str]) -> subprocess.CompletedProcess[str]:
    """Run mypy, strict, on packages in a folder."""
    first, *others = packages
    for name in others:
        # These modules are the same in each package, so they are checked once.
        for module in ("errors", "objects", "reading", "shapes", "tolerant", "types", "values"):
            (folder / name / f"{module}.pyi").write_text(f"from {first}.{module} import *\n")
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={folder / 'cache'}"]
        + [argument for name in packages for argument in ("-p", name)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_emitted_code_is_typed(tmp_path: Path) -> None:
    """The package of every third document passes the strict type checker; ``tox -e corpus`` checks all of them."""
    done = check_types(tmp_path, [emit(case, tmp_path) for case in RIGHT[::3]])
    assert done.returncode == 0, done.stdout
