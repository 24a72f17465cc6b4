"""The installed generator, in contrast to the version that the scripts and templates were written for.

The scripts use private parts of the generator, and the templates replace its own. After an upgrade, each difference
that would change the output unnoticed is an error: names that moved, templates that are no longer used, and originals
that changed.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import re
import sys
import tomllib
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from jinja2 import Environment, TemplateError, meta

NAME = "openapi-python-client"
MODULE = "openapi_python_client"
SCRIPTS = Path(__file__).resolve().parent
PROJECT = SCRIPTS.parent / "pyproject.toml"
RECORD = SCRIPTS.parent / "overrides" / "originals.json"
"""The version of the generator that the templates were compared with, and a hash of each original."""


class GeneratorChanged(Exception):
    """The installed generator is not the one that the scripts and templates were written for."""


def installed(name: str = NAME) -> str | None:
    """Return the version of an installed distribution; None if it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def pins() -> dict[str, str]:
    """Return the exact versions that the project requires for generation: other versions write other code."""
    groups = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["dependency-groups"]
    found = (re.fullmatch(r"([\w.-]+)==(\S+)", entry) for entry in groups["generate"] if isinstance(entry, str))
    return {match[1]: match[2] for match in found if match}


def record() -> dict[str, Any]:
    """Return the version that the templates were compared with, and the hashes of its originals."""
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


def check_import() -> None:
    """Verify that the pinned versions are installed, and that the generator has every name that the scripts import.

    Raises:
        GeneratorChanged: A version is not pinned or not the pinned one, or one of the names is missing.
    """
    required = pins()
    if NAME not in required:
        raise GeneratorChanged(
            f"pyproject.toml does not pin {NAME} in the group generate; require one version with ==."
        )
    for name, pin in required.items():
        if (version := installed(name)) != pin:
            found = f"{name} {version} is installed" if version else f"{name} is not installed"
            raise GeneratorChanged(
                f"{found}, and pyproject.toml requires {pin}; run: {sys.executable} -m pip install --group generate"
            )
    version = installed()
    if version != record()["version"] and (missing := list(_missing_names())):
        raise GeneratorChanged(
            f"{NAME} {version} lacks what the scripts import; adapt them, or pin {record()['version']} again:\n"
            + "\n".join(missing)
        )


def check_templates(templates: Path) -> None:
    """Verify that each template replaces one of the generator, and that the originals are those of the record.

    Args:
        templates: The folder of our templates.

    Raises:
        GeneratorChanged: A template replaces nothing, or the originals have to be compared.
    """
    version, known = installed(), record()
    unused = [name for name in _replacing(templates) if not (_originals() / name).exists()]
    if unused:
        raise GeneratorChanged(
            f"{NAME} {version} has no template {', '.join(unused)}, so ours would not be used; rename or remove ours, "
            "or begin it with 'Not a fork' if another one includes it."
        )
    if version == known["version"]:
        return
    fresh = hashes(templates)
    names = sorted(
        name for name in fresh.keys() | known["originals"] if fresh.get(name) != known["originals"].get(name)
    )
    changed = "".join(f"\nchanged: {_originals() / name}" for name in names) or "\nNo original has changed."
    raise GeneratorChanged(
        f"{NAME} {version} is installed, and the templates were compared with the originals of {known['version']}."
        f"{changed}\nCompare the originals of both versions, adapt overrides/templates, and run: "
        f"scripts/generate --templates-compared"
    )


def write_record(templates: Path) -> None:
    """Record that the templates were compared with the installed version."""
    text = json.dumps({"version": installed(), "originals": hashes(templates)}, indent=2)
    RECORD.write_text(f"{text}\n", encoding="utf-8")


def hashes(templates: Path) -> dict[str, str]:
    """Return a hash of each original that our templates replace or import."""
    names = [*_replacing(templates)]
    for path in templates.glob("*.jinja"):
        names += [name for name in _imported(path) if (_originals() / name).exists()]
    return {name: hashlib.sha256((_originals() / name).read_bytes()).hexdigest() for name in sorted(set(names))}


def check_output(package: Path) -> None:
    """Verify that no object of the generator was printed in place of its text, as templates do without a filter.

    Args:
        package: The generated package.

    Raises:
        GeneratorChanged: An object was printed.
    """
    for path in sorted(package.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(rf"<{MODULE}\.\S+ object at 0x", line):
                place = f"{path.relative_to(package).as_posix()}:{number}"
                raise GeneratorChanged(
                    f"{place} contains an object of {NAME} {installed()} instead of its text; use the filters of the "
                    "generator in the template, such as safe_for_docstring."
                )


@contextmanager
def explained() -> Iterator[None]:
    """Turn an error of a template, or of a private part of another version, into one that names the place.

    Raises:
        GeneratorChanged: In place of such an error.
    """
    try:
        yield
    except TemplateError as error:
        at = _place(error, (".jinja",)) or f"{getattr(error, 'name', None)}:{getattr(error, 'lineno', 0)}"
        raise GeneratorChanged(f"The template {at} does not fit {NAME} {installed()}: {error}") from error
    except (AttributeError, KeyError, TypeError) as error:
        if installed() == record()["version"]:
            raise
        place = _place(error, ("scripts/", ".jinja"))
        raise GeneratorChanged(f"{place} uses a part that {NAME} {installed()} changed: {error}") from error


def _place(error: Exception, parts: tuple[str, ...]) -> str | None:
    """Return the innermost file and line of a traceback whose path contains one of these texts."""
    frames = traceback.extract_tb(error.__traceback__)
    found = [(Path(frame.filename), frame.lineno) for frame in frames if any(p in frame.filename for p in parts)]
    if not found:
        return None
    path, line = found[-1]
    inside = path.is_relative_to(SCRIPTS.parent)
    return f"{path.relative_to(SCRIPTS.parent).as_posix() if inside else path.name}:{line}"


def _originals() -> Path:
    return Path(str(metadata.distribution(NAME).locate_file(f"{MODULE}/templates")))


def _replacing(templates: Path) -> list[str]:
    """Return the names of our templates that replace one of the generator, as their first line says."""
    paths = sorted(templates.glob("*.jinja"))
    return [path.name for path in paths if not path.read_text(encoding="utf-8").startswith("{# Not a fork")]


def _imported(path: Path) -> list[str]:
    syntax = Environment(extensions=["jinja2.ext.do"]).parse(path.read_text(encoding="utf-8"))
    return [name for name in meta.find_referenced_templates(syntax) if name]


def _missing_names() -> Iterator[str]:
    """Yield each name of the generator that a script imports and that the installed version does not have."""
    for path in sorted(SCRIPTS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == MODULE:
                try:
                    module = importlib.import_module(node.module)
                    lost = [alias.name for alias in node.names if not hasattr(module, alias.name)]
                except ImportError:
                    lost = [alias.name for alias in node.names]
                for name in lost:
                    yield f"{path.relative_to(SCRIPTS.parent).as_posix()}:{node.lineno}: {node.module}.{name}"
