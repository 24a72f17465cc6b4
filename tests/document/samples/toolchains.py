"""The programs that run samples, and the Debian packages that contain them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from _documentation.samples import Sample

SECONDS = 120
HTTPYAC = "httpyac@6.16.7"


@dataclass(frozen=True)
class Toolchain:
    """The programs that compile and run the samples of a language.

    Attributes:
        packages: The Debian packages that contain them.
        version: The command that prints the version.
        steps: The commands, the last of which runs the sample; ``FILE`` is replaced by the file of the sample.
        probe: A command that fails if a required library is missing.
    """

    packages: str
    version: tuple[str, ...]
    steps: tuple[tuple[str, ...], ...]
    probe: tuple[str, ...] = ()

    def is_present(self) -> bool:
        """Return whether every program and library is installed."""
        if any(shutil.which(step[0]) is None for step in (self.version, *self.steps) if not step[0].startswith("./")):
            return False
        return not self.probe or subprocess.run(self.probe, capture_output=True, check=False).returncode == 0

    def version_line(self) -> str:
        """Return the line with the version from the output of the version command."""
        done = subprocess.run(self.version, capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).strip().partition("\n")[0]

    def run(self, sample: Sample, folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Compile and run a sample in an empty folder.

        Args:
            sample: The sample.
            folder: Where its files go.
            variables: Environment variables for it.

        Returns:
            The outcome of the first step that failed, or of the last.
        """
        file = folder / f"sample.{sample.language.suffix}"
        file.write_text(sample.source, encoding="utf-8")
        done = subprocess.CompletedProcess[str]((), 0, "", "")
        for step in self.steps:
            done = subprocess.run(
                [file.name if word == "FILE" else word for word in step],
                cwd=folder,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                timeout=SECONDS,
                check=False,
            )
            if done.returncode:
                break
        return done


_PYTHON = Toolchain("python3", (sys.executable, "--version"), ((sys.executable, "FILE"),))
_CSHARP = tuple(f"-r:System.{name}" for name in ("Net.Http", "Runtime.Serialization", "Xml", "Xml.Linq"))
TOOLCHAINS = {
    "Shell": Toolchain("curl", ("curl", "--version"), (("sh", "FILE"),)),
    "JavaScript": Toolchain("nodejs", ("node", "--version"), (("node", "FILE"),)),
    "Java": Toolchain("default-jdk-headless", ("javac", "--version"), (("java", "FILE"),)),
    "Go": Toolchain("golang-go", ("go", "version"), (("go", "run", "FILE"),)),
    "PHP": Toolchain(
        "php-cli php-curl",
        ("php", "--version"),
        (("php", "FILE"),),
        ("php", "-r", "exit(extension_loaded('curl') ? 0 : 1);"),
    ),
    "Python (threadruns)": _PYTHON,
    "Python (httpx)": _PYTHON,
    "HTTP": Toolchain(
        "nodejs npm",
        ("npx", "--yes", HTTPYAC, "--version"),
        (("npx", "--yes", HTTPYAC, "send", "FILE", "--all", "--output=response"),),
    ),
    "C": Toolchain(
        "gcc libc6-dev libcurl4-openssl-dev pkg-config",
        ("gcc", "--version"),
        (("gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", "sample", "FILE", "-lcurl"), ("./sample",)),
        ("pkg-config", "--exists", "libcurl"),
    ),
    "C#": Toolchain(
        "mono-devel", ("mono", "--version"), (("mcs", *_CSHARP, "-out:sample.exe", "FILE"), ("mono", "sample.exe"))
    ),
    "Ruby": Toolchain("ruby", ("ruby", "--version"), (("ruby", "-w", "FILE"),)),
    "OCaml": Toolchain(
        "ocaml ocaml-findlib libcohttp-lwt-unix-ocaml-dev",
        ("ocamlfind", "ocamlopt", "-version"),
        (
            ("ocamlfind", "ocamlopt", "-thread", "-package", "cohttp-lwt-unix", "-linkpkg", "-o", "sample", "FILE"),
            ("./sample",),
        ),
        ("ocamlfind", "query", "cohttp-lwt-unix"),
    ),
    "R": Toolchain(
        "r-base-core r-cran-httr2",
        ("Rscript", "--version"),
        (("Rscript", "FILE"),),
        ("Rscript", "-e", "library(httr2)"),
    ),
}
"""What runs the samples, by their label; Debian has no toolchain for the languages in ``GRAMMARS``."""

GRAMMARS = {"Swift": "tree_sitter_swift", "Objective-C": "tree_sitter_objc", "Dart": "tree_sitter_dart"}
"""The modules with the grammars of the languages whose samples are parsed only, by label."""
