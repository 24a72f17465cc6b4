"""The documentation page: one HTML file without scripts, other files or network access.

All text of the document is escaped, or rendered from Markdown without HTML; the Content-Security-Policy of the page
allows only its one style sheet.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Template
from markdown_it import MarkdownIt
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from _document.openapi import responses_of
from _document.source import Json
from _documentation.examples import given_example, resolve
from _documentation.fields import Field, body_fields, parameter_field
from _documentation.operations import Operation, operations
from _documentation.samples import samples, template_environment

TEMPLATES = Path(__file__).resolve().parents[2] / "overrides" / "templates" / "page"
HTML_OF_SAMPLES = HtmlFormatter(nowrap=True)
PLACES = {"path": "Path parameters", "query": "Query parameters", "header": "Headers", "cookie": "Cookies"}


class Example(NamedTuple):
    """An example body: its summary, and its JSON as highlighted HTML."""

    summary: str
    html: Markup


class Body(NamedTuple):
    """The content of a request or response in one media type.

    Attributes:
        media_type: The media type.
        name: The component schema; empty if it has no name.
        fields: The fields of the body.
        examples: The examples in the document.
    """

    media_type: str
    name: str
    fields: list[Field]
    examples: list[Example]


class Response(NamedTuple):
    """A response that the document describes.

    Attributes:
        status: The status, or a range such as ``5XX``.
        description: Markdown from the document.
        headers: Its headers.
        bodies: Its content.
        links: The requests that can follow: a description in Markdown, and the source of each parameter.
    """

    status: str
    description: str
    headers: list[Field]
    bodies: list[Body]
    links: list[tuple[str, dict[str, str]]]

    @property
    def is_error(self) -> bool:
        """True for an error response."""
        return not self.status.startswith(("1", "2", "3"))


class OperationView:
    """One operation, as the template shows it."""

    def __init__(self, operation: Operation) -> None:
        raw, spec = operation.raw, operation.spec
        self.id = re.sub(r"\W+", "-", operation.name)
        self.operation = operation
        self.summary = spec.get("summary") or operation.name
        self.description = spec.get("description", "")
        self.credentials = operation.credentials
        self.samples = [(sample, _highlighted(sample.source, sample.language.lexer)) for sample in samples(operation)]
        self.parameters = [
            (title, rows)
            for place, title in PLACES.items()
            if (rows := [parameter_field(raw, each) for each in operation.parameters if each["in"] == place])
        ]
        self.bodies = _bodies(raw, resolve(raw, spec.get("requestBody", {})))
        for body in self.bodies:
            if not body.examples and body.media_type == operation.media_type:
                body.examples.append(Example("", _json(json.loads(operation.body or "null"))))
        responses = [_response(raw, status, resolve(raw, each)) for status, each in responses_of(spec).items()]
        self.responses = [response for response in responses if not response.is_error]
        self.errors = [response for response in responses if response.is_error]

    @property
    def error_bodies(self) -> list[Body]:
        """The bodies of errors, each schema once."""
        return list({body.name or body.media_type: body for error in self.errors for body in error.bodies}.values())


def page(raw: Json) -> str:
    """Return the page of a document, as HTML.

    Args:
        raw: The document.

    Raises:
        SampleError: An operation has a value that no request can send.
    """
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _template().render(
        info={"summary": "", "description": "", "license": None, **raw["info"]},
        servers=[{"description": "", **server} for server in raw.get("servers", [])],
        views=[OperationView(operation) for operation in operations(raw)],
        style=Markup(style),
        policy=Markup(f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"),
    )


@cache
def _template() -> Template:
    environment = template_environment(TEMPLATES, autoescape=True)
    environment.filters.update(inline=_inline, markdown=_markdown)
    return environment.get_template("page.html.jinja")


def _response(raw: Json, status: str, spec: Json) -> Response:
    headers = [
        parameter_field(raw, {**resolve(raw, header), "name": name}) for name, header in spec.get("headers", {}).items()
    ]
    links = [
        (resolve(raw, link).get("description", ""), resolve(raw, link).get("parameters", {}))
        for link in spec.get("links", {}).values()
    ]
    return Response(status, spec.get("description", ""), headers, _bodies(raw, spec), links)


def _bodies(raw: Json, spec: Json) -> list[Body]:
    found = []
    for media_type, media in spec.get("content", {}).items():
        schema = media.get("schema", {})
        name = schema.get("$ref", "").rpartition("/")[2] if isinstance(schema, dict) else ""
        examples = [
            Example(given.get("summary", ""), _json(given["value"]))
            for given in (resolve(raw, example) for example in media.get("examples", {}).values())
            if "value" in given
        ]
        if not examples and (given := given_example(raw, media)) is not None:
            examples = [Example("", _json(given))]
        found.append(Body(media_type, name, body_fields(raw, schema), examples))
    return found


def _json(value: Json) -> Markup:
    return _highlighted(json.dumps(value, indent=2, ensure_ascii=False), "json")


@cache
def _highlighted(text: str, lexer: str) -> Markup:
    return Markup(highlight(text, get_lexer_by_name(lexer, stripnl=False), HTML_OF_SAMPLES))


@cache
def _parser() -> MarkdownIt:
    # Without HTML and images, so that a description can neither add markup nor cause a request.
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _inline(text: str) -> Markup:
    return Markup(_parser().renderInline(text))


def _markdown(text: str, level: int) -> Markup:
    """Render Markdown, with its top headings at a level."""
    parser = _parser()
    tokens = parser.parse(text)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    top = min((int(token.tag[1]) for token in headings), default=level)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) - top + level, 6)}"
    return Markup(parser.renderer.render(tokens, parser.options, {}))
