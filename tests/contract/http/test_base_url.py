"""Base URLs as users give them."""

from __future__ import annotations

import pytest

from tests.contract.servers import KEY
from threadruns.contract.check import check
from threadruns.contract.http.base_url import check_base_url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "is not an http or https URL"),
        ("127.0.0.1:8000/v1", "is not an http or https URL"),
        ("localhost:8000/v1", "is not an http or https URL"),
        ("ftp://127.0.0.1/v1", "is not an http or https URL"),
        ("http://", "has no host"),
        ("http:///v1", "has no host"),
        ("http://:8000/v1", "has no host"),
        ("http://127.0.0.1:abc/v1", "cannot be parsed"),
        ("http://127.0.0.1:99999/v1", "cannot be parsed"),
        ("http://[::1/v1", "cannot be parsed"),
        ("http://127.0.0.1/v1\nx", "has spaces or control characters"),
        (" http://127.0.0.1/v1", "has spaces or control characters"),
        ("http://127.0.0.1/v1?api-version=1", "has a query or a fragment"),
        ("http://127.0.0.1/v1#runs", "has a query or a fragment"),
        ("http://user:hunter2@127.0.0.1/v1", "The URL must not hold a user name or password"),
        ("http://user:hunter2@127.0.0.1:abc/v1", "The URL cannot be parsed"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, problem: str) -> None:
    """The error names the mistake and an example, and shows no password."""
    with pytest.raises(ValueError, match=r"such as http://127\.0\.0\.1:8000/v1\.$") as caught:
        check(url, KEY, ["thread_1"])
    assert problem in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["HTTP://127.0.0.1", "https://[::1]:8443/a%20b/v1/", "http://b\u00fccher.example/v1"])
def test_a_usual_url_is_accepted(url: str) -> None:
    """The scheme ignores case, and the host may be an IPv6 address or an international name."""
    check_base_url(url)


@pytest.mark.parametrize("beta", ["a\nb", " assistants=v1", "\x1b"])
def test_a_beta_header_that_cannot_be_sent_is_refused(beta: str) -> None:
    """A value that no header can carry is the mistake of the caller."""
    with pytest.raises(ValueError, match="OpenAI-Beta"):
        check("http://127.0.0.1:9/v1", KEY, ["thread_1"], beta=beta)
