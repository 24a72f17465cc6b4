"""The map of the layers in ARCHITECTURE.md, held against the imports, and the manners of the tests themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "overrides" / "threadruns"
APART = {
    "server": ("threadruns.contract", "threadruns.testing", "threadruns_api"),
    "contract": ("threadruns.server", "threadruns_api"),
}
"""What must not know of what: the server and the contract rules would otherwise be judged by the client they test."""


def imports(path: Path) -> set[str]:
    """Return the absolute names that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(("threadruns", *path.relative_to(PACKAGE).parts[: -node.level])) if node.level else ""
            base = ".".join(part for part in (package, node.module) if part)
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_keep_to_their_layer(path: Path) -> None:
    """Only the door imports the generated package; server and contract rules know neither the client nor each other."""
    inside = path.relative_to(PACKAGE)
    found = imports(path)
    if inside.name != "_wire.py":
        assert not {name for name in found if name.partition(".")[0] == "threadruns_api"}
    for banned in APART.get(inside.parts[0], ()):
        assert not {name for name in found if name == banned or name.startswith(f"{banned}.")}
    if inside.parts[0] in APART:
        private = {name.split(".")[1] for name in found if name.startswith("threadruns._")}
        assert private <= {"_document"}
    if inside.parts[0] != "_cli":
        assert not {name for name in found if name.partition(".")[0] in ("click", "rich")}


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda path: path.stem)
def test_every_test_says_what_behaviour_it_shows(path: Path) -> None:
    """A test opens with a sentence."""
    silent = [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []
