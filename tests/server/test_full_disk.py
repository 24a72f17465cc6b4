"""An SQLite database on a disk that is full: nothing is stored in part, the reason is told, and runs are served."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.server.conftest import client
from tests.server.test_postgres import small_disk
from tests.server.test_stores import everything, fill, record
from tests.support.store import sqlite_only
from threadruns.server.store.errors import StoreUnavailable
from threadruns.testing import serve

pytestmark = sqlite_only


def test_full_disk_is_told(tmp_path: Path) -> None:
    """On a full disk runs are served, a change is a 503 or an error that tells to free space, and it works later."""
    with small_disk(tmp_path) as place, serve(db=str(place / "runs.db"), beta="any") as server:
        server.add([json.loads(record("run_1", status="queued").text)])
        filler = place.parent / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(1 << 20)) or file.write(bytes(1 << 12)):
                pass
        before = everything(server.store)
        with client(server) as http:
            many = [record(f"run_{number}", text="x" * 20_000) for number in range(2, 200)]
            with pytest.raises(StoreUnavailable, match="free some space"):
                fill(server.store, *many)
            assert http.get("/threads/thread_a/runs").status_code == 200
            assert everything(server.store) == before
            server.script("run_1", [{"instructions": "x" * 3_000_000, "after": 0.01}])
            time.sleep(0.05)
            response = http.get("/threads/thread_a/runs")
            assert response.status_code == 503
            assert response.headers["retry-after"] == "2"
            filler.unlink()
            assert len(http.get("/threads/thread_a/runs").json()["data"][0]["instructions"]) == 3_000_000
            assert fill(server.store, *many).new == len(many)
            assert len(http.get("/threads/thread_a/runs?limit=100").json()["data"]) == 100
