"""The whole check of a server: first contact, what the threads can prove, every conversation, and the verdict.

The check changes nothing on a server and needs no knowledge of it but its URL, a key and threads to read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from random import Random

from threadruns.contract.http.probe import CheckAborted, Probe
from threadruns.contract.plan import CheckPlan
from threadruns.contract.preflight import preflight
from threadruns.contract.scenarios.known_thread import KnownThread
from threadruns.contract.session import CheckSession, FirstFailure
from threadruns.contract.verdict import Report, Verdict


def check(
    url: str,
    api_key: str,
    threads: Sequence[str],
    *,
    beta: str = "assistants=v1",
    seed: int = 0,
    rate: float | None = None,
    timeout: float = 10.0,
    max_requests: int = 600,
    max_seconds: float = 300.0,
    verify: bool | str = True,
    fail_fast: bool = False,
    progress: Callable[[str, int], None] = lambda _stage, _sent: None,
) -> Report:
    """Check a server against the contract.

    Args:
        url: The base URL, up to and without ``/threads``.
        api_key: A key that may read the threads. It is sent to this origin alone and stands in no report.
        threads: The ids of the threads to read. More of different sizes decide more rules.
        beta: The value of the OpenAI-Beta header that the server takes.
        seed: Decides what is drawn at random; the same seed sends the same requests to the same data.
        rate: The most requests a second.
        timeout: The longest that one answer may take, in seconds.
        max_requests: The most requests to send.
        max_seconds: The longest that the check may take, in seconds.
        verify: Whether to verify TLS certificates, or a bundle of authorities to trust.
        fail_fast: Whether to end the check at the first departure.
        progress: Called with the name of the stage and the number of requests so far.

    Returns:
        The report; a server that cannot be judged is a verdict, not an exception.

    Raises:
        ValueError: No thread was given, the URL is none of http or https, or the bundle of authorities is none.
    """
    if not threads:
        raise ValueError("No thread was given: name at least one that the key can read.")
    if not url.startswith(("http://", "https://")):
        raise ValueError(
            f"{url!r} is no http or https URL; give the base URL of the API, such as http://127.0.0.1:8000/v1."
        )
    began = time.monotonic()
    stage = "first contact"
    with Probe(
        url, api_key, beta=beta, timeout=timeout, max_requests=max_requests, max_seconds=max_seconds, rate=rate,
        verify=verify, on_request=lambda sent: progress(stage, sent),
    ) as probe:  # fmt: skip
        known = [KnownThread(thread_id) for thread_id in dict.fromkeys(threads)]
        session = CheckSession(probe, known[0].request(), fail_fast)
        reason: str | None = None
        stopped: CheckAborted | None = None
        try:
            readable = preflight(session, known)
            missing = [thread for thread in known if thread not in readable]
            plan = CheckPlan(session, readable, missing, Random(seed), seed)
            for stage, step in plan.stages():
                progress(stage, probe.sent)
                step()
        except FirstFailure:
            reason = "the check was to end at the first departure"
        except CheckAborted as error:
            stopped = error
            reason = probe.mask(str(error))
        results = tuple(session.results(reason, stopped))
        return Report(
            url=probe.base_url,
            verdict=_decide(session, reason),
            reason=reason or "",
            results=results,
            threads={thread.id: len(thread.newest_first) for thread in known if thread.states},
            requests=probe.sent,
            seconds=round(time.monotonic() - began, 3),
            seed=seed,
        )


def _decide(session: CheckSession, reason: str | None) -> Verdict:
    if session.departs:
        return Verdict.DEPARTS
    return Verdict.CONFORMS if reason is None else Verdict.UNDECIDED
