"""The check of a server: a preflight, the stages of the plan, and the verdict.

The check changes nothing on the server, and knows nothing of it but its URL, a key and the ids of threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from random import Random

from threadruns.contract.http.base_url import check_base_url
from threadruns.contract.http.probe import CheckAborted, Probe
from threadruns.contract.judging.origin import KnownOrigin
from threadruns.contract.outcomes import causes_of, results_of
from threadruns.contract.plan import CheckPlan
from threadruns.contract.preflight import preflight
from threadruns.contract.scenarios.known_thread import KnownThread
from threadruns.contract.session import CheckSession, FirstFailure
from threadruns.contract.verdict import Report, Verdict


class CheckInterrupted(KeyboardInterrupt):
    """The check was interrupted.

    Args:
        report: The report of what was found until then.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(report.reason)
        self.report = report


def check(
    url: str,
    api_key: str,
    threads: Sequence[str],
    *,
    beta: str | None = None,
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
        url: The base URL, without ``/threads``.
        api_key: A key that may read the threads. It is sent to this origin only, and no report contains it.
        threads: The ids of the threads to read. Threads of several sizes decide more rules.
        beta: The value of the OpenAI-Beta header that the server accepts; that of the document if None.
        seed: The seed of the random choices; the same seed sends the same requests to the same data.
        rate: Maximum number of requests per second.
        timeout: Timeout per response, in seconds.
        max_requests: Maximum number of requests.
        max_seconds: Maximum duration of the check, in seconds.
        verify: Whether to verify TLS certificates, or the path of a bundle of trusted authorities.
        fail_fast: Whether to end the check at the first departure.
        progress: Called with the name of the stage and the number of requests so far.

    Returns:
        The report. A server that cannot be judged is a verdict, not an exception.

    Raises:
        ValueError: ``threads`` is empty, the key or the beta header cannot be sent, the URL is not the base URL of
            an API, or the bundle cannot be read.
        CheckInterrupted: The check was interrupted; the error has the report of what was found until then.
    """
    if not threads or not all(threads):
        raise ValueError("No thread was given: name at least one that the key can read.")
    check_base_url(url)
    if not api_key or api_key != api_key.strip() or not api_key.isascii() or not api_key.isprintable():
        raise ValueError("The API key is empty, or has characters that cannot be sent in a header.")
    if beta is not None and (beta != beta.strip() or not beta.isprintable()):
        raise ValueError(f"The value of the OpenAI-Beta header cannot be sent: {beta!r}.")
    started = time.monotonic()
    stage = "preflight"
    with Probe(
        url, api_key, beta=beta, timeout=timeout, max_requests=max_requests, max_seconds=max_seconds, rate=rate,
        verify=verify, on_request=lambda sent: progress(stage, sent),
    ) as probe:  # fmt: skip
        known = [KnownThread(thread_id) for thread_id in dict.fromkeys(threads)]
        origin = KnownOrigin(frozenset(thread.segment for thread in known))
        session = CheckSession(probe, known[0].request(), fail_fast, origin)

        def report(reason: str, aborted: CheckAborted | None = None, *, complete: bool = False) -> Report:
            verdict = Verdict.UNDECIDED if reason else Verdict.CONFORMS
            results = tuple(results_of(session, complete=complete, aborted=aborted))
            return Report(
                url=probe.base_url,
                verdict=Verdict.DEPARTS if session.departs else verdict,
                reason=probe.mask(reason),
                results=results,
                causes=causes_of(session, results),
                threads={thread.id: len(thread.newest_first) for thread in known if thread.reads},
                requests=probe.sent,
                seconds=round(time.monotonic() - started, 3),
                seed=seed,
            )

        try:
            readable, unreadable = preflight(session, known)
            plan = CheckPlan(session, readable, list(unreadable), Random(seed), seed)
            for stage, step in plan.stages():
                progress(stage, probe.sent)
                step()
        except FirstFailure:
            return report("the check was to end at the first departure")
        except CheckAborted as error:
            return report(str(error), error)
        except KeyboardInterrupt:
            raise CheckInterrupted(report("the check was interrupted")) from None
        # A thread that cannot be read may be a mistake of the user: the check is then undecided.
        missing = next(iter(unreadable.values()), None)
        return report(str(missing or ""), missing, complete=True)
