"""Tests of the page at ``/docs``: as served, as HTML, and in a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest

import generate
from _documentation.page import page as page_of
from tests.document.elements import Element, Tree
from tests.document.samples import DOCUMENT, NASTY, nasty_document
from threadruns._document import document, page
from threadruns.testing import serve

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BROWSER_SECONDS = 60
OPERATION = DOCUMENT["paths"]["/threads/{thread_id}/runs"]["get"]
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium here; Debian's package is called chromium")


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Serve the page, and yield the URL of the site without a slash."""
    with serve() as server:
        yield urlunsplit((*urlsplit(server.url)[:2], "", "", ""))


@pytest.fixture(scope="module")
def parsed_page() -> Element:
    """Return the parsed page of the package."""
    return Tree(page()).root


def names(element: Element) -> list[str]:
    """Return the names of the rows inside an element."""
    return [code.text for code in element.all("code") if "name" in (code.attributes.get("class") or "").split()]


def test_content_security_policy(site: str) -> None:
    """The page permits its own style sheet, by its hash, and no script, request or frame."""
    response = httpx.get(f"{site}/docs")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    # The server has the document beside the page, and not in the folder above it.
    assert response.text == page().replace('href="../openapi.yaml"', 'href="openapi.yaml"')
    (style,) = Tree(response.text).root.all("style")
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    own = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert response.headers["content-security-policy"] == f"{own}; frame-ancestors 'none'"
    (meta,) = Tree(response.text).root.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert meta.attributes["content"] == own


def test_root_redirects_to_the_page(site: str) -> None:
    """The root of the server redirects to the page."""
    response = httpx.get(f"{site}/", follow_redirects=True)
    assert (response.url.path, response.status_code) == ("/docs", 200)
    assert response.history[0].headers["location"] == "docs"


def test_page_is_self_contained(parsed_page: Element) -> None:
    """The page loads no other file, and its links lead to itself and to the document."""
    elements = parsed_page.all()
    assert not {element.tag for element in elements} & {"script", "link", "img", "iframe", "object", "form"}
    assert not [element for element in elements if {"src", "style", "srcset", "onclick"} & set(element.attributes)]
    assert "url(" not in parsed_page.all("style")[0].text
    assert "@import" not in parsed_page.all("style")[0].text
    links = [element.attributes["href"] or "" for element in parsed_page.all("a")]
    ids = [element.attributes["id"] for element in elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert {link for link in links if not link.startswith("#")} == {"../openapi.yaml"}


def test_copy_in_docs() -> None:
    """The copy in ``docs`` equals the page of the package, and its link leads to the document."""
    assert generate.PAGE_COPY.read_text(encoding="utf-8") == page()
    assert (generate.PAGE_COPY.parent / "../openapi.yaml").exists()


def test_page_begins_with_the_operation(parsed_page: Element) -> None:
    """The first heading is the summary of the operation, followed by method and path."""
    (main,) = parsed_page.all("main")
    assert main.all("h1")[0].text == OPERATION["summary"]
    (endpoint,) = main.all("p", **{"class": "endpoint"})
    assert endpoint.text.split() == ["GET", DOCUMENT["servers"][0]["url"] + "/threads/{thread_id}/runs"]
    assert OPERATION["summary"] in parsed_page.all("title")[0].text


def test_landmarks_and_labels(parsed_page: Element) -> None:
    """A screen reader finds one of each landmark, and a name for each section and tab."""
    for tag in ("header", "nav", "main", "footer", "article"):
        assert len(parsed_page.all(tag)) == 1
    ids = {element.attributes.get("id"): element for element in parsed_page.all()}
    for part in (
        *parsed_page.all("section"),
        *parsed_page.all("article"),
        *parsed_page.all(role="region"),
        *parsed_page.all(role="radiogroup"),
    ):
        label = part.attributes.get("aria-label") or ids[part.attributes["aria-labelledby"]].text
        assert label.strip()
    labels = {label.attributes["for"] for label in parsed_page.all("label")}
    assert labels == {radio.attributes["id"] for radio in parsed_page.all("input")}
    levels = [int(element.tag[1]) for element in parsed_page.all() if re.fullmatch(r"h\d", element.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(block.attributes["tabindex"] == "0" for block in parsed_page.all("pre"))


def test_parameters(parsed_page: Element) -> None:
    """Each parameter and header is shown with its type, bounds, default and description."""
    (request,) = parsed_page.all("section", id="listRuns-request")
    assert names(request) == ["Authorization", *(parameter["name"] for parameter in OPERATION["parameters"])]
    rows = {names(row)[0]: " ".join(row.text.split()) for row in request.all("li")}
    assert "required" in rows["thread_id"]
    assert "required" not in rows["limit"]
    for name, bounds in {
        "Authorization": "Bearer $OPENAI_API_KEY",
        "thread_id": "pattern ^thread_[!-.0-~]+$",
        "limit": "1 to 100 default 20",
        "order": "one of asc desc default desc",
        "OpenAI-Beta": "always assistants=v1 default assistants=v1",
    }.items():
        assert bounds in rows[name]
    for parameter in OPERATION["parameters"]:
        assert parameter["description"].replace("`", "") in rows[parameter["name"]]


def test_samples_are_tabs(parsed_page: Element) -> None:
    """The tabs are exactly the samples of the document, and one is open."""
    samples = document()["paths"]["/threads/{thread_id}/runs"]["get"]["x-codeSamples"]
    (tabs,) = parsed_page.all("div", **{"class": "tabs"})
    assert [label.text for label in tabs.all("label")] == [sample["label"] for sample in samples]
    assert [block.text for block in tabs.all("pre")] == [sample["source"] for sample in samples]
    assert ["checked" in radio.attributes for radio in tabs.all("input")] == [True] + [False] * (len(samples) - 1)
    assert len({radio.attributes["name"] for radio in tabs.all("input")}) == 1


def test_response_levels(parsed_page: Element) -> None:
    """The list and its runs are open, and every key of a run can be opened level by level."""
    (response,) = parsed_page.all("section", id="listRuns-response")
    schemas = DOCUMENT["components"]["schemas"]
    top = response.all("ul")[0]
    (data,) = [item for item in top.all("details") if names(item.all("summary")[0]) == ["data"]]
    assert "open" in data.attributes
    inner = [item for item in data.all("details") if item is not data]
    assert inner
    assert not [item for item in inner if "open" in item.attributes]
    found = names(response)
    for name in ("RunList", "Run", "Usage", "ToolCall", "FunctionDefinition", "NamedToolChoice", "LastError"):
        assert set(schemas[name]["properties"]) <= set(found)
    assert {"code_interpreter", "retrieval", "function", "any key", "openai-version"} <= set(found)
    (usage,) = [item for item in inner if names(item.all("summary")[0]) == ["usage"]]
    assert names(usage)[1:] == list(schemas["Usage"]["properties"])
    assert "object or null" in usage.all("summary")[0].text
    assert "0 to 2147483647" in usage.text


def test_examples(parsed_page: Element) -> None:
    """The examples of the response are those of the document."""
    (examples,) = parsed_page.all("section", **{"aria-label": "Examples of response 200"})
    shown_pages = [json.loads(block.text) for block in examples.all("pre")]
    assert shown_pages == [
        DOCUMENT["components"]["examples"][name]["value"] for name in ("DocumentedPage", "EmptyPage")
    ]


def test_errors(parsed_page: Element) -> None:
    """Each documented error has its status, its description, and its example bodies."""
    (errors,) = parsed_page.all("section", id="listRuns-errors")
    responses = {status: each for status, each in OPERATION["responses"].items() if status != "200"}
    statuses = [each.text for each in errors.all("span", **{"class": "status bad"})]
    assert statuses == list(responses)
    bodies = [json.loads(block.text) for block in errors.all("pre")]
    examples = [
        example["value"]
        for response in responses.values()
        for example in response["content"]["application/json"]["examples"].values()
    ]
    assert bodies == examples
    assert "Retry-After" in names(errors)


def test_history_and_date(parsed_page: Element) -> None:
    """The table of periods has every key, and the page shows the date and the version of the document."""
    (about,) = parsed_page.all("section", id="about")
    (table,) = about.all("table")
    assert [row.all("td")[0].text for row in table.all("tr")[1:]] == [
        *("November 2023", "January 2024", "March 2024", "early April 2024", "12 April 2024")
    ]
    keys = {code.text for code in table.all("code")} - {"requires_action"}
    assert keys == set(DOCUMENT["components"]["schemas"]["Run"]["properties"])
    (date,) = about.all("time")
    assert date.text == date.attributes["datetime"] == DOCUMENT["info"]["x-updated"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", date.text)
    assert DOCUMENT["info"]["version"] in about.text


def test_text_is_escaped() -> None:
    """Elements, handlers, images and script links in the document's texts are escaped or removed."""
    raw = nasty_document()
    evil = (
        '<script>alert(1)</script> ![i](https://evil.example/i.png) [x](javascript:alert(1)) <b onclick="x">&amp;</b>'
    )
    (spec,) = raw["paths"]["/things/$count('all')/{thing}"].values()
    spec |= {"summary": evil, "description": evil, "operationId": '"><script>'}
    raw["info"] |= {"title": evil, "description": f"# {evil}\n\n| a |\n|---|\n| {evil} |\n", "x-updated": evil}
    for parameter in spec["parameters"]:
        parameter["description"] = evil
        parameter["schema"] = {"type": "string", "pattern": evil, "description": evil, "enum": [evil, *NASTY]}
    spec["responses"]["201"] = {
        "description": evil,
        "content": {"application/json": {"schema": {"type": "object", "properties": {evil: {"description": evil}}}}},
    }
    spec["responses"]["4XX"] = {"description": evil}
    root = Tree(page_of(raw)).root
    elements = root.all()
    assert not {element.tag for element in elements} & {"script", "img", "b"}
    assert not [name for element in elements for name in element.attributes if name.startswith("on")]
    schemes = {urlsplit(link.attributes["href"] or "").scheme for link in root.all("a")}
    assert schemes <= {"", "https"}
    assert evil in names(root)
    body = spec["requestBody"]["content"]["application/json"]["example"]
    assert [json.loads(block.text) for block in root.all("pre", **{"aria-label": "Example of the request body"})] == [
        body
    ]


def test_edited_document() -> None:
    """A second operation, referenced parameters, recursive schemas and all kinds of bounds are shown."""
    raw = deepcopy(DOCUMENT)
    raw["components"]["schemas"]["Step"] = {
        "allOf": [
            {
                "type": "object",
                "required": ["next"],
                "properties": {"next": {"$ref": "#/components/schemas/Step", "description": "The one after."}},
            },
            {"properties": {"score": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5}}},
        ]
    }
    raw["components"]["parameters"] = {
        "Size": {"name": "size", "in": "query", "schema": {"type": "array", "maxItems": 3, "uniqueItems": True}}
    }
    raw["paths"]["/steps"] = {
        "get": {
            "operationId": "getStep",
            "summary": "Get a step",
            "parameters": [{"$ref": "#/components/parameters/Size"}],
            "responses": {
                "default": {"description": "A failure."},
                "2XX": {
                    "description": "A step.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Step"}}},
                },
            },
        }
    }
    root = Tree(page_of(raw)).root
    assert [heading.text for heading in root.all("h1")] == [OPERATION["summary"], "Get a step"]
    assert "Get a step" in root.all("nav")[0].text
    (article,) = root.all("article", id="getStep")
    text = " ".join(article.text.split())
    for part in (
        "array of any values at most 3 items all different",
        "The one after.",
        "more than 0 a multiple of 0.5",
    ):
        assert part in text
    assert names(article) == ["size", "next", "score"]


ODD: dict[str, Callable[[Any, Any], object]] = {
    "no responses": lambda raw, spec: spec.pop("responses"),
    "no servers, tags, security or operation id": lambda raw, spec: [
        (raw.pop("servers"), spec.pop("tags"), spec.pop("security"), spec.pop("operationId"))
    ],
    "no operations": lambda raw, spec: raw.pop("paths"),
    "a success without a body": lambda raw, spec: spec["responses"].update({"200": {"description": "Done."}}),
    "a boolean schema": lambda raw, spec: spec["responses"]["200"]["content"]["application/json"].update(schema=True),
    "boolean properties": lambda raw, spec: raw["components"]["schemas"]["Run"]["properties"].update(model=True),
    "a response by reference": lambda raw, spec: (
        raw["components"].update(responses={"Page": spec["responses"]["200"]}),
        spec["responses"].update({"200": {"$ref": "#/components/responses/Page"}}),
    ),
    "a body of another type": lambda raw, spec: spec.update(
        requestBody={"content": {"text/plain": {"schema": {"type": "string"}}}}
    ),
    "a parameter with content": lambda raw, spec: spec["parameters"].append(
        {"name": "filter", "in": "query", "required": True, "content": {"application/json": {"schema": {}}}}
    ),
    "an optional key": lambda raw, spec: spec.update(security=[{}, {"bearer": []}]),
    "a bare array": lambda raw, spec: spec["responses"]["200"]["content"]["application/json"].update(
        schema={"type": "array", "items": {"$ref": "#/components/schemas/Run"}}, examples={}
    ),
    "a schema of itself": lambda raw, spec: raw["components"]["schemas"].update(
        Run={"oneOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Run"}}, {"type": "string"}]}
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_documents_have_a_page_too(name: str) -> None:
    """The page is complete if optional parts of the document are absent or written in another permitted form."""
    raw = deepcopy(DOCUMENT)
    ODD[name](raw, raw["paths"]["/threads/{thread_id}/runs"]["get"])
    root = Tree(page_of(raw)).root
    assert len(root.all("article")) == len(raw.get("paths", {}))
    assert DOCUMENT["info"]["version"] in root.text


def browse(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run headless Chromium."""
    assert BROWSER
    command = (BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}")
    home = {**os.environ, "HOME": str(tmp_path)}  # it keeps reports of crashes there, whatever the profile
    done = subprocess.run((*command, *options), env=home, capture_output=True, text=True, timeout=BROWSER_SECONDS)
    assert done.returncode == 0, done.stderr
    return done


@needs_browser
def test_browser_shows_the_operation(site: str, tmp_path: Path) -> None:
    """Chromium shows the parameters, each key of a run and each language, without an error."""
    done = browse(tmp_path, "--enable-logging=stderr", "--dump-dom", f"{site}/")
    text = unescape(re.sub(r"<[^>]+>", "\n", re.sub(r"(?s)<style.*?</style>", "", done.stdout)))
    lines = {line.strip() for line in text.splitlines()}
    expected = {OPERATION["summary"], "/threads/{thread_id}/runs"}
    expected |= {parameter["name"] for parameter in OPERATION["parameters"]}
    expected |= set(DOCUMENT["components"]["schemas"]["Run"]["properties"])
    expected |= {sample["label"] for sample in document()["paths"]["/threads/{thread_id}/runs"]["get"]["x-codeSamples"]}
    assert expected <= lines
    # It looks for an icon by itself.
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line and "favicon" not in line] == []


@needs_browser
def test_page_fits_narrow_and_wide_windows(tmp_path: Path) -> None:
    """At 360 and 1,400 px nothing is wider than the window, and only the open tab shows its sample."""
    (tmp_path / "page.html").write_text(page(), encoding="utf-8")
    (tmp_path / "frame.html").write_text(
        """<iframe id="a" src="page.html" width="360" height="800"></iframe>
        <iframe id="b" src="page.html" width="1400" height="800"></iframe>
        <script>onload = () => { document.title = JSON.stringify(["a", "b"].map(id => {
          const page = document.getElementById(id).contentDocument;
          const panels = [...page.querySelectorAll(".panel")].map(each => each.getBoundingClientRect().height > 0);
          return [page.documentElement.scrollWidth, page.documentElement.clientWidth, panels];
        })); }</script>""",
        encoding="utf-8",
    )
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    worker = threading.Thread(target=server.serve_forever)
    worker.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/frame.html"
        done = browse(tmp_path, "--virtual-time-budget=5000", "--dump-dom", address)
    finally:
        server.shutdown()
        worker.join()
        server.server_close()
    (title,) = Tree(re.sub(r"(?s)<(iframe|script).*?</\1>", "", done.stdout)).root.all("title")
    for width, window, panels in json.loads(title.text):
        assert width <= window
        assert panels == [True] + [False] * (len(panels) - 1)


@needs_browser
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext here; Debian's package is poppler-utils")
def test_printed_page_is_open(tmp_path: Path) -> None:
    """The printed page shows each sample and each level of the response."""
    (tmp_path / "page.html").write_text(page(), encoding="utf-8")
    browse(tmp_path, f"--print-to-pdf={tmp_path / 'page.pdf'}", (tmp_path / "page.html").as_uri())
    text = subprocess.run(("pdftotext", "-layout", tmp_path / "page.pdf", "-"), capture_output=True, text=True).stdout
    for part in ("package main", "open Lwt.Infix", "library(httr2)", "The name of the function.", "prompt_tokens"):
        assert part in text
    assert "Rate limit reached for requests" in text
