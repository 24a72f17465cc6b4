"""Sample threads and sample requests; every fault changes the response to one of them."""

from __future__ import annotations

import itertools
from typing import Any
from urllib.parse import quote

from tests.support.limits import DEFAULT_LIMIT, MAX_LIMIT
from threadruns.server._messages import ServerRequest
from threadruns.server.store import Store, open_store
from threadruns.server.synth import thread

KEY = "sk-battery-0123456789abcdefXYZ"
SIZES = tuple(sorted({0, 1, 5, 20, 21, 45, DEFAULT_LIMIT, DEFAULT_LIMIT + 1, MAX_LIMIT, MAX_LIMIT + 37}))


def name(size: int) -> str:
    """Return the id of the thread with this number of runs."""
    return f"thread_Of{size}"


THREADS = {
    name(size): thread(name(size), size, seed=3, start=1_699_000_000 + size * 100_000, one_second=size == 45)
    for size in SIZES
}


def runs() -> list[dict[str, Any]]:
    """Return every run of every thread."""
    return list(itertools.chain.from_iterable(THREADS.values()))


def get(
    thread_id: str,
    query: str = "",
    method: str = "GET",
    authorization: str | None = f"Bearer {KEY}",
    beta: str | None = "assistants=v1",
    **headers: str,
) -> ServerRequest:
    """Build a request, valid unless an argument changes it."""
    sent = {"host": "localhost", "authorization": authorization, "openai-beta": beta, **headers}
    pairs = [
        (key.replace("_", "-").encode(), value.encode("latin-1")) for key, value in sent.items() if value is not None
    ]
    return ServerRequest(method, f"/v1/threads/{thread_id}/runs".encode(), query.encode(), pairs)


def sample_store() -> Store:
    """Return a store with the sample threads."""
    store = open_store()
    store.add(runs())
    store.add_thread(name(0))
    return store


def sample_requests() -> list[ServerRequest]:
    """Return the sample requests: some of each kind first, as most faults show soon, then all of them."""
    whole = [*_spellings(), *_credentials(), *_betas(), *_methods(), *_paths(), *_reading(), *_cursors()]
    return [*_reading()[:3], *whole[::7], *whole]


def _reading() -> list[ServerRequest]:
    limits = (None, 1, 2, 5, 9, 10, DEFAULT_LIMIT - 1, DEFAULT_LIMIT, DEFAULT_LIMIT + 1, 45, MAX_LIMIT - 1, MAX_LIMIT)
    queries = []
    for limit, order in itertools.product(limits, (None, "asc", "desc")):
        given = {"limit": limit, "order": order}
        queries.append("&".join(f"{key}={value}" for key, value in given.items() if value is not None))
    return [get(name(size), query) for size in reversed(SIZES) for query in queries]


def _cursors() -> list[ServerRequest]:
    oldest_first = [run["id"] for run in THREADS[name(21)]]
    requests = [get(name(21), "limit=5&order=asc")]
    requests += [get(name(21), f"limit=5&order=asc&after={oldest_first[place]}") for place in (4, 9, 14, 19)]
    for size in SIZES[1:]:
        ids = [run["id"] for run in THREADS[name(size)]]
        ends = sorted({0, 1, size // 2, size // 2 + 7, size - 2, size - 1, min(size - 1, 104)} & set(range(size)))
        for index, order, limit in itertools.product(ends, ("asc", "desc"), (1, 3, 20)):
            for cursor in ("after", "before"):
                requests.append(get(name(size), f"{cursor}={ids[index]}&order={order}&limit={limit}"))
        for one, other in itertools.product((0, size // 3, size - 1), repeat=2):
            for order in ("asc", "desc"):
                requests.append(get(name(size), f"after={ids[one]}&before={ids[other]}&order={order}&limit=3"))
    return requests


def _spellings() -> list[ServerRequest]:
    here, there = THREADS[name(21)], THREADS[name(5)]
    run, foreign = here[10]["id"], there[2]["id"]
    limits = (
        *(
            "0",
            "-1",
            "-5",
            str(MAX_LIMIT + 1),
            str(MAX_LIMIT),
            "999",
            "1000",
            "4294967297",
            "",
            "abc",
            "5.5",
            "5.0",
            "5abc",
            "%205",
            "%2B5",
        ),
        *("1e1", "0x0a", "true", "1_0", "005", "010", "%D9%A5", "99999999999999999999999999"),
    )
    orders = ("", "ASC", "Desc", "foo", "ascending", "descx", "1", "-1", "%20asc")
    cursors = (
        *("", "null", "foo", "run_", "run_doesNotExist1234567890", run.upper(), f"run_{run[4:].swapcase()}", run[:-4]),
        f"{run}x",
        *(f"%20{run}", f"{run}%27", run.removeprefix("run_"), f"{run}%0A", foreign, "thread_Of21", "run_%25", "7"),
        *(
            str(here[10]["created_at"]),
            "run_" + "a" * 300,
            run.replace("_", "%5F"),
            f"{run},{run}",
            "run_%00",
            "%C3%A9",
        ),
        f"{run}%27%20OR%201=1",
    )
    queries = [
        *(f"limit={value}" for value in limits),
        *(f"order={value}" for value in orders),
        *(f"{cursor}={value}&limit=3" for cursor in ("after", "before") for value in cursors),
        *("limit=1&limit=2", "order=asc&order=desc", f"after={run}&after={foreign}", f"after={foreign}&after={run}"),
        *(f"after={run}&before={foreign}", f"after=foo&before={run}", f"after={run};x", "after=run_Of21"),
        *(f"before={foreign}&before={run}", f"before={run}&before={run}", "limit=2&limit=2"),
        *(
            "foo=bar",
            "page=2&limit=3",
            "status=completed",
            "LIMIT=3",
            "limit[]=3",
            "offset=3",
            "cursor=x",
            "api-version=1",
        ),
        *(f"before=&after={run}", "order=foo&limit=0", "limit=2&foo=1&foo=2"),
    ]
    newest = THREADS[name(MAX_LIMIT + 37)][-1]["id"]
    return [
        *(get(name(21), query) for query in queries),
        get(name(0), "limit=1000"),
        *(get(name(MAX_LIMIT + 37), f"after={newest}&order=desc&limit={n}") for n in (DEFAULT_LIMIT, MAX_LIMIT)),
    ]


def _credentials() -> list[ServerRequest]:
    spellings: list[str | None] = [
        *(None, "", "Bearer", "Bearer ", KEY, f"bearer {KEY}", f"BEARER {KEY}", f"Basic {KEY}", f"Token {KEY}"),
        *(f"Bearer {KEY[:-1]}", f"Bearer {KEY}x", f"Bearer {KEY} x", f"Bearer {KEY.upper()}", "Bearer sk-other"),
        f"Bearer {KEY.replace('b', '%62')}",
        *(f"Bearer {KEY[:7]}zzzzzzzzzzzzzzzzzzzzzzzz", f"Bearer {KEY[:-1]}Q", f'Bearer "{KEY}"', f"Bearer  {KEY}"),
        *(
            f"BearerX {KEY}",
            f"Bearer:{KEY}",
            f"Bearer,{KEY}",
            f"Bearer {KEY[:4]}",
            "Bearer wrong",
            "Basic OnNr",
            "Digest a",
        ),
        "Basic c2stYmF0dGVyeS0wMTIzNDU2Nzg5YWJjZGVmWFlaOg==",
    ]
    places: list[dict[str, str]] = [
        *({header: KEY} for header in ("api_key", "x_api_key")),
        *({"proxy_authorization": f"Bearer {KEY}"}, {"cookie": f"key={KEY}"}, {"x_forwarded_for": "127.0.0.1"}),
    ]
    first, *_, last = (run["id"] for run in THREADS[name(5)])
    return [
        get(name(5), f"after={last}&before={first}", authorization=None),
        *(get(name(size), authorization=value) for value in spellings for size in (5, 0, 999)),
        *(get(name(5), authorization=None, **place) for place in places),
        *(get(name(5), f"{field}={KEY}", authorization=None) for field in ("api_key", "key", "token", "access_token")),
        *(get(name(5), query, "HEAD", authorization=None) for query in ("", "limit=1")),
        get(name(5), f"after={THREADS[name(5)][2]['id']}", authorization=None),
        get(name(5), "limit=4"),
        get(name(5), "limit=4", authorization=None),
        get(name(5), "limit=4", authorization="Bearer wrong"),
    ]


def _betas() -> list[ServerRequest]:
    values = (
        *(None, "", "assistants=v2", "assistants=v10", "xassistants=v1", "Assistants=V1", "assistants=v1, other=v1"),
        *("assistants = v1", "assistants", "v1", "assistants=v3", "foo", "other=v1;assistants=v1x"),
    )
    after = f"after={THREADS[name(5)][2]['id']}"
    return [
        *(get(name(5), beta=value) for value in values),
        get(name(5), "OpenAI-Beta=assistants=v1", beta=None),
        get(name(5), "", "HEAD", beta=None),
        get(name(5), after, beta=None),
        get(name(5), authorization=None, beta=None),
        get("thread_Unknown", "limit=0"),
    ]


def _methods() -> list[ServerRequest]:
    methods = ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "BREW")
    return [
        *(get(name(size), method=method) for method in methods for size in (5, 999)),
        get(name(5), "limit=0", "HEAD"),
        get(name(5), method="POST", x_http_method_override="GET"),
    ]


def _paths() -> list[ServerRequest]:
    threads = (
        *("thread_Unknown", name(5).upper(), name(5).lower(), name(21)[:-1], name(5) + "x", quote(" ") + name(5)),
        *("thread_a%2Fb", f"{name(5)}%2Fx", name(5).replace("_", "%5F"), "thread_" + "a" * 300, "thread_%27", "string"),
        *("thread_%C3%A9", "thread_%00", f"{name(5)}%20"),
    )
    paths = (
        f"/v1/threads/{name(5)}/runs/",
        f"/v1/Threads/{name(5)}/runs",
        f"/v1/threads//{name(5)}/runs",
        "/v1/nothing",
    )
    headers = get(name(5)).headers
    return [
        get(name(5), accept="text/html, */*;q=0.1"),
        get(name(5), accept="text/html"),
        get(name(5), content_type="application/json"),
        *(get(thread) for thread in threads),
        *(ServerRequest("GET", path.encode(), b"", headers) for path in paths),
    ]
