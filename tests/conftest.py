"""Settings for every test: reproducible examples, and no limits on speed."""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell ignores SIGINT in background jobs, and programs that tests interrupt would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.pop("THREADRUNS_DB", None)  # Commands that tests run must not use the database of a developer.

pytest_plugins = ["tests.support.postgres", "tests.support.store", "tests.support.tls"]

settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
)
settings.load_profile("steady")
