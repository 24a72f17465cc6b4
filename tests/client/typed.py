"""Code that users of the client write, checked by mypy and pyright and never run."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Literal, TypeVar, Unpack, assert_type

import attrs
import httpx
import msgspec

from threadruns import (
    UNSET,
    APIResponseValidationError,
    APIStatusError,
    AsyncClient,
    AsyncManyWalk,
    AsyncPage,
    Client,
    Drift,
    ListEnd,
    NotFoundError,
    Page,
    PagingError,
    RateLimitError,
    Run,
    RunList,
    ThreadrunsError,
    UnknownVariant,
    models,
    write_csv,
    write_json_lines,
)
from threadruns._client.resources import OperationBinding, Resource
from threadruns._http.senders import AsyncSender, Sender
from threadruns._wire import CallOptions, Request

S_co = TypeVar("S_co", bound=Sender | AsyncSender, covariant=True)


def first_page(client: Client) -> None:
    """List runs, read a page, and page manually."""
    client.runs.list("thread_abc123", limit=None, order=None, after=None, before=None)
    page = client.runs.list("thread_abc123", limit=100, order="asc", timeout=5, prefetch=True)
    assert_type(page, Page[Run])
    assert_type(page.data, list[Run])
    assert_type(page.first_id, str | None)
    assert_type(page.has_more, bool)
    for run in page:
        assert_type(run, Run)
        print(run.id, run.status, run.usage and run.usage.total_tokens)
    while page.has_next_page():
        page = page.get_next_page()
    for each in page.iter_pages():
        assert_type(each, Page[Run])
    assert_type(page.response, httpx.Response)


async def asynchronously(client: AsyncClient) -> None:
    """Await the first page, iterate over all runs, and list many threads."""
    page = await client.runs.list(thread_id="thread_abc123", after="run_abc123")
    assert_type(page, AsyncPage[Run])
    async for run in client.runs.list("thread_abc123"):
        assert_type(run, Run)
    async for run in page:
        assert_type(run, Run)
    async for name, outcome in client.runs.list.many(["thread_a", "thread_b"], order="desc", concurrency=64):
        assert_type(name, str)
        match outcome:
            case ThreadrunsError():
                print(name, outcome)
            case ListEnd():
                print(name, outcome.items, outcome.pages)
            case _:
                assert_type(outcome, list[Run])
    walk = client.runs.list.resume_many("{}", ["thread_a", "thread_b"], timeout=3)
    assert_type(walk, AsyncManyWalk[Run])
    assert_type(walk.token, str)
    pager = client.runs.list.resume("{}", timeout=3)
    assert_type(await pager, AsyncPage[Run])
    await client.close()


def fields(run: Run) -> str:
    """Read absent, null and unknown fields of a run."""
    for tool in run.tools:
        match tool:
            case models.FunctionTool():
                assert_type(tool.function.name, str)
            case models.CodeInterpreterTool() | models.RetrievalTool():
                assert_type(tool.type, Literal["code_interpreter", "retrieval"])
            case UnknownVariant():
                print(tool["type"])
    if run.temperature is not UNSET:
        assert_type(run.metadata, dict[str, str])
    if run.last_error is not None:
        print(run.last_error.code.upper())
    for tool in run.tools:
        if tool.type == "function":
            assert_type(tool, models.FunctionTool)
            print(tool.function.name)
        elif isinstance(tool, UnknownVariant):
            print(tool["type"] == "file_search", tool.get("file_search"))
    if run.required_action and run.required_action.type == "submit_tool_outputs":
        calls = run.required_action.submit_tool_outputs.tool_calls
        print([call.function.arguments for call in calls if call.type == "function"])
    if run.usage:
        assert_type(run.usage, models.Usage)
        print(run.usage.total_tokens)
    print(run.additional_properties.get("reasoning_effort"))
    return run.status


def attrs_and_json(run: Run) -> bytes:
    """Use what attrs, copy and msgspec offer for a run."""
    changed = attrs.evolve(run, status="cancelled", usage=None)
    assert_type(changed, Run)
    print([field.name for field in attrs.fields(Run)], attrs.fields(Run).usage.name, attrs.has(Run))
    print(json.dumps(attrs.asdict(run, filter=lambda _, value: value is not UNSET)))
    print(copy.copy(run), copy.deepcopy(run), pickle.dumps(run), msgspec.json.encode(run))
    tool = models.FunctionTool(function=models.FunctionDefinition(name="f", parameters={"type": "object"}))
    assert_type(tool.type, Literal["function"])
    print(run.unknown_fields or {}, run.to_dict(), tool)
    return run.to_json()


class MyRun(Run):
    """A model of one's own."""

    def age(self, now: int) -> int:
        """Return the seconds since the run was created."""
        return now - self.created_at


def derived(content: bytes) -> int:
    """Decode to a class of one's own."""
    run = MyRun.from_json(content)
    assert_type(run, MyRun)
    return attrs.evolve(run, created_at=0).age(1)


def errors(client: Client) -> int | None:
    """Handle each class of error."""
    try:
        client.with_options(max_retries=5).runs.list("thread_abc123")
    except NotFoundError as error:
        assert_type(error.status_code, int)
        return error.status_code
    except RateLimitError as error:
        print(error.header("retry-after"), error.attempts[-1].waited)
    except APIStatusError as error:
        assert_type(error.code, str | None)
        print(error.response.text if error.response else error.body)
    except APIResponseValidationError as error:
        print(error.path, error.problem, error.skipped)
    except PagingError as error:
        print(error.cursor)
    return None


def settings() -> Client:
    """Use every setting."""
    return Client(
        api_key="...",
        base_url="https://example.openai.azure.com/openai",
        azure_api_version="2024-02-15-preview",
        max_rate=10,
        timeout=30,
        deadline=None,
        extra_headers={"x-team": "a"},
        invalid="skip",
        http_client=httpx.Client(),
    )


def files(client: Client, content: bytes) -> None:
    """Write runs to files, decode a body, report drift, stop and resume."""
    with open("runs.jsonl", "wb") as lines:
        write_json_lines(client.runs.list("thread_abc123"), lines)
    with open("runs.csv", "w", newline="") as table:
        write_csv(client.runs.list("thread_abc123"), table)
    assert_type(RunList.from_json(content).data, list[Run])
    print(Drift(client.runs.list("thread_abc123")).values)
    page = client.runs.list("thread_abc123", invalid="keep")
    print([(kept.page, kept.item, kept.path, kept.problem, kept.value) for kept in page.kept])
    walk = iter(client.runs.list("thread_abc123"))
    next(walk)
    assert_type(client.runs.list.resume(walk.token), Page[Run])


def mistakes(client: Client) -> None:
    """Make calls that type checkers must reject; otherwise an ignore comment would be unused."""
    client.runs.list("thread_abc123", limit="100")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.runs.list("thread_abc123", order="up")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.runs.list("thread_abc123", timout=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.runs.list.many(["thread_a"], limit="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def retrieve_run(thread_id: str, run_id: str, **options: Unpack[CallOptions]) -> Request[Run]:
    """Return a request for one run, as a generated operation does."""
    raise NotImplementedError


def delete_run(run_id: str, *, body: models.Usage | None = None, **options: Unpack[CallOptions]) -> Request[Run | None]:
    """Return a request whose response may have no body, as a generated operation does."""
    raise NotImplementedError


class OtherOperations(Resource[S_co]):
    """Operations that do not list, each bound with one line."""

    retrieve = OperationBinding(lambda: retrieve_run)
    delete = OperationBinding(lambda: delete_run)


async def other_operations(blocking: OtherOperations[Sender], asynchronous: OtherOperations[AsyncSender]) -> None:
    """Call operations that do not list."""
    assert_type(blocking.retrieve("thread_abc123", "run_abc123", idempotent=False), Run)
    assert_type(await asynchronous.retrieve("thread_abc123", run_id="run_abc123"), Run)
    assert_type(blocking.delete("run_abc123", body=None), Run | None)
    assert_type(await asynchronous.delete("run_abc123"), Run | None)
    blocking.retrieve("thread_abc123")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
