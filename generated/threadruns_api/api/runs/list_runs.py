# Generated from openapi.yaml by scripts/generate: do not edit, edit the document or overrides/templates.
from __future__ import annotations

from typing import Any, Final, Literal, Unpack

from ...models.error_response import ErrorResponse
from ...models.run_list import RunList
from ...types import CallOptions, QueryValue, Request, path_segment, query_value

RESPONSES: Final[tuple[tuple[int, int, Any], ...]] = (
    (200, 200, RunList),
    (400, 400, ErrorResponse),
    (401, 401, ErrorResponse),
    (404, 404, ErrorResponse),
    (429, 429, ErrorResponse),
    (500, 599, ErrorResponse),
)
"""The types that bodies decode to, each with the lowest and the highest status code; None for no body."""


def list_runs(
    thread_id: str,
    *,
    limit: int | None = None,
    order: Literal["asc", "desc"] | None = None,
    after: str | None = None,
    before: str | None = None,
    **options: Unpack[CallOptions],
) -> Request[RunList]:
    """List the runs of a thread.

    Returns one page of the runs that belong to a thread, newest first unless `order` says otherwise. For a thread
    without runs, the page is empty.

    Args:
        thread_id: The thread whose runs are listed.
        limit: The maximum number of runs of a page, from 1 to 100. The server's default is 20.
        order: The order of the page by `created_at`: `asc` lists the oldest runs first, `desc` the newest. The
            server's default is `desc`.
        after: A run of this thread. The page starts just after it, in the requested order.
        before: A run of this thread. The page ends just before it, in the requested order.
        **options: The options of this call, see `CallOptions`.

    Raises:
        ValueError: A path parameter cannot be a path segment.
    """
    params: dict[str, QueryValue] = {}
    if limit is not None:
        params["limit"] = query_value(limit)
    if order is not None:
        params["order"] = query_value(order)
    if after is not None:
        params["after"] = query_value(after)
    if before is not None:
        params["before"] = query_value(before)
    headers: dict[str, str] = {}
    headers["OpenAI-Beta"] = "assistants=v1"
    headers["Content-Type"] = "application/json"
    return Request(
        method="GET",
        path=f"threads/{path_segment('thread_id', thread_id)}/runs",
        params=params,
        headers=headers,
        model=RunList,
        responses=RESPONSES,
        options=options,
    )
