"""The page at ``/docs``: what is served, and what a browser makes of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest

from threadruns._document import document
from threadruns.testing import serve

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BROWSER_SECONDS = 60


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Serve the page; gives the address of the site, without a slash."""
    with serve() as server:
        yield urlunsplit((*urlsplit(server.url)[:2], "", "", ""))


def test_the_page_and_its_viewer_are_served(site: str) -> None:
    """The page, its script and the document come from the server itself, and the page allows nothing else."""
    page = httpx.get(f"{site}/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert re.findall(r'(?:src|href|spec-url)="([^"]*)"', page.text) == [
        "openapi.json",
        "openapi.yaml",
        "docs/redoc.js",
    ]
    script = httpx.get(f"{site}/docs/redoc.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert b"Redoc" in script.content
    assert httpx.get(f"{site}/openapi.json").json() == document()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here; Debian's package is called chromium")
def test_a_browser_shows_the_operation(site: str, tmp_path: Path) -> None:
    """Chromium renders the parameters, the answers and each key of a run, offline and without a complaint."""
    assert BROWSER
    command = (BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}")
    options = ("--virtual-time-budget=10000", "--enable-logging=stderr", "--dump-dom", f"{site}/docs")
    home = {**os.environ, "HOME": str(tmp_path)}  # it keeps reports of crashes there, whatever the profile
    shown = subprocess.run((*command, *options), env=home, capture_output=True, text=True, timeout=BROWSER_SECONDS)
    assert shown.returncode == 0, shown.stderr
    text = unescape(re.sub(r"<[^>]+>", "\n", re.sub(r"(?s)<(script|style).*?</\1>", "", shown.stdout)))
    lines = {line.strip() for line in text.splitlines()}
    operation = document()["paths"]["/threads/{thread_id}/runs"]["get"]
    expected = {operation["summary"], "With runs", "Empty", "/threads/{thread_id}/runs"}
    expected |= {parameter["name"] for parameter in operation["parameters"]}
    expected |= set(document()["components"]["schemas"]["Run"]["properties"])
    assert expected <= lines
    complaints = [line for line in shown.stderr.splitlines() if "CONSOLE" in line]
    # The viewer would fetch its maker's logo from elsewhere; that the policy stops it is the one line of the log.
    assert [re.findall(r"https://\S+\.svg", line) for line in complaints if "favicon" not in line] == [
        ["https://cdn.redoc.ly/redoc/logo-mini.svg"]
    ]
