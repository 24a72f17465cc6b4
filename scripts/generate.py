"""Generate ``generated/threadruns_api`` from ``openapi.yaml``, or check that it is up to date.

The package is built in an empty folder and replaces the old one as a whole, so manual edits and stray files do not
remain. If the generator would silently drop part of the document, the script reports it and keeps the old package.

openapi-python-client is pinned, because the script uses private parts of it.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import filecmp
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# First, because the modules below import parts of the generator that another version may lack.
import _pinned_generator  # noqa: F401

# isort: split
from jinja2 import BytecodeCache, StrictUndefined
from jinja2.bccache import Bucket
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from ruamel.yaml import YAML

from _compare.report import CompareError, report
from _document.check import find
from _document.problems import Problem, located
from _document.source import Source, SourceError, read
from _documentation.page import page
from _documentation.samples import SampleError, add_samples, document_with_samples
from _emission.emission import Emission
from _emission.properties import parameters, properties
from _generator import GeneratorChanged, check_output, check_templates, explained, write_record
from _simplify.document import Simplified, simplify

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "openapi.yaml"
SETTINGS = ROOT / "overrides" / "generator.yaml"
TEMPLATES = ROOT / "overrides" / "templates"
TARGET = ROOT / "generated" / "threadruns_api"
CHANGELOG = ROOT / "CHANGELOG.md"
PAGE = "page.html"
PAGE_COPY = ROOT / "docs" / "api.html"
"""A copy of the package's documentation page, for readers of the repository."""
COMMAND = "scripts/generate"
BANNER = f"# Generated from openapi.yaml by {COMMAND}: do not edit, edit the document or overrides/templates.\n"
RUNTIME = ("objects.py", "operations.py", "reading.py", "shapes.py", "tolerant.py", "values.py")
"""The modules that are emitted in addition to those of the generator."""


class GenerateError(Exception):
    """The package cannot be generated; the message has a line for each problem."""


class TemplateCache(BytecodeCache):
    """The compiled templates of a process, which may generate more than one package."""

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket with the code of its template, if it was compiled before."""
        if bucket.key in self._codes:
            bucket.bytecode_from_string(self._codes[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        self._codes[bucket.key] = bucket.bytecode_to_string()


COMPILED = TemplateCache()


def build(document: Path, target: Path) -> None:
    """Build the package in a new folder.

    Args:
        document: The OpenAPI document.
        target: The folder to create; its parent must exist.

    Raises:
        GenerateError: The document is invalid, or part of it would be dropped.
    """
    try:
        source = read(document)
    except SourceError as error:
        place = f"{document.name}:{error.line}" if error.line else str(document)
        raise GenerateError(f"{place}: {error}.") from error
    emit(source, target, project_rules=document == DOCUMENT)
    finish(document, source.raw, target)


def emit(source: Source, target: Path, *, project_rules: bool = False) -> None:
    """Write the modules of the package into a new folder, not formatted yet.

    Args:
        source: The document.
        target: The folder to create; its parent must exist.
        project_rules: Require what only this project's document must have, such as descriptions.

    Raises:
        GenerateError: The document is invalid, or part of it would be dropped.
    """
    refuse(source, find(source.raw, project_rules=project_rules))
    simplified = simplify(source.raw)
    refuse(source, simplified.problems)
    settings = YAML(typ="safe").load(SETTINGS) or {}
    if unknown := sorted(set(settings) - set(ConfigFile.model_fields)):
        raise GenerateError(f"{SETTINGS.name}: the generator has no setting {unknown[0]!r}; remove it.")
    config = Config.from_sources(ConfigFile(**settings), MetaType.NONE, SETTINGS, "utf-8", False, target)
    data = GeneratorData.from_dict(simplified.document, config=config)
    if isinstance(data, GeneratorError):
        raise GenerateError(f"{source.name}: {_one_line(data)}")
    refuse(source, dropped(simplified, data))
    project = Project(openapi=data, config=config, custom_template_path=TEMPLATES)
    project.env.undefined = StrictUndefined
    project.env.bytecode_cache = COMPILED
    project.env.filters.update(closed=closed)
    project.env.globals.update(emission=Emission(data, simplified))
    with contextlib.redirect_stdout(io.StringIO()):
        errors = project.build()
    if errors:
        raise GenerateError("\n".join(f"{source.name}: {_one_line(error)}" for error in errors))
    for name in RUNTIME:
        (target / name).write_text(project.env.get_template(f"{name}.jinja").render(), encoding="utf-8")


def refuse(source: Source, problems: Iterable[Problem]) -> None:
    """Raise an error if there are problems."""
    if found := located(source, problems):
        raise GenerateError("\n".join(found))


def closed(text: str) -> str:
    """Return the end of a docstring so that a quote in it does not become part of the closing quotes."""
    return f'{text[:-1]}\\"' if text.endswith('"') else text


def finish(document: Path, raw: dict[str, Any], target: Path) -> None:
    """Add the banner, ``py.typed`` and the document, remove empty modules, and format the code."""
    for path in target.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if text.strip():
            path.write_text(BANNER + text, encoding="utf-8")
        else:
            path.unlink()
    (target / "py.typed").touch()
    add_reference(document, raw, target)
    format_code(target)


def format_code(target: Path) -> None:
    """Remove unused imports, sort the others, and format the code.

    Raises:
        GenerateError: The code is not valid.
    """
    ruff = [sys.executable, "-m", "ruff"]
    common = ["--isolated", "--no-cache", "--target-version=py311", "--line-length=120", str(target)]
    for command in (
        ["check", "--fix-only", "--select=I,F401,F541", "--config=lint.isort.split-on-trailing-comma=false"],
        ["format"],
    ):
        done = subprocess.run([*ruff, *command, *common], capture_output=True, text=True, check=False)
        if done.returncode:
            raise GenerateError(f"ruff {command[0]} failed on the emitted code: {(done.stderr or done.stdout).strip()}")


def add_reference(document: Path, raw: dict[str, Any], target: Path) -> None:
    """Add the document with request samples, as YAML and JSON, and the documentation page."""
    try:
        shipped = copy.deepcopy(raw)
        add_samples(shipped)
        texts = {
            "openapi.yaml": document_with_samples(document),
            "openapi.json": json.dumps(shipped, indent=1, ensure_ascii=False) + "\n",
            PAGE: page(raw),
        }
    except SampleError as error:
        raise GenerateError(f"{document.name}: {error}") from error
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8")


def dropped(simplified: Simplified, data: GeneratorData) -> Iterator[Problem]:
    """Yield each part of the document that the generator did not read."""
    collections = data.endpoint_collections_by_tag.values()
    reasons = [_one_line(error) for collection in collections for error in collection.parse_errors]
    reasons += [_one_line(error) for error in data.errors]
    hint = f"{': ' if reasons else ''}{', '.join(dict.fromkeys(reasons))}; write it in another way"
    endpoints = {str(endpoint.name): endpoint for collection in collections for endpoint in collection.endpoints}
    for name, info in simplified.operations.items():
        endpoint = endpoints.get(name)
        if endpoint is None:
            yield Problem(info.pointer, f"the generator cannot read this operation{hint}")
        elif set(info.arguments) - {p.name.get_untrusted_value() for p in parameters(endpoint)}:
            yield Problem(info.pointer, f"the generator cannot read the parameters of this operation{hint}")
    fields = {
        **{
            str(model.class_info.name): {p.name.get_untrusted_value() for p in properties(model)}
            for model in data.models
        },
        **{str(enum.class_info.name): set() for enum in data.enums},
    }
    for name, schema in simplified.document["components"]["schemas"].items():
        if name not in fields or schema.get("properties", {}).keys() - fields[name]:
            yield Problem(simplified.places.get(name, ()), f"the generator cannot read this schema{hint}")


def _one_line(error: GeneratorError) -> str:
    return " ".join(f"{error.header}: {error.detail or ''}".split())[:200]


def differences(fresh: Path, present: Path) -> list[str]:
    """Return a line for each file that is changed, missing or extra in the present tree."""
    new, old = (
        {
            path.relative_to(tree).as_posix()
            for path in tree.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        for tree in (fresh, present)
    )
    lines = [f"missing: {name}" for name in sorted(new - old)] + [f"extra: {name}" for name in sorted(old - new)]
    return lines + [
        f"changed: {name}" for name in sorted(new & old) if not filecmp.cmp(fresh / name, present / name, shallow=False)
    ]


def swap(fresh: Path, target: Path) -> None:
    """Replace the present tree with a new one."""
    old = fresh.parent / "old"
    if target.exists():
        os.rename(target, old)
    os.rename(fresh, target)


def compare(old: str, document: Path) -> int:
    """Print the changes of the document since an older form of it, and return the exit code."""
    try:
        text, code = report(old, document, CHANGELOG)
    except CompareError as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return 2
    print(text)
    return code


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if generated/ is not up to date"
    )
    parser.add_argument(
        "--compare",
        metavar="REV|FILE",
        help="write nothing; list the changes of the document since a revision or an older file; exit with 1 if "
        "the changelog does not list a breaking one, and with 2 if one of the documents cannot be read",
    )
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="the OpenAPI document (default: openapi.yaml)")
    parser.add_argument("--target", type=Path, default=TARGET, help="the package (default: generated/threadruns_api)")
    parser.add_argument(
        "--templates-compared",
        action="store_true",
        help="record that the templates were compared with the originals of the installed generator",
    )
    options = parser.parse_args(arguments)
    if options.compare is not None:
        return compare(options.compare, options.document)
    start = time.perf_counter()
    options.target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the swap is a rename within one file system.
    with tempfile.TemporaryDirectory(prefix=".generate-", dir=options.target.parent) as scratch:
        fresh = Path(scratch) / options.target.name
        try:
            if not options.templates_compared:
                check_templates(TEMPLATES)
            with explained():
                build(options.document, fresh)
            check_output(fresh)
        except GeneratorChanged as error:
            print(f"{COMMAND}: {error}", file=sys.stderr)
            return 1
        except GenerateError as error:
            print(
                f"{error}\n{COMMAND}: nothing was generated; correct the document and run the command again.",
                file=sys.stderr,
            )
            return 1
        copied = PAGE_COPY if options.target == TARGET else None
        if options.check:
            lines = differences(fresh, options.target)
            if copied and not (copied.exists() and filecmp.cmp(fresh / PAGE, copied, shallow=False)):
                lines.append(f"changed: {copied.relative_to(ROOT).as_posix()}")
            if lines:
                print("\n".join(lines), f"generated/ does not match the document; run: {COMMAND}", sep="\n")
                return 1
            verdict = "is up to date"
        else:
            if copied:
                shutil.copyfile(fresh / PAGE, copied)
            swap(fresh, options.target)
            if options.templates_compared:
                write_record(TEMPLATES)
            verdict = "was generated"
    print(f"{options.target.parent.name}/{options.target.name} {verdict} ({time.perf_counter() - start:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
