"""A PostgreSQL database that restarts, hangs, fills up, refuses or is damaged, and the secrecy of its password."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.server.conftest import client
from tests.server.test_operation import COMMAND, KEY, run, served
from tests.server.test_stores import everything, fill, record
from tests.server.test_workers import eventually
from tests.support.cluster import GUARDED, Postgres, reason_against, running
from tests.support.postgres import needs_postgres
from threadruns.server import _app
from threadruns.server.store import open_store
from threadruns.server.store.errors import RunDamaged, StoreError, StoreUnavailable
from threadruns.testing import RunningServer, serve

if reason_against() is None:
    from threadruns.server.store.postgres import connections
    from threadruns.server.store.postgres.address import Address

pytestmark = needs_postgres

PASSWORD = "hunter2/Qx9:zebra?kiwi"
QUOTED = "hunter2%2FQx9%3Azebra%3Fkiwi"


@pytest.fixture(scope="module")
def own() -> Iterator[Postgres]:
    """Run a PostgreSQL that tests may stop and start."""
    with running(max_connections="20", synchronous_commit="on") as server:
        yield server


@pytest.fixture
def url(own: Postgres) -> str:
    """Return the URL of a database with a run."""
    url = own.url(own.new_database())
    with closing(open_store(url)) as store:
        fill(store, *(record(f"run_{number}") for number in range(5)))
    return url


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the time limits."""
    monkeypatch.setattr(connections, "READ_SECONDS", 0.5)
    monkeypatch.setattr(_app, "REQUEST_SECONDS", 1.5)


def list_runs(http: httpx.Client) -> httpx.Response:
    """Request a page."""
    return http.get("/threads/thread_a/runs?limit=100")


def works(http: httpx.Client) -> bool:
    """Return whether a page is served; the only other response is a 503 that tells when to come back."""
    response = list_runs(http)
    if response.status_code != 200:
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) >= 1
        assert response.json()["error"]["type"] == "server_error"
    return response.status_code == 200


def health(server: RunningServer) -> int:
    """Return the status of the health check."""
    return httpx.get(server.url.removesuffix("/v1") + "/healthz", timeout=20).status_code


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
def test_restart_is_survived(own: Postgres, url: str, end: signal.Signals) -> None:
    """While the database is stopped or has crashed, each request gets a 503; afterwards the server works again."""
    with serve(db=url) as server, client(server) as http:
        assert works(http)
        own.stop(end)
        try:
            eventually(lambda: works(http), lambda works: not works)  # A process of it may notice its end late.
            started = time.monotonic()
            assert not works(http)
            assert health(server) == 503
            assert time.monotonic() - started < 10
        finally:
            own.start()
        assert works(http)
        assert health(server) == 200


def test_lost_connections_are_replaced(own: Postgres, url: str) -> None:
    """Connections that the database has closed between two requests cost no request an error."""
    with serve(db=url) as server, client(server) as http:
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(lambda _: works(http), range(16)))
        own.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'threadruns'")
        assert all(works(http) for _ in range(10))


@pytest.mark.usefixtures("patient")
def test_hanging_database_blocks_nothing(own: Postgres, url: str) -> None:
    """While the database hangs, each of many requests gets a 503 in time, and pages without runs are served at once."""
    with serve(db=url) as server, client(server) as http:
        assert works(http)
        own.send(signal.SIGSTOP)
        try:
            started = time.monotonic()
            with ThreadPoolExecutor(60) as pool:
                waiting = [pool.submit(works, http) for _ in range(60)]
                root = server.url.removesuffix("/v1")
                while not all(each.done() for each in waiting):
                    for path, status in (("/docs", 200), ("/openapi.json", 200), ("/nothing", 404)):
                        assert httpx.get(f"{root}{path}", timeout=20).status_code == status
                assert not any(each.result() for each in waiting)
            assert time.monotonic() - started < 8
        finally:
            own.send(signal.SIGCONT)
        eventually(lambda: works(http), bool)


def test_full_connections_are_unavailable(own: Postgres, url: str) -> None:
    """When the database has no free connection, requests get a 503, and later a page."""
    with serve(db=url) as server, client(server) as http, ExitStack() as stack:
        own.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'threadruns'")
        import psycopg

        with suppress(psycopg.OperationalError):
            while True:
                stack.enter_context(psycopg.connect(own.url("postgres")))
        assert not works(http)
        stack.close()
        eventually(lambda: works(http), bool)


@contextmanager
def small_disk(owner: Path) -> Iterator[Path]:
    """Mount a file system of 40 MB, which belongs to the owner of a folder."""
    with tempfile.TemporaryDirectory(prefix="threadruns-disk-") as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", folder], capture_output=True)
        if mounted.returncode:
            pytest.skip("a small file system can be mounted by root only")
        try:
            place = Path(folder, "space")
            place.mkdir()
            found = owner.stat()
            os.chown(folder, found.st_uid, found.st_gid)
            os.chown(place, found.st_uid, found.st_gid)
            yield place
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def test_full_disk_is_told(own: Postgres) -> None:
    """A load onto a full disk stores nothing and says why; runs are served meanwhile, and it works with more space."""
    with small_disk(own.folder) as place:
        own.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        own.execute("CREATE DATABASE small TABLESPACE small")
        try:
            with serve(db=own.url("small")) as server, client(server) as http:
                server.store.add_thread("thread_a")
                before = everything(server.store)
                filler = place.parent / "filler"
                with suppress(OSError), filler.open("wb", buffering=0) as file:
                    while file.write(bytes(1 << 20)):
                        pass
                many = [record(f"run_{number}", text=os.urandom(2000).hex()) for number in range(2000)]
                with pytest.raises(StoreUnavailable, match=r"could not extend file.*free some space"):
                    fill(server.store, *many)
                assert works(http)
                assert everything(server.store) == before
                filler.unlink()
                assert fill(server.store, *many).new == 2000
                assert works(http)
        finally:
            own.execute("DROP DATABASE small WITH (FORCE)")
            own.execute("DROP TABLESPACE small")


def test_commit_without_response_says_what_is_known(own: Postgres, url: str) -> None:
    """If the connection is lost while a load ends, the error says that it is stored or not, and to repeat it."""
    with closing(open_store(url)) as store:
        with pytest.raises(StoreUnavailable, match="was lost at the end of a transaction"), store.load([record("r")]):
            own.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'threadruns'")
        assert fill(store, record("r")).new == 1


def test_many_may_create_the_tables(own: Postgres) -> None:
    """Several connections that open a new schema at the same moment get the same store."""
    new = own.url(own.new_database())
    ready = threading.Barrier(6)

    def open_new(_: int) -> None:
        ready.wait(30)
        with closing(open_store(new)) as store:
            store.add_thread("thread_x")
            store.check()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(open_new, range(6)))


def test_readers_do_not_wait_and_writers_do(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """During a load, others see the runs as they were before; another writer waits, for a limited time."""
    with closing(open_store(url)) as one:
        before = everything(one)
        monkeypatch.setitem(connections.SETTINGS, "lock_timeout", "300ms")
        with closing(open_store(url)) as two, one.load([record("run_new")]):
            assert everything(two) == before
            with pytest.raises(StoreUnavailable, match="another process is writing"):
                two.add_thread("thread_x")
        assert one.find("run_new")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE {}.store SET version = 99", "has version 99 of the tables"),
        ("DROP TABLE {0}.store", "has other tables"),
        ("DELETE FROM {}.store", "has version None of the tables"),
    ],
)
def test_other_tables_are_refused(own: Postgres, url: str, statement: str, words: str) -> None:
    """A schema with tables of another version, or of somebody else, is refused."""
    own.execute(statement.format("threadruns"), url.rpartition("/")[2])
    with pytest.raises(StoreError, match=words):
        open_store(url)


def test_other_encoding_is_refused(own: Postgres) -> None:
    """A database that cannot store every text is refused."""
    own.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(StoreError, match="has the encoding LATIN1"):
        open_store(own.url("latin"))


def test_other_store_is_noticed(own: Postgres, url: str) -> None:
    """The health check fails when the tables are gone, and when others have taken their place."""
    with serve(db=url) as server:
        assert health(server) == 200
        own.execute("DROP SCHEMA threadruns CASCADE", url.rpartition("/")[2])
        assert health(server) == 503
        open_store(url).close()
        assert health(server) == 503
        with pytest.raises(StoreError, match="Another store has taken the place"):
            server.store.check()


@pytest.mark.parametrize(
    "change",
    ["body = replace(body, '1}', '2}')", "created_at = created_at + 1", "id = 'run_9'", "checksum = checksum + 1"],
)
def test_damaged_run_is_named(own: Postgres, url: str, change: str) -> None:
    """A run that is not what was stored is a 500 that names it, and a verification finds it; others are served."""
    with serve(db=url) as server, client(server) as http:
        own.execute(f"UPDATE threadruns.run SET {change} WHERE id = 'run_3'", url.rpartition("/")[2])
        response = list_runs(http)
        assert response.status_code == 500
        assert "The stored run 'run_3' of thread 'thread_a' is damaged" in response.json()["error"]["message"]
        assert http.get("/threads/thread_a/runs?limit=2&order=asc").status_code == 200
        assert [damage.run_id for damage in server.store.verify()] == ["run_3"]
        with pytest.raises(RunDamaged, match="run_3"):
            list(server.store.runs())
        assert health(server) == 503
    outcome = run("verify", "--db", url)
    assert outcome.returncode == 1
    assert "run_3" in outcome.stdout


@pytest.mark.parametrize("change", ["body = replace(body, '1}', '2}')", "checksum = checksum + 1"])
def test_damaged_run_is_loaded_again(own: Postgres, url: str, change: str) -> None:
    """A damaged run is replaced by a load of the same run, and the health check passes again."""
    with serve(db=url) as server, client(server) as http:
        own.execute(f"UPDATE threadruns.run SET {change} WHERE id = 'run_3'", url.rpartition("/")[2])
        assert list_runs(http).status_code == 500
        assert health(server) == 503
        assert fill(server.store, record("run_3")).conflicts == 1
        assert fill(server.store, record("run_3"), replace=True).replaced == 1
        assert list_runs(http).status_code == 200
        assert health(server) == 200


def test_runs_of_a_lost_thread_are_served(own: Postgres, url: str) -> None:
    """A thread that has runs and is missing from the list of threads exists; verify tells that it is missing."""
    with serve(db=url) as server, client(server) as http:
        runs = list_runs(http).json()["data"]
        own.execute("DELETE FROM threadruns.thread", url.rpartition("/")[2])
        assert list_runs(http).json()["data"] == runs
        after = http.get("/threads/thread_a/runs", params={"after": runs[-1]["id"]})
        assert (after.status_code, after.json()["data"]) == (200, [])
        assert http.get("/threads/thread_b/runs").status_code == 404
        assert any("missing from the table of threads" in damage.problem for damage in server.store.verify())
        server.remove_thread("thread_a")
        assert list_runs(http).status_code == 404


def test_damaged_id_is_told(own: Postgres, url: str) -> None:
    """An id whose bytes are damaged is a 500, and a verification tells."""
    database = url.rpartition("/")[2]
    with serve(db=url) as server, client(server) as http:
        path = own.folder / str(own.execute("SELECT pg_relation_filepath('threadruns.run')", database)[0][0])
        own.execute("CHECKPOINT")
        own.stop()
        try:
            path.write_bytes(path.read_bytes().replace(b"run_3", b"run\xeb3", 1))
        finally:
            own.start()
        assert list_runs(http).status_code == 500
        assert any("is not UTF-8" in damage.problem for damage in server.store.verify())


def test_missing_store_is_not_created(own: Postgres) -> None:
    """A verification, and a conversion from a database without a store, create nothing and say so."""
    empty = own.url(own.new_database())
    for arguments in (("verify", "--db", empty), ("convert", empty, "-")):
        outcome = run(*arguments)
        assert outcome.returncode == 4
        assert "has no store of runs in the schema 'threadruns'" in outcome.stderr
    assert own.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'threadruns'", empty.rpartition("/")[2]) == []


def test_verification_finds_what_no_page_shows(own: Postgres, url: str) -> None:
    """A run in two threads, and a thread that is missing in the list of threads, are damage."""
    database = url.rpartition("/")[2]
    with closing(open_store(url)) as store:
        own.execute(
            "INSERT INTO threadruns.run SELECT 'thread_b', created_at, id, body, checksum FROM threadruns.run "
            "WHERE id = 'run_1'",
            database,
        )
        problems = {(damage.thread, damage.run_id) for damage in store.verify()}
        assert problems == {("thread_b", "run_1"), (None, "run_1"), ("thread_b", None)}


def test_missing_permissions_are_not_damage(own: Postgres, url: str, tmp_path: Path) -> None:
    """A user who may not read or write the tables gets exit code 4 and one sentence from verify and load."""
    database = url.rpartition("/")[2]
    own.execute("DROP ROLE IF EXISTS reader")
    own.execute("CREATE ROLE reader LOGIN")
    own.execute("GRANT USAGE ON SCHEMA threadruns TO reader", database)
    own.execute("GRANT SELECT ON threadruns.store TO reader", database)
    file = tmp_path / "runs.jsonl"
    file.write_text(run("synth", "--threads", "1", "--runs", "2").stdout)
    place = url.replace("threadruns@", "reader@")
    for arguments in (("verify", "--db", place), ("load", str(file), str(file), "--db", place)):
        outcome = run(*arguments)
        assert outcome.returncode == 4
        assert "give the user the permissions that it needs" in outcome.stderr
        assert outcome.stderr.count("Error") == 1


def test_long_ids_are_refused_by_line(url: str, tmp_path: Path) -> None:
    """A run whose ids are too long for an index is refused with its line, and the load with it."""
    file = tmp_path / "runs.jsonl"
    good = run("synth", "--threads", "1", "--runs", "2").stdout.splitlines()
    long = json.loads(good[1]) | {"thread_id": "thread_" + os.urandom(2000).hex()}
    file.write_text(f"{good[0]}\n{json.dumps(long)}\n")
    outcome = run("load", str(file), "--db", url)
    assert outcome.returncode == 1
    assert f"{file}:2: the ids of the run and of its thread have more than 2500 bytes" in outcome.stderr
    assert "nothing was loaded" in outcome.stderr


@pytest.mark.parametrize(
    "written",
    [
        f"postgresql://u:{PASSWORD}@127.0.0.1:1/d",
        f"postgresql://u:{QUOTED}@127.0.0.1:1/d",
        f"postgresql://u:x@{QUOTED}@127.0.0.1:1/d",
        f"postgresql://127.0.0.1:1/d?user=u&password={QUOTED}",
        f"postgresql://127.0.0.1:1/d?password={QUOTED}&no_such_parameter=1",
        f"postgresql://u:{PASSWORD}",
        f"postgresql://u:{QUOTED}@[::1/d",
        f"postgresql://u:{QUOTED}@127.0.0.1:port/d",
        f"postgresql://u:{QUOTED}@127.0.0.1:1/d?schema=A-B",
        f"postgresql://u:{QUOTED}@127.0.0.1:1/d?sslmode=nonsense",
        f"postgres://u:{QUOTED}@no.such.host.invalid/d",
        f"postgresql://u:{QUOTED}@127.0.0.1:1/\udcff",
        f"postgresql://\udcff:{QUOTED}@127.0.0.1:1/d?application_name=\udcff",
        f"postgresql://u%FF:{QUOTED}@127.0.0.1:1/d",
    ],
)
def test_password_is_never_shown(written: str) -> None:
    """A URL that is invalid or leads nowhere gives an error without a part of the password."""
    with pytest.raises(StoreError) as raised:
        open_store(written)
    shown = str(raised.value) + repr(raised.value) + str(raised.value.__cause__) + str(raised.value.__context__)
    for part in (*PASSWORD.replace("/", ":").replace("?", ":").split(":"), QUOTED):
        assert part not in shown


def test_password_is_in_no_output(own: Postgres, url: str) -> None:
    """The password of a database is neither in the log of the server nor in its output, nor in a representation."""
    import psycopg
    from psycopg import sql

    database = url.rpartition("/")[2]
    with psycopg.connect(own.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP ROLE IF EXISTS {GUARDED}".encode())
        statement = sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(sql.Identifier(GUARDED), PASSWORD)
        connection.execute(statement)
    guarded = url.replace("threadruns@", f"{GUARDED}:{QUOTED}@")
    address = Address.parse(guarded)
    assert PASSWORD in address.conninfo.replace("\\", "")
    assert PASSWORD not in repr(address) + address.shown
    assert address.shown == f"postgresql://{GUARDED}@127.0.0.1:{own.port}/{database}"
    environment = os.environ | {"THREADRUNS_DB": guarded}
    options = [*COMMAND, "serve", "--port", "0", "--api-key", KEY]
    with subprocess.Popen(
        options, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        base = line.split(" at ")[1].strip()
        headers = {"authorization": f"Bearer {KEY}", "openai-beta": "assistants=v1"}
        with httpx.Client(base_url=base, headers=headers, timeout=20) as http:
            assert works(http)
            shown = Path(f"/proc/{process.pid}/cmdline").read_text()
            own.stop()
            try:
                assert not works(http)
            finally:
                own.start()
            assert works(http)
        process.terminate()
        output, log = process.communicate(timeout=20)
    assert "Cannot use the database 'postgresql://guarded@127.0.0.1" in log
    for text in (line, output, log, shown):
        assert not any(part in text for part in (PASSWORD, QUOTED))
    wrong = guarded.replace(QUOTED, f"x{QUOTED}")
    with pytest.raises(StoreError, match="password authentication failed") as raised:
        open_store(wrong)
    assert PASSWORD not in str(raised.value) + repr(raised.value.__cause__)


def test_environment_of_libpq_is_used(own: Postgres, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the URL leaves out comes from the environment variables of libpq."""
    monkeypatch.setenv("PGPORT", str(own.port))
    monkeypatch.setenv("PGUSER", "threadruns")
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    with closing(open_store(f"postgresql:///{url.rpartition('/')[2]}")) as store:
        assert store.summary().runs == 5


def test_missing_library_names_the_extra() -> None:
    """Without psycopg, a URL gives the sentence that names the extra."""
    code = "import sys; sys.modules['psycopg'] = None; from threadruns._cli import main; main()"
    command = [sys.executable, "-c", code, "load", "x", "--db", "postgresql://127.0.0.1/x"]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert outcome.returncode == 4
    assert "needs psycopg, which is not installed" in outcome.stderr
    assert "pip install '.[postgres]'" in outcome.stderr


def test_workers_share_the_database(url: str) -> None:
    """Several processes serve one database, each with connections of its own."""
    with served("--db", url, "--api-key", KEY, "--workers", "2") as (_, base, _):
        headers = {"authorization": f"Bearer {KEY}", "openai-beta": "assistants=v1"}

        def request(_: int) -> bool:
            with httpx.Client(base_url=base, headers=headers, timeout=20) as http:
                return works(http)

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(request, range(24)))


def test_server_does_not_start_without_the_database() -> None:
    """A database that cannot be reached at the start is one sentence, and exit code 4."""
    outcome = run("serve", "--port", "0", "--db", "postgresql://127.0.0.1:1/runs")
    assert outcome.returncode == 4
    assert outcome.stderr.count("\n") == 1
    assert "Connection refused; check that the server is running" in outcome.stderr
