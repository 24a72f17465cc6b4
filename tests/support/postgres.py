"""Fixtures with a PostgreSQL server; each process of the tests starts one when a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.cluster import Postgres, reason_against, running

needs_postgres = pytest.mark.skipif(reason_against() is not None, reason=reason_against() or "")
"""The mark of tests that need PostgreSQL."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run one PostgreSQL for the tests of this process."""
    reason = reason_against()
    if reason is not None:
        pytest.skip(reason)
    with running() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """Return the URL of an empty database."""
    return postgres.url(postgres.new_database())
