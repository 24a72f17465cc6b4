"""The libraries that the package imports, compared with those that pyproject.toml declares."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAMES = {"attr": "attrs", "jsonschema_rs": "jsonschema-rs"}
"""The distributions that are named otherwise than what they are imported as."""

EXTRA = {
    "_cli": {"cli"},
    "_document.py": {"server", "contract"},
    "server": {"server", "postgres"},
    "testing": {"server"},
    "contract": {"contract"},
}
"""The extras that folders need."""

ELSEWHERE = {"pytest", "socksio", "httpx2", "httpcore2", "trio", "uvloop"}
"""Libraries that are used only where the caller, or another extra, has installed them."""


def declared(requirements: list[str]) -> set[str]:
    """Return the distributions of requirements."""
    return {re.split(r"[\[<>=!~; ]", requirement)[0].lower() for requirement in requirements}


@pytest.mark.parametrize("path", sorted((ROOT / "overrides" / "threadruns").rglob("*.py")), ids=lambda path: path.stem)
def test_every_import_is_declared(path: Path) -> None:
    """What a module imports is a dependency, or one of the extra that its folder needs."""
    folder = path.relative_to(ROOT / "overrides" / "threadruns").parts[0]
    extras = PROJECT["optional-dependencies"]
    allowed = declared(PROJECT["dependencies"])
    command = {"check": "contract", "serve": "server", "load": "server", "convert": "server", "synth": "server"}.get(
        path.stem
    )
    for extra in EXTRA.get(folder, set()) | ({command} if folder == "_cli" and command else set()):
        allowed |= declared(extras[extra])
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            imported.add(node.module.partition(".")[0])
    others = imported - sys.stdlib_module_names - {"threadruns", "threadruns_api"} - ELSEWHERE
    assert {NAMES.get(name, name) for name in others} <= allowed


@pytest.mark.parametrize(
    ("machine", "expected"), [("x86_64", True), ("AMD64", True), ("arm64", True), ("ARM64", False), ("s390x", False)]
)
def test_isal_is_installed_only_where_it_has_wheels(machine: str, expected: bool) -> None:
    """On other machines, such as Windows on ARM, nobody has to build it from its source to install the server."""
    requirements = map(Requirement, PROJECT["optional-dependencies"]["server"])
    (marker,) = [requirement.marker for requirement in requirements if requirement.name == "isal"]
    assert marker is not None
    assert marker.evaluate({"implementation_name": "cpython", "platform_machine": machine}) == expected
