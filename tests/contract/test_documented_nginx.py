"""The configuration of nginx that docs/server.md shows, run by nginx. ``tox -e gateways`` includes it."""

from __future__ import annotations

import os
import re
import select
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.contract.servers import KEY, RUNS, THREADS
from threadruns import Client
from threadruns.contract.check import check
from threadruns.contract.verdict import Verdict
from threadruns.testing import RunningServer, serve

pytestmark = [
    pytest.mark.skipif(not os.environ.get("THREADRUNS_GATEWAYS"), reason="needs nginx; run tox -e gateways"),
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed"),
]

GUIDE = (Path(__file__).parents[2] / "docs" / "server.md").read_text(encoding="utf-8")
REST = """
daemon off;
pid $folder/pid;
events {}
http {
    access_log $folder/access;
    client_body_temp_path $folder/body; proxy_temp_path $folder/proxy; fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi; scgi_temp_path $folder/scgi;
    include $folder/documented.conf;
}
"""
"""What the package of nginx has around the files that it includes."""


def documented(folder: Path, port: int, server: int) -> str:
    """Return the text of the guide, with the ports and the files of this test."""
    found = re.search(r"^```nginx\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found
    text = found[1]
    for shown, used in (
        ("127.0.0.1:8000", f"127.0.0.1:{server}"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/ssl/runs.pem", f"{folder}/cert.pem"),
        ("/etc/ssl/runs.key", f"{folder}/key.pem"),
    ):
        assert text.count(shown) == 1
        text = text.replace(shown, used)
    return text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a certificate that a user without rights can use."""
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    tmp_path.chmod(0o777)
    names = "subjectAltName=DNS:runs.example.org,IP:127.0.0.1"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=runs.example.org",
         "-addext", names, "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    (tmp_path / "key.pem").chmod(0o644)
    return tmp_path


@contextmanager
def nginx(folder: Path, server: RunningServer) -> Iterator[int]:
    """Run nginx without rights in front of a server, and yield its port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    (folder / "documented.conf").write_text(documented(folder, port, urlsplit(server.url).port or 80))
    (folder / "nginx.conf").write_text(REST.replace("$folder", str(folder)))
    command = ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
    user = "nobody" if os.getuid() == 0 else None
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, user=user)
    try:
        while process.poll() is None:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        assert process.poll() is None, process.communicate()[1]
        yield port
    finally:
        process.terminate()
        process.communicate()


def test_the_server_behind_the_documented_nginx(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind nginx with TLS, as the guide shows it, the server conforms, and the client lists every run."""
    bundle = str(folder / "cert.pem")
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    with serve(runs=RUNS, threads=THREADS, api_key=KEY) as server, nginx(folder, server) as port:
        url = f"https://127.0.0.1:{port}/v1"
        report = check(url, KEY, list(THREADS), verify=bundle)
        assert report.verdict is Verdict.CONFORMS, report.departures
        largest = max(THREADS, key=lambda thread: len(THREADS[thread]))
        with Client(api_key=KEY, base_url=url) as client:
            assert {run.id for run in client.runs.list(largest)} == {run["id"] for run in THREADS[largest]}
        assert {headers["host"] for _, _, headers in server.requests} == {"127.0.0.1"}
    assert "127.0.0.1 - - " in (folder / "access").read_text()


def test_the_documented_nginx_limits_connections(folder: Path) -> None:
    """Of 25 requests of one address that the server does not answer, nginx rejects five with 503 at once."""
    context = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    request = f"GET /v1/threads/thread_1/runs HTTP/1.1\r\nHost: runs.example.org\r\nAuthorization: Bearer {KEY}\r\n\r\n"
    with serve(api_key=KEY, faults=["no-response"]) as server, nginx(folder, server) as port:
        sockets = []
        try:
            for _ in range(25):
                plain = socket.create_connection(("127.0.0.1", port))
                sockets.append(context.wrap_socket(plain, server_hostname="runs.example.org"))
                sockets[-1].sendall(request.encode())
            rejected: dict[ssl.SSLSocket, bytes] = {}
            while len(rejected) < 5:
                readable = select.select([one for one in sockets if one not in rejected], [], [], 20)[0]
                assert readable
                for one in readable:
                    one.setblocking(False)
                    try:
                        rejected[one] = one.recv(64)
                    except ssl.SSLWantReadError:
                        continue  # a ticket of the session
            assert {data[:12] for data in rejected.values()} == {b"HTTP/1.1 503"}
            assert len(server.requests) <= 20
        finally:
            for one in sockets:
                one.close()
