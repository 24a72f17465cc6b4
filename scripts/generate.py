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
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.strings import ClassName, PythonIdentifier
from ruamel.yaml import YAML

from _compare.report import CompareError, report
from _document_check import find, located
from _emission import Emission
from _page import page
from _samples import SampleError, add_samples, document_with_samples
from _source import SourceError, read

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
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class GenerateError(Exception):
    """The package cannot be generated; the message has a line for each problem."""


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
    raw = source.raw
    if found := located(source, find(raw, project_rules=document == DOCUMENT)):
        raise GenerateError("\n".join(found))
    if found := list(unsupported(raw)):
        raise GenerateError("\n".join(f"{document.name}: {line}" for line in found))
    settings = YAML(typ="safe").load(SETTINGS) or {}
    if unknown := sorted(set(settings) - set(ConfigFile.model_fields)):
        raise GenerateError(f"{SETTINGS.name}: the generator has no setting {unknown[0]!r}; remove it.")
    config = Config.from_sources(ConfigFile(**settings), MetaType.NONE, document, "utf-8", False, target)
    data = GeneratorData.from_dict(raw, config=config)
    if isinstance(data, GeneratorError):
        raise GenerateError(f"{document.name}: {data.header}: {data.detail}")
    project = Project(openapi=data, config=config, custom_template_path=TEMPLATES)
    project.env.undefined = StrictUndefined
    project.env.globals.update(
        about=_Descriptions(raw),
        emission=Emission(data),
        path_expression=path_expression,
        request_headers=_RequestHeaders(raw),
    )
    with contextlib.redirect_stdout(io.StringIO()):
        errors = project.build()
    if errors:
        raise GenerateError("\n".join(f"{document.name}: {_one_line(error)}" for error in errors))
    for name in RUNTIME:
        (target / name).write_text(project.env.get_template(f"{name}.jinja").render(), encoding="utf-8")
    if found := list(dropped(raw, data)):
        raise GenerateError("\n".join(f"{document.name}: {line}" for line in found))
    finish(document, raw, target)


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
    ruff = [sys.executable, "-m", "ruff"]
    common = ["--isolated", "--no-cache", "--target-version=py311", "--line-length=120", str(target)]
    for command in (["check", "--fix-only", "--select=I,F401,F541"], ["format"]):
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


def unsupported(raw: dict[str, Any]) -> Iterator[str]:
    """Yield each construct that the generator or the templates would silently drop."""
    if raw.get("security"):
        yield "/security: ignored by the generator; move it to each operation."
    for pointer, node in walk(raw.get("components", {}).get("schemas", {}), "/components/schemas"):
        if "$ref" in node and (lost := sorted(set(node) - {"$ref", "description", "summary"})):
            yield f"{pointer}/{lost[0]}: lost beside $ref; put both into oneOf or into the referenced schema."
        if isinstance(node.get("type"), list) and "enum" in node:
            yield f"{pointer}/enum: emitted as several classes with a list of types; use oneOf with type 'null'."
    for path, method, operation in operations(raw):
        pointer = f"/paths/{escape(path)}/{method}"
        if not operation.get("operationId"):
            yield f"{pointer}: has no operationId, which names the generated function; add one."
        for parameter in operation.get("parameters", []):
            if parameter.get("in") == "cookie":
                yield f"{pointer}/parameters: cookie {parameter['name']!r} is not sent by the templates; remove it."
        sent = operation.get("x-request-headers", {})
        if not isinstance(sent, dict) or not all(isinstance(value, str) for value in sent.values()):
            yield f"{pointer}/x-request-headers: must give each header one value, a string."
        for kind in operation.get("requestBody", {}).get("content", {}):
            if kind != "application/json":
                yield f"{pointer}/requestBody: {kind!r} is not built by the templates; use application/json."
        for status, response in operation.get("responses", {}).items():
            content = response.get("content", {})
            if "$ref" not in response and status != "204" and not any("schema" in media for media in content.values()):
                yield f"{pointer}/responses/{status}: has no schema, so the return type would be Any; add one."


def dropped(raw: dict[str, Any], data: GeneratorData) -> Iterator[str]:
    """Yield each part of the document that is missing in the generator's data."""
    endpoints = {
        endpoint.name: endpoint
        for collection in data.endpoint_collections_by_tag.values()
        for endpoint in collection.endpoints
    }
    for path, method, operation in operations(raw):
        pointer = f"/paths/{escape(path)}/{method}"
        endpoint = endpoints.get(identifier(operation["operationId"]))
        if endpoint is None:
            yield f"{pointer}: the operation would be dropped."
            continue
        names = {parameter.name for _, parameter in endpoint.iter_all_parameters()}
        for parameter in operation.get("parameters", []):
            if "name" in parameter and parameter["name"] not in names:
                yield f"{pointer}/parameters: {parameter['name']!r} would be dropped."
        if len(endpoint.responses) != len(operation["responses"]):
            yield f"{pointer}/responses: {len(operation['responses']) - len(endpoint.responses)} would be dropped."
        if not any(r.status_code.range and r.status_code.range[0] // 100 == 2 for r in endpoint.responses):
            yield f"{pointer}/responses: a success response is missing; add one."
        elif not any(
            r.status_code.range
            and r.status_code.range[0] // 100 == 2
            and (hasattr(r.prop, "required_properties") or r.source["return_type"] == "None")
            for r in endpoint.responses
        ):
            yield f"{pointer}/responses: the success response is not an object; use a component of type object."
    fields = {
        str(model.class_info.name): {p.name.get_untrusted_value() for p in model.required_properties or ()}
        | {p.name.get_untrusted_value() for p in model.optional_properties or ()}
        for model in data.models
    }
    for name, schema in raw.get("components", {}).get("schemas", {}).items():
        if schema.get("type") == "object":
            for lost in sorted(set(schema.get("properties", {})) - fields.get(ClassName(name, "field_"), set())):
                yield f"/components/schemas/{escape(name)}/properties/{escape(lost)}: would be dropped."


def operations(raw: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the path, the method and the description of each operation."""
    for path, item in (raw.get("paths") or {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def walk(node: Any, pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object below a node with its JSON pointer, except examples and other data."""
    if isinstance(node, dict):
        yield pointer, node
        for key, value in node.items():
            if key not in ("example", "examples", "default", "const", "enum"):
                yield from walk(value, f"{pointer}/{escape(str(key))}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from walk(value, f"{pointer}/{index}")


def escape(key: str) -> str:
    """Escape one token of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def identifier(operation_id: str) -> str:
    """Return the name that the generator gives an operation."""
    return PythonIdentifier(operation_id, "field_")


def path_expression(endpoint: Any) -> str:
    """Return the path of an endpoint as the text of an f-string, relative to the base URL, with quoted parameters."""
    path = endpoint.path.get_untrusted_value().lstrip("/")
    names = {str(parameter.python_name): parameter.name.get_untrusted_value() for parameter in endpoint.path_parameters}
    if not re.fullmatch(r"[\w/{}.~:-]*", path):
        raise GenerateError(
            f"path {path!r} has characters that the templates do not quote; use letters, digits and . ~ : - only."
        )
    return re.sub(r"\{(\w+)\}", lambda match: f"{{path_segment({names[match[1]]!r}, {match[1]})}}", path)


class _Descriptions:
    """The descriptions of parameters, which the generator drops."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._texts = {
            (identifier(operation["operationId"]), parameter["name"]): parameter.get("description", "")
            for _, _, operation in operations(raw)
            for parameter in operation.get("parameters", [])
            if "name" in parameter
        }

    def __call__(self, endpoint: Any, parameter: str) -> str:
        return self._texts.get((str(endpoint.name), parameter), "")


class _RequestHeaders:
    """Looks up the headers under ``x-request-headers`` that an operation sends; OpenAPI ignores some as parameters."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._headers = {
            identifier(operation["operationId"]): operation.get("x-request-headers", {})
            for _, _, operation in operations(raw)
        }

    def __call__(self, endpoint: Any) -> dict[str, str]:
        return self._headers.get(str(endpoint.name), {})


def _one_line(error: GeneratorError) -> str:
    return " ".join(f"{error.header}: {error.detail or ''}".split())


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
    options = parser.parse_args(arguments)
    if options.compare is not None:
        return compare(options.compare, options.document)
    start = time.perf_counter()
    options.target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the swap is a rename within one file system.
    with tempfile.TemporaryDirectory(prefix=".generate-", dir=options.target.parent) as scratch:
        fresh = Path(scratch) / options.target.name
        try:
            build(options.document, fresh)
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
            verdict = "was generated"
    print(f"{options.target.parent.name}/{options.target.name} {verdict} ({time.perf_counter() - start:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
