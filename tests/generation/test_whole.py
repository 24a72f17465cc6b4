"""Test of the generator with a whole document after the manner of public ones."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import generate

DOCUMENT = Path(__file__).parent / "whole.yaml"
STATION = {"id": "st-1", "created": "2024-01-01T00:00:00Z", "name": "Pier", "position": {"lat": 1, "lon": 2.5}}


def test_whole_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package of a whole document is typed, builds requests, and reads and writes bodies."""
    assert generate.main(["--document", str(DOCUMENT), "--target", str(tmp_path / "tides")]) == 0
    monkeypatch.syspath_prepend(tmp_path)
    operations, models = importlib.import_module("tides.operations"), importlib.import_module("tides.models")
    chosen = models.StationFilter(state="up")
    listed = operations.list_stations(limit=5, filter=chosen, sort=["name", "-name"], x_trace_id="t")
    assert listed.params == {"limit": "5", "filter[state]": "up", "sort": "name,-name"}
    assert listed.headers == {"X-Trace-Id": "t"}
    page = {
        "links": {"next": None},
        "items": [{**STATION, "near": [STATION], "state": "up", "datum": None, "later": 1}],
    }
    assert listed.parse(200, json.dumps(page).encode()).to_dict() == page
    assert listed.parse(404, b'{"title": "Gone"}').title == listed.parse(500, b'{"title": "Gone"}').title == "Gone"
    new = {key: value for key, value in STATION.items() if key not in ("id", "created")}
    created = operations.create_station(body=models.StationRequest.from_dict(new))
    assert json.loads(created.content) == new
    with pytest.raises(ValueError, match=r"^id: missing$"):
        created.parse(201, json.dumps(new).encode())
    assert operations.get_stations_station_id("st-1").path == "stations/st-1"
    assert operations.delete_station("st-1").parse(204, b"") is None
    chart = operations.station_chart("st-1", 2024)
    assert (chart.path, chart.parse(200, b"\x89PNG")) == ("stations/st-1/chart/2024", b"\x89PNG")
    readings = operations.latest_readings().parse(
        200, b'[{"sort": "wave", "at": 1, "quality": 4}, {"sort": "level", "at": 1, "metres": 2}, {"sort": "salt"}]'
    )
    assert [type(reading).__name__ for reading in readings] == ["Wave", "Level", "UnknownVariant"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--config-file=",
            f"--cache-dir={tmp_path / 'cache'}",
            "-p",
            "tides",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
