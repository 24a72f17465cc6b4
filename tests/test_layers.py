"""The architecture and the conventions of tests, compared with the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "overrides" / "threadruns"
GENERATED = ROOT / "generated" / "threadruns_api"
SCRIPTS = ROOT / "scripts"
MAX_MODULES = 14
"""The largest number of modules in a folder, its ``__init__`` not counted."""


def module_name(path: Path) -> str:
    """Return the dotted name of a module of either package, or of the scripts."""
    root = next(root for root in (PACKAGE.parent, GENERATED.parent, SCRIPTS) if path.is_relative_to(root))
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for package in (PACKAGE, GENERATED) for path in sorted(package.rglob("*.py"))}
PARTS = {module_name(path): path for path in sorted(SCRIPTS.rglob("*.py"))}
ROOMS = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
ROOMS = ROOMS - {"__init__"} | {"threadruns", "threadruns_api"}


def imports(path: Path) -> Iterator[str]:
    """Yield the name of each module that a module imports, including imports for type checking and in functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module_name(path).split(".")
            if path.name != "__init__.py":
                package.pop()
            base = package[: len(package) + 1 - node.level] if node.level else []
            base += [node.module] if node.module else []
            for alias in node.names:
                name = ".".join([*base, alias.name])
                yield name if name in MODULES or name in PARTS else ".".join(base)


def room(module: str) -> str:
    """Return the room of a module: a folder of the package, a module beside the folders, or a package as a whole."""
    package, _, rest = module.partition(".")
    inner = rest.partition(".")[0]
    return inner if package == "threadruns" and inner in ROOMS else package


def table(subject: str = "room") -> dict[str, set[str]]:
    """Return the rooms of ARCHITECTURE.md, or the folders of scripts, in their order, with what each may import."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition(f"| {subject} | may import |")[2]
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", text.partition("\n\n")[0], flags=re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", allowed)) for name, allowed in rows}


def test_table_lists_every_room() -> None:
    """ARCHITECTURE.md lists each room once, and every room imports only rooms above it."""
    above: set[str] = set()
    for name, allowed in table().items():
        assert allowed <= above, name
        above.add(name)
    assert above == ROOMS


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_imports_follow_the_table(name: str) -> None:
    """The modules of a room import what ARCHITECTURE.md allows, and all of it."""
    found = {
        (module, room(imported))
        for module, path in MODULES.items()
        if room(module) == name
        for imported in imports(path)
        if imported.partition(".")[0] in ("threadruns", "threadruns_api") and room(imported) != name
    }
    allowed = table()[name]
    assert not {(module, imported) for module, imported in found if imported not in allowed}
    assert {imported for _, imported in found} == allowed


def test_parts_of_the_generator_follow_the_table() -> None:
    """Each folder of scripts imports what ARCHITECTURE.md allows, all of it, and only folders above it."""
    rows = table("folder of `scripts`")
    assert {*rows} == {path.parent.name for path in SCRIPTS.glob("_*/__init__.py")}
    for number, (name, allowed) in enumerate(rows.items()):
        found = {imported.partition(".")[0] for path in SCRIPTS.glob(f"{name}/*.py") for imported in imports(path)}
        assert found & {*rows, "generate"} - {name} == allowed, name
        assert allowed <= {*[*rows][:number]}, name


def test_no_import_circles() -> None:
    """No module imports itself by way of others, imports for type checking included."""
    for modules in (MODULES, PARTS):
        graph = {module: {*imports(path)} & modules.keys() - {module} for module, path in modules.items()}
        TopologicalSorter(graph).prepare()


def test_folders_are_small() -> None:
    """No folder of the hand-written package or of the scripts has more than 14 modules."""
    for folder in {path.parent for path in [*PACKAGE.rglob("*.py"), *SCRIPTS.rglob("*.py")]}:
        assert len([*folder.glob("*.py")]) - 1 <= MAX_MODULES, folder


def test_only_the_command_line_imports_its_libraries() -> None:
    """click and rich are imported by the command line alone."""
    for module, path in MODULES.items():
        if room(module) != "_cli":
            assert not {name.partition(".")[0] for name in imports(path)} & {"click", "rich"}, module


FOLDERS = sorted(name for name in ROOMS if (PACKAGE / name).is_dir())


def banned(folder: Path) -> set[str]:
    """Return the modules that the ruff.toml of a folder bans."""
    config = tomllib.loads((folder / "ruff.toml").read_text(encoding="utf-8"))
    return set(config["lint"]["flake8-tidy-imports"]["banned-api"])


def dotted(rooms: set[str]) -> set[str]:
    """Return the modules to ban for some rooms; a ban of the package itself would apply to all its modules."""
    return {room if room == "threadruns_api" else f"threadruns.{room}" for room in rooms - {"threadruns"}}


@pytest.mark.parametrize("name", FOLDERS)
def test_ruff_bans_the_other_rooms(name: str) -> None:
    """The ruff.toml of a folder bans each room that the table does not allow."""
    assert banned(PACKAGE / name) == dotted(ROOMS - table()[name] - {name})


def test_ruff_bans_the_folders_beside_them() -> None:
    """The modules beside the folders may import none of the folders."""
    assert banned(PACKAGE) == dotted({*FOLDERS, "threadruns_api"})


@pytest.mark.parametrize("folder", [*FOLDERS, "_http/transports", "contract/rules"])
def test_ruff_reports_a_banned_import(folder: str) -> None:
    """Ruff reports each banned import, however it is written, in subfolders and for type checking too."""
    modules = sorted(banned(PACKAGE / folder.partition("/")[0]))
    forms = [f"import {module}" for module in modules]
    forms += [f"from {module} import name" for module in modules]
    forms += [f"from threadruns import {module.partition('.')[2]}" for module in modules if "." in module]
    code = "\n    ".join(("from typing import TYPE_CHECKING\nif TYPE_CHECKING:", *forms)) + "\n"
    command = (sys.executable, "-m", "ruff", "check", "--select=TID251", "--output-format=concise", "--stdin-filename")
    done = subprocess.run(
        (*command, PACKAGE / folder / "banned.py", "-"), cwd=ROOT, input=code, capture_output=True, text=True
    )
    assert done.stdout.count("TID251") == len(forms), done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda path: path.stem)
def test_every_test_has_a_docstring(path: Path) -> None:
    """A docstring states the behaviour that a test verifies."""
    missing = [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert missing == []
