"""Tests of NO_PROXY and of the certificates that the environment names."""

from __future__ import annotations

import subprocess
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.http.test_proxies import proxy_url
from tests.support.clients import WALKS, open_client, run_ids
from tests.support.relay import http_proxy, run_relay
from tests.support.runs import ids, runs
from threadruns import ArgumentError
from threadruns._http.transports.proxies import excludes
from threadruns.testing import serve


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "excluded"),
    [
        ("", "example.com", 443, False),
        ("*", "example.com", 443, True),
        ("example.com:" + "9" * 5000, "example.com", 443, False),
        ("example.com", "example.com", 443, True),
        ("example.com", "EXAMPLE.com", 443, True),
        ("EXAMPLE.COM", "example.com.", 443, True),
        ("example.com", "api.example.com", 443, True),
        (".example.com", "api.example.com", 443, True),
        (".example.com", "example.com", 443, True),
        ("*.example.com", "api.example.com", 443, True),
        ("example.com", "badexample.com", 443, False),
        ("example.com", "example.com.evil.org", 443, False),
        ("other.org, example.com", "example.com", 443, True),
        ("other.org example.com", "example.com", 443, True),
        (" ,, example.com , ", "example.com", 443, True),
        ("example.com:8443", "example.com", 8443, True),
        ("example.com:8443", "api.example.com", 8443, True),
        ("example.com:8443", "example.com", 443, False),
        ("example.com:x", "example.com", 443, False),
        (":443", "example.com", 443, False),
        (".", "example.com", 443, False),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("10.0.0.7/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "example.com", 443, False),
        ("10.0.0.0/8:8000", "10.1.2.3", 8000, True),
        ("10.0.0.0/8:8000", "10.1.2.3", 443, False),
        ("10.1.2.3", "10.1.2.3", 443, True),
        ("10.1.2.3:80", "10.1.2.3", 443, False),
        ("10.1.2", "10.1.2.3", 443, False),
        ("2.3", "10.1.2.3", 443, False),
        ("10.0.0.0/99", "10.1.2.3", 443, False),
        ("::1", "::1", 443, True),
        ("0:0:0:0:0:0:0:1", "::1", 443, True),
        ("[::1]", "::1", 443, True),
        ("[::1]:8000", "::1", 8000, True),
        ("[::1]:8000", "::1", 443, False),
        ("fe80::/10", "fe80::1", 443, True),
        ("fe80::/10", "2001:db8::1", 443, False),
        ("0.0.0.0/0", "::1", 443, False),
    ],
)
def test_no_proxy(no_proxy: str, host: str, port: int, excluded: bool) -> None:
    """An entry is a host with its subdomains, an address or a block of addresses, optionally with a port."""
    assert excludes(no_proxy, host, port) is excluded


@given(st.ip_addresses(), st.integers(0, 32))
def test_blocks_of_addresses(address: IPv4Address | IPv6Address, prefix: int) -> None:
    """A block contains exactly the addresses with the same first bits."""
    block = ip_network(f"{address}/{prefix}", strict=False)
    assert excludes(str(block), str(address), 80)
    assert excludes(f"other.org,{block}", str(block[-1]), 80)
    if prefix:
        outside = type(address)(int(address) ^ 1 << (address.max_prefixlen - prefix))
        assert not excludes(str(block), str(outside), 80)


@given(st.text(max_size=20), st.sampled_from(["example.com", "10.1.2.3", "::1"]))
def test_invalid_entries_are_ignored(no_proxy: str, host: str) -> None:
    """Any text in NO_PROXY is an entry or is ignored, and never an error."""
    assert excludes(no_proxy, host, 80) in (True, False)


@pytest.mark.parametrize("kind", WALKS)
def test_no_proxy_of_the_environment(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client does not use the proxy for a block of addresses or a port in NO_PROXY."""
    with serve(runs=runs(3)) as server, run_relay(http_proxy) as relay:
        port = server.url.removesuffix("/v1").rpartition(":")[2]
        monkeypatch.setenv("http_proxy", proxy_url(relay, "http"))
        for value, through in (("127.0.0.0/8", 0), (f"127.0.0.1:{port}", 0), ("127.0.0.1:1", 1), ("10.0.0.0/8", 2)):
            monkeypatch.setenv("no_proxy", value)
            with open_client(server, kind) as client:
                assert run_ids(client.runs.list("thread_a").data) == ids(3)
            assert len(relay.targets) == through


EMPTY, BROKEN, DER = "", "-----BEGIN CERTIFICATE-----\nnonsense\n", "\x30\x82"


@pytest.mark.parametrize("kind", WALKS)
@pytest.mark.parametrize(
    ("variable", "content", "says"),
    [
        ("SSL_CERT_FILE", None, "cannot be read (No such file or directory)"),
        ("SSL_CERT_FILE", EMPTY, "holds no certificate in PEM form"),
        ("SSL_CERT_FILE", "# only a comment\n", "holds no certificate in PEM form"),
        ("SSL_CERT_FILE", BROKEN, "holds no certificate in PEM form"),
        ("SSL_CERT_FILE", DER, "holds no certificate in PEM form"),
        ("SSL_CERT_DIR", None, "cannot be read (No such file or directory)"),
        ("SSL_CERT_DIR", "a file", "cannot be read (Not a directory)"),
        ("SSL_CERT_DIR", "a folder", "holds no certificate under the name of its hash; run openssl rehash on it"),
    ],
)
def test_unusable_certificates(
    variable: str, content: str | None, says: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing, empty or invalid certificates are an error that names the variable and the file."""
    path = tmp_path / "certificates"
    if content == "a folder":
        path.mkdir()
        (path / "readme.pem").write_text("nothing", encoding="utf-8")
    elif content is not None:
        path.write_text(content, encoding="latin-1")
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(path))
    with open_client(None, kind, api_key="sk", base_url="https://127.0.0.1:9/v1") as client:
        with pytest.raises(ArgumentError) as caught:
            client.runs.list("thread_a")
        assert str(caught.value) == (
            f"The environment variable {variable} names {str(path)!r}, which {says}: fix it, unset it, or pass verify."
        )


@pytest.mark.parametrize("kind", WALKS)
def test_usable_certificates(
    kind: str, certificate: Path, secure_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file, a folder of hashed names, or one of several folders is trusted; an empty variable is ignored."""
    text = (certificate / "cert.pem").read_bytes()
    name = subprocess.run(
        ["openssl", "x509", "-hash", "-noout"], input=text, capture_output=True, check=True
    ).stdout.decode()
    hashed = tmp_path / "hashed"
    hashed.mkdir()
    (hashed / f"{name.strip()}.0").write_bytes(text)
    (tmp_path / "empty").mkdir()
    file = str(certificate / "cert.pem")
    for settings in (
        {"SSL_CERT_FILE": file, "SSL_CERT_DIR": ""},
        {"SSL_CERT_FILE": "", "SSL_CERT_DIR": str(hashed)},
        {"SSL_CERT_FILE": "", "SSL_CERT_DIR": f"{tmp_path / 'empty'}:{hashed}"},
        {"SSL_CERT_FILE": file, "SSL_CERT_DIR": str(hashed)},
    ):
        for variable, value in settings.items():
            monkeypatch.setenv(variable, value)
        with open_client(None, kind, api_key="sk", base_url=secure_url) as client:
            assert run_ids(client.runs.list("thread_a").data) == ids(1)
