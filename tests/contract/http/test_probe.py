"""Requests of the check on connections of their own."""

from __future__ import annotations

import gc
from pathlib import Path

from tests.contract.servers import ERROR, KEY, reply, serve_script
from threadruns.contract.http.probe import Probe
from threadruns.contract.http.request import ProbeRequest


def test_a_head_request_over_tls_closes_its_connection(certificate: Path) -> None:
    """The bytes after a head are read over TLS too, and no socket is left open."""
    authority = str(certificate / "cert.pem")
    files = (certificate / "cert.pem", certificate / "key.pem")
    with serve_script(lambda one: reply(one, 401, ERROR), tls=files) as (url, _):
        with Probe(url.replace("127.0.0.1", "localhost"), KEY, verify=authority) as probe:
            assert probe.bytes_after_head(ProbeRequest("thread_1")) == b""
        gc.collect()  # the warning of a socket that was not closed is an error
