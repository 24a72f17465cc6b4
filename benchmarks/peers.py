"""The environments of the peers, below ``.cache/bench/``, with pinned versions.

If a peer cannot be installed, the benchmark continues without it, and the rows of that peer show the reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
DOCUMENT = ROOT / "openapi.yaml"
GENERATOR = "0.29.1"
PRISM = "5.16.0"
INSTALL_SECONDS = 300

PYTHON_PEERS: dict[str, tuple[str, ...]] = {
    "client": (str(ROOT),),
    "openai": ("openai==3.54.0",),
    "openai-1.14": ("openai==1.14.3", "httpx==0.27.2"),
    "stock": ("httpx==0.28.1", "attrs==26.1.0", "orjson==3.13.0"),
    "starlette": ("httptools==0.9.0", "starlette==1.10.0", "uvicorn==0.54.0", "uvloop==0.23.0"),
    "libraries": (
        "aiohttp==3.14.5",
        "httpx==0.28.1",
        "httpx2==2.16.2",
        "msgspec==0.22.0",
        "orjson==3.13.0",
        "pycurl==7.49.0",
        "pydantic==2.14.4",
        "pyreqwest==0.15.1",
    ),
}
"""The packages of each environment. That of threadruns itself has its client without extras, as the others have theirs.
The old SDK needs an old httpx, because it passes the argument ``proxies``."""


class Unavailable(Exception):
    """A peer cannot be measured; the message has the reason."""


def python(name: str) -> Path:
    """Return the interpreter of a peer's environment, created if it is missing.

    Args:
        name: A key of ``PYTHON_PEERS``.

    Raises:
        Unavailable: The environment cannot be created.
    """
    build = _generate_stock if name == "stock" else None
    content = {"stock": [DOCUMENT], "client": sorted(ROOT.glob("*/threadruns*/**/*.py"))}.get(name, [])
    pins = (*PYTHON_PEERS[name], sys.version, *(_digest(path.read_bytes()) for path in content))
    folder = CACHE / name
    interpreter = folder / ("Scripts" if os.name == "nt" else "bin") / "python"

    def make() -> None:
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(interpreter), "-m", "pip", "install", "--quiet", *PYTHON_PEERS[name])
        if build:
            build(interpreter)

    _once(folder, pins, make)
    return interpreter


def prism() -> Path:
    """Return the command of Prism, installed if it is missing.

    Raises:
        Unavailable: Prism cannot be installed.
    """
    folder = CACHE / "prism"
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is not installed; install Node 20 or later")

    def make() -> None:
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps({"name": "bench", "private": True}), encoding="utf-8")
        package = f"@stoplight/prism-cli@{PRISM}"
        _run(npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", package, cwd=folder)

    _once(folder, (PRISM,), make)
    return folder / "node_modules" / ".bin" / "prism"


def _once(folder: Path, pins: tuple[str, ...], make: Callable[[], None]) -> None:
    """Create a folder, unless it was completed before with the same pins."""
    stamp = folder / "bench-pins"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == "\n".join(pins):
        return
    shutil.rmtree(folder, ignore_errors=True)
    make()
    stamp.write_text("\n".join(pins), encoding="utf-8")


def _generate_stock(interpreter: Path) -> None:
    """Generate the client with the stock templates into an environment."""
    found = _run(sys.executable, "-m", "openapi_python_client", "--version")
    if GENERATOR not in found:
        raise Unavailable(f"the generator must be {GENERATOR}, not {found.strip()!r}")
    purelib = _run(str(interpreter), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    target = Path(purelib) / "threadruns_stock"
    options = ("--path", str(DOCUMENT), "--meta", "none", "--output-path", str(target))
    _run(sys.executable, "-m", "openapi_python_client", "generate", *options)


def _run(*command: str, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(
            command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{Path(command[0]).name} took more than {INSTALL_SECONDS} s") from None
    except OSError as error:
        raise Unavailable(f"{Path(command[0]).name} cannot be run: {error}") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        raise Unavailable(f"{' '.join(command[1:4])} failed: {lines[-1].strip()[:200]}")
    return done.stdout


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
