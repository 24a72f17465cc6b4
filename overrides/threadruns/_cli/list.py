"""``threadruns list``: the runs of a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from threadruns import (
    APIResponseValidationError,
    ArgumentError,
    Client,
    DecodeError,
    PagingError,
    Run,
    ThreadrunsError,
)
from threadruns._cli._options import hidden
from threadruns._cli._output import Departure, Interrupted, Unreadable, standard_output
from threadruns._cli._parameters import parameter_options
from threadruns._cli._runs import write_runs
from threadruns._document import beta as beta_of_document
from threadruns._document import parameter, parameters
from threadruns._http.secrets import KEY_VARIABLE, Secret
from threadruns._http.service import BASE_URL_VARIABLE, EXAMPLE_BASE_URL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@click.command()
@click.argument("thread_id")
@click.option("--limit", type=click.IntRange(min=1), help="Maximum number of runs; all by default.")
@click.option(
    "--order",
    type=click.Choice(parameter("order")["enum"]),
    default=parameter("order")["default"],
    show_default=True,
    help="Order by creation time.",
)
@click.option("--after", metavar="RUN_ID", help="Start after this run.")
@click.option("--before", metavar="RUN_ID", help="List the runs before this one, the nearest first.")
@parameter_options(parameters("query"), own=("limit", "order", "after", "before"))
@click.option(
    "--format", "output_format", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True
)
@click.option(
    "--invalid",
    type=click.Choice(["keep", "skip", "raise"]),
    default="keep",
    show_default=True,
    help="Keep invalid runs, skip them, or stop with an error.",
)
@click.option("--api-key", callback=hidden, envvar=KEY_VARIABLE, metavar="KEY", show_envvar=True, help="API key.")
@click.option("--base-url", metavar="URL", envvar="OPENAI_BASE_URL", show_envvar=True, help="Base URL of the API.")
@click.option("--beta", default=beta_of_document(), show_default=True, help="Value of the OpenAI-Beta header.")
@click.option("--azure-api-version", metavar="VERSION", help="Use Azure's form of the API, with this API version.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    help="Timeout per response, in seconds.",
)
def command(
    thread_id: str,
    limit: int | None,
    order: Any,
    after: str | None,
    before: str | None,
    output_format: str,
    invalid: Any,
    api_key: Secret,
    base_url: str | None,
    beta: str,
    azure_api_version: str | None,
    timeout: float,
    **others: Any,
) -> None:
    """List the runs of THREAD_ID.

    The format "json" has one run per line with everything that the server sent, "csv" one row per run.

    \b
    threadruns list thread_abc123 --limit 10
    threadruns list thread_abc123 --format json | jq .status

    Exit codes: 0 all runs were listed, 1 the server departs from the contract, 2 usage error, 3 the list could
    not be read, 4 the output could not be written, 130 interrupted.
    """
    if not api_key.reveal():
        raise click.UsageError(f"There is no API key: use --api-key, or set {KEY_VARIABLE}.")
    if not (base_url or "").strip():
        raise click.UsageError(
            f"There is no base URL: use --base-url, or set {BASE_URL_VARIABLE}, such as {EXAMPLE_BASE_URL!r}."
        )
    largest: int = parameter("limit")["maximum"]
    counter = RunCounter()
    try:
        with (
            standard_output(),
            Client(
                api_key=api_key.reveal(),
                base_url=base_url,
                beta=beta,
                azure_api_version=azure_api_version,
                timeout=timeout,
                invalid=invalid,
            ) as client,
        ):
            size = min(limit or largest, largest)
            given = {name: value for name, value in others.items() if value not in (None, ())}
            pages = client.runs.list(
                thread_id, limit=size, order=order, after=after, before=before, max_items=limit, **given
            )
            walk = iter(pages)
            write_runs(counter.count(walk), output_format)
    except KeyboardInterrupt:
        raise Interrupted(f"Interrupted after {counter}; the list is not complete.") from None
    except ArgumentError as error:
        raise click.UsageError(str(error)) from None
    except ThreadrunsError as error:
        kind = Departure if isinstance(error, APIResponseValidationError | PagingError) else Unreadable
        raise kind(f"{error} The output ends after {counter}." if counter.runs else str(error)) from None
    except DecodeError as error:
        # Unknown fields are parsed when they are written.
        raise Departure(f"Run {counter.runs} cannot be written: {error}. The output ends before it.") from None
    if walk.kept or walk.skipped:
        raise Departure(
            f"The server departs from the contract: {walk.kept} invalid values were kept, {walk.skipped} runs left out."
        )


class RunCounter:
    """A count of the runs that were yielded."""

    def __init__(self) -> None:
        self.runs = 0

    def count(self, runs: Iterable[Run]) -> Iterator[Run]:
        """Yield the runs, and count them."""
        for run in runs:
            self.runs += 1
            yield run

    def __str__(self) -> str:
        return f"{self.runs} {'run' if self.runs == 1 else 'runs'}"
