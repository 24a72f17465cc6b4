"""Request samples in fifteen languages for every operation of a document, one template for each sample.

Templates do not depend on an operation. Texts of the document may have any characters, so each one passes through the
``literal`` filter of the language, which escapes everything that the language would interpret.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from openapi_python_client.strings import PythonIdentifier
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from _document.source import Json
from _documentation.examples import example_of, given_example
from _documentation.operations import Operation, operations

TEMPLATES = Path(__file__).resolve().parents[2] / "overrides" / "templates" / "samples"
EXTENSION = "x-codeSamples"
"""The key of an operation that documentation tools read samples from."""


class SampleError(ValueError):
    """A value of the document that no request can send; the message names the operation and the value."""


def _escaped(escapes: dict[str, str], control: str, start: str, end: str) -> Callable[[str], str]:
    """Return the function that quotes a text between ``start`` and ``end``.

    Args:
        escapes: The escape sequences by character.
        control: The format of the escape sequence of other control characters, given the code point.
        start: The opening delimiter.
        end: The closing delimiter.
    """

    def literal(text: str) -> str:
        spelled = (
            escapes.get(char) or (control.format(ord(char)) if ord(char) < 32 or ord(char) == 127 else char)
            for char in text
        )
        return f"{start}{''.join(spelled)}{end}"

    return literal


def _json_like(text: str) -> str:
    """Quote as JSON does, which JavaScript, Java, Go, Python, C# and R read the same way.

    The line breaks of Unicode are escaped, as they would end a line of C#.
    """
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub(r"[\x7f\x85\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _shell(text: str) -> str:
    quoted = text.replace("'", "'\\''")
    return f"'{quoted}'"


def _shell_inside(text: str) -> str:
    """Escape a text that stands in double quotes, next to a shell variable."""
    return re.sub(r'([\\"$`])', r"\\\1", text)


def _http_body(text: str) -> str:
    """Escape JSON so that a client of ``.http`` files finds no variable in it."""
    return text.replace("{{", "{\\u007b")


def _http_inside(text: str) -> str:
    return text.replace("{{", "\\{\\{").replace("}}", "\\}\\}")


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_swift = _escaped(_ESCAPES, "\\u{{{:x}}}", '"', '"')
_ruby = _escaped({**_ESCAPES, "#": "\\#"}, "\\u{{{:x}}}", '"', '"')
_ocaml = _escaped(_ESCAPES, "\\{:03d}", '"', '"')
_dart = _escaped({**_ESCAPES, '"': '"', "'": "\\'", "$": "\\$"}, "\\u{{{:x}}}", "'", "'")
_php = _escaped({"\\": "\\\\", "'": "\\'"}, "{:c}", "'", "'")
_c_plain = _escaped(_ESCAPES, "\\{:03o}", '"', '"')


def _c(text: str) -> str:
    """Quote for C, where two question marks may begin a trigraph."""
    return re.sub(r"(?<=\?)\?", r"\\?", _c_plain(text))


@dataclass(frozen=True)
class Language:
    """One language that samples are written in.

    Attributes:
        name: The language, as people and documentation tools call it.
        template: The file of its template, named after the language and the suffix of its programs.
        literal: Quotes a text so that the program has exactly this text.
        lexer: The language's name for the highlighter of the page.
        library: The library, where one language has two samples.
        inside: Escapes a text that stands next to a variable, in languages with string interpolation.
    """

    name: str
    template: str
    literal: Callable[[str], str]
    lexer: str
    library: str = ""
    inside: Callable[[str], str] = str

    @property
    def label(self) -> str:
        """The name of the sample, which is unique."""
        return f"{self.name} ({self.library})" if self.library else self.name

    @property
    def suffix(self) -> str:
        """The suffix of a file with such a program, without a dot."""
        return self.template.split(".")[1]


LANGUAGES = (
    Language("Shell", "shell.sh.jinja", _shell, "bash", inside=_shell_inside),
    Language("JavaScript", "javascript.mjs.jinja", _json_like, "javascript"),
    Language("Java", "java.java.jinja", _json_like, "java"),
    Language("Swift", "swift.swift.jinja", _swift, "swift"),
    Language("Go", "go.go.jinja", _json_like, "go"),
    Language("PHP", "php.php.jinja", _php, "php"),
    Language("Python", "client.py.jinja", _json_like, "python", "threadruns"),
    Language("Python", "httpx.py.jinja", _json_like, "python", "httpx"),
    Language("HTTP", "http.http.jinja", _http_body, "http", inside=_http_inside),
    Language("C", "c.c.jinja", _c, "c"),
    Language("C#", "csharp.cs.jinja", _json_like, "csharp"),
    Language("Objective-C", "objective-c.m.jinja", lambda text: f"@{_c(text)}", "objective-c"),
    Language("Ruby", "ruby.rb.jinja", _ruby, "ruby"),
    Language("OCaml", "ocaml.ml.jinja", _ocaml, "ocaml"),
    Language("Dart", "dart.dart.jinja", _dart, "dart"),
    Language("R", "r.R.jinja", _json_like, "r"),
)


@dataclass(frozen=True)
class Sample:
    """The sample of one operation in one language."""

    language: Language
    source: str


def samples(operation: Operation) -> list[Sample]:
    """Return the samples of an operation, in the order of ``LANGUAGES``.

    They include a sample for ``threadruns.Client`` if the operation is a list whose id and tag form a method of the
    client: ``listRuns`` and ``runs`` form ``client.runs.list``.

    Raises:
        SampleError: A header value has a line break or another control character.
    """
    for header in operation.headers:
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", header.name + header.value):
            raise SampleError(
                f"{operation.method} {operation.path}: the example of header {header.name!r} has a control character,"
                " which no request can send; give it another example."
            )
    bound = operation.cursor is not None and operation.client_call is not None
    return [
        Sample(language, _render(language, operation))
        for language in LANGUAGES
        if bound or language.library != "threadruns"
    ]


def _render(language: Language, operation: Operation) -> str:
    cursor = operation.cursor
    return _template(language).render(
        operation=operation,
        expected=operation.successes[0] if len(operation.successes) == 1 else None,
        next=f"{operation.separator}{cursor.parameter}=" if cursor else "",
        arguments=_arguments(operation),
    )


def template_environment(folder: Path, *, autoescape: bool = False) -> Environment:
    """Return the environment of the templates in a folder.

    Args:
        folder: The folder.
        autoescape: Escape inserted texts for HTML.
    """
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _template(language: Language) -> Template:
    environment = template_environment(TEMPLATES)
    environment.filters.update(literal=language.literal, inside=language.inside, unexpected=_unexpected)
    return environment.get_template(language.template)


@pass_context
def _unexpected(context: Context, status: str, differs: str, either: str) -> str:
    """Return the condition, in the language of the sample, that a status is not the expected one."""
    expected = context["expected"]
    return f"{status} {differs} {expected}" if expected else f"{status} < 200 {either} {status} > 299"


def _arguments(operation: Operation) -> str:
    """Return the arguments of the client's method, as Python: path parameters by position, query parameters by name."""
    path = [
        repr_of(example_of(operation.raw, parameter)) for parameter in operation.parameters if parameter["in"] == "path"
    ]
    query = [
        f"{PythonIdentifier(parameter['name'], 'field_')}={repr_of(value)}"
        for parameter in operation.parameters
        if parameter["in"] == "query"
        and parameter["name"] not in ("after", "before")
        and (value := given_example(operation.raw, parameter)) is not None
    ]
    return ", ".join(path + query)


def repr_of(value: Json) -> str:
    """Spell a value in Python, strings in double quotes."""
    return _json_like(value) if isinstance(value, str) else repr(value)


def add_samples(raw: Json) -> None:
    """Add request samples to each operation of a document, for documentation tools.

    Args:
        raw: The document; it is changed.

    Raises:
        SampleError: An operation has a value that no request can send.
    """
    for operation in operations(raw):
        operation.spec[EXTENSION] = [
            {"lang": sample.language.name, "label": sample.language.label, "source": LiteralScalarString(sample.source)}
            for sample in samples(operation)
        ]


def document_with_samples(document: Path) -> str:
    """Return the YAML of a document with samples, keeping its comments and layout.

    Raises:
        SampleError: An operation has a value that no request can send.
    """
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = sys.maxsize
    editor.indent(mapping=2, sequence=4, offset=2)
    # By default, ruamel.yaml writes nothing for null.
    editor.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    raw = editor.load(document)
    add_samples(raw)
    text = io.StringIO()
    editor.dump(raw, text)
    return text.getvalue()
