"""Edits of the document, each with what must follow from it without a change by hand.

An edit is made as a person makes it: in the text of ``openapi.yaml``, with its prose and examples.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Patch = tuple[tuple[str, str], ...]

SHARPNESS = "tests/document/test_sharpness.py::test_every_constraint_is_tested"
"""The test that wants an invalid body for each constraint: it is evidence, which a person adds."""

REJECTED = (
    "tests/document/test_sharpness.py::test_invalid_body_is_rejected_for_its_fault",
    "tests/document/test_violation.py::test_message_begins_with_the_place",
)
"""The tests that some bodies are invalid, such as those with a status of v2 of the API."""

RECORDED = (SHARPNESS, *REJECTED)


class Edit(NamedTuple):
    """An edit of the document.

    Attributes:
        name: A name for the command line.
        patch: Texts of the document, each with its replacement.
        probes: What must follow: a function of ``probes`` with what it must return or be given.
        old_server: The verdict of the check about a server that follows the document before the edit.
        line: The line that the edit costs in the client; empty for none.
        expected: The tests that fail on purpose, because they hold the document against recordings.
    """

    name: str
    patch: Patch
    probes: dict[str, Any]
    old_server: str = "conforms"
    line: str = ""
    expected: tuple[str, ...] = ()


def after(text: str, more: str) -> tuple[str, str]:
    """Return the replacement that adds lines after a text."""
    return text, text + more


def before(text: str, more: str) -> tuple[str, str]:
    """Return the replacement that adds lines before a text."""
    return text, more + text


def field(name: str, *schema: str) -> str:
    """Return the lines of a property: its schema, and a description."""
    lines = [f"        {name}:", *(f"          {line}" for line in schema)]
    return "\n".join([*lines, "          description: A field that the drill adds.\n"])


def parameter(name: str, schema: str, *, place: str = "query") -> str:
    """Return the lines of an optional parameter of the operation."""
    description = "          description: A parameter that the drill adds."
    return f"        - name: {name}\n          in: {place}\n{description}\n          schema: {{{schema}}}\n"


def limit(maximum: int) -> Patch:
    """Return the patch that moves the largest limit."""
    return (
        ("runs of a page, from 1 to 100.", f"runs of a page, from 1 to {maximum}."),
        ("A `limit` outside 1 to 100,", f"A `limit` outside 1 to {maximum},"),
        ("            maximum: 100\n", f"            maximum: {maximum}\n"),
        ("          maxItems: 100\n", f"          maxItems: {maximum}\n"),
        ("The limit is above 100", f"The limit is above {maximum}"),
        ("Expected a value <= 100,", f"Expected a value <= {maximum},"),
    )


METADATA = "          description: Notes that the caller attached to the run.\n"
TOTAL = "          description: The sum of prompt and completion tokens.\n"
RESPONSES = '      responses:\n        "200":\n          description: A page of runs.\n'
USAGE = "required: [prompt_tokens, completion_tokens, total_tokens"
STATUSES = "enum: [queued, in_progress, requires_action, cancelling, cancelled, failed, completed, expired"
NOT_FOUND = '        "404":\n          description: >-\n            The thread does not exist,'

FORBIDDEN = """\
        "403":
          description: The key may not read this thread.
          content:
            application/json:
              schema:
                $ref: "#/components/schemas/ErrorResponse"
"""

FILE_SEARCH = """\
    FileSearchTool:
      type: object
      description: Searches files.
      required: [type]
      properties:
        type:
          type: string
          const: file_search
          description: The kind of tool, always `file_search`.
"""

RETRIEVE = """\
  /threads/{thread_id}/runs/{run_id}:
    get:
      operationId: retrieveRun
      tags: [runs]
      summary: Retrieve a run
      description: Returns one run of a thread.
      security:
        - bearer: []
      parameters:
        - name: thread_id
          in: path
          required: true
          description: The thread of the run.
          schema:
            $ref: "#/components/schemas/ThreadId"
          example: thread_abc123
        - name: run_id
          in: path
          required: true
          description: The run.
          schema:
            $ref: "#/components/schemas/RunId"
          example: run_abc123
        - name: OpenAI-Beta
          in: header
          required: true
          description: The version of the Assistants API that the caller uses.
          schema:
            type: string
            enum: [assistants=v1]
            default: assistants=v1
          example: assistants=v1
      responses:
        "200":
          description: The run.
          content:
            application/json:
              schema:
                $ref: "#/components/schemas/Run"
        "404":
          description: The run does not exist.
          content:
            application/json:
              schema:
                $ref: "#/components/schemas/ErrorResponse"
"""

EDITS = (
    Edit(
        "optional-field",
        (after(METADATA, field("priority", "type: integer")),),
        {"run_fields": ["priority"]},
        expected=(SHARPNESS,),
    ),
    Edit(
        "required-field",
        (
            ("        - metadata\n      properties:", "        - metadata\n        - priority\n      properties:"),
            after(METADATA, field("priority", "type: integer")),
            ("            metadata: {}\n", "            metadata: {}\n            priority: 3\n"),
        ),
        {"run_fields": ["priority"]},
        "departs",
        expected=RECORDED,
    ),
    Edit(
        "nullable-field",
        (after(METADATA, field("parallel_tool_calls", 'type: [boolean, "null"]')),),
        {"run_fields": ["parallel_tool_calls"]},
        expected=RECORDED,
    ),
    Edit(
        "field-with-bounds",
        (after(METADATA, field("reasoning_effort", "type: integer", "minimum: 1", "maximum: 9")),),
        {"run_fields": ["reasoning_effort"]},
        expected=RECORDED,
    ),
    Edit(
        "required-nested-field",
        (
            (USAGE, f"{USAGE}, cached_tokens"),
            after(TOTAL, field("cached_tokens", "type: integer", "minimum: 0")),
            ("              total_tokens: 579\n", "              total_tokens: 579\n              cached_tokens: 0\n"),
        ),
        {"made_values": ["usage", "cached_tokens"]},
        "departs",
        expected=RECORDED,
    ),
    Edit(
        "run-status",
        ((STATUSES, f"{STATUSES}, incomplete"),),
        {"rules": ["schema.run-incomplete"], "made_values": ["status", "incomplete"]},
        expected=REJECTED,
    ),
    Edit(
        "error-code",
        (("rate_limit_exceeded, invalid_prompt]", "rate_limit_exceeded, invalid_prompt, content_filter]"),),
        {"made_values": ["last_error", "content_filter"]},
    ),
    Edit(
        "tool-choice",
        (
            (
                'enum: [none, auto]\n      description: "`none` calls',
                'enum: [none, auto, required]\n      description: "`none` calls',
            ),
        ),
        {"made_values": ["tool_choice", "required"]},
        expected=REJECTED,
    ),
    Edit(
        "response-format",
        (("enum: [text, json_object]", "enum: [text, json_object, json_schema]"),),
        {"made_values": ["response_format", "json_schema"]},
        expected=REJECTED,
    ),
    Edit(
        "tool-variant",
        (
            after(
                '        - $ref: "#/components/schemas/FunctionTool"\n',
                '        - $ref: "#/components/schemas/FileSearchTool"\n',
            ),
            after(
                '          function: "#/components/schemas/FunctionTool"\n',
                '          file_search: "#/components/schemas/FileSearchTool"\n',
            ),
            before("    CodeInterpreterTool:\n", FILE_SEARCH),
            (
                "enum: [function, code_interpreter, retrieval]",
                "enum: [function, code_interpreter, retrieval, file_search]",
            ),
        ),
        {"made_values": ["tools", "file_search"]},
        expected=RECORDED,
    ),
    Edit("response-status", (before(NOT_FOUND, FORBIDDEN),), {"documented": [403]}),
    Edit(
        "limit-50",
        limit(50),
        {"page_size": 50, "accepted": ["limit=50"], "rejected": ["limit=51", "limit=100"]},
        "departs",
        expected=REJECTED,
    ),
    Edit(
        "limit-200",
        limit(200),
        {"page_size": 200, "accepted": ["limit=200"], "rejected": ["limit=201"]},
        "departs",
        expected=REJECTED,
    ),
    Edit(
        "default-limit",
        (
            ("            default: 20\n", "            default: 10\n"),
            ("server's default is 20.", "server's default is 10."),
        ),
        {"default_page": 10},
        "departs",
    ),
    Edit(
        "temperature-bound",
        (
            (
                "          maximum: 2\n          description: The sampling temperature, from 0 to 2.",
                "          maximum: 1\n          description: The sampling temperature, from 0 to 1.",
            ),
        ),
        {"invalid_runs": ["temperature", 1.5]},
    ),
    Edit(
        "enum-parameter",
        (before(RESPONSES, parameter("visibility", "type: string, enum: [public, private]")),),
        {
            "accepted": ["visibility=public"],
            "rejected": ["visibility=x", "visibility=public&visibility=public"],
            "options": ["--visibility", "public|private"],
            "arguments": ["visibility"],
        },
        expected=RECORDED,
    ),
    Edit(
        "integer-parameter",
        (before(RESPONSES, parameter("since", "type: integer, minimum: 5")),),
        {"accepted": ["since=5"], "rejected": ["since=4", "since=x"], "options": ["--since"], "arguments": ["since"]},
        expected=RECORDED,
    ),
    Edit(
        "list-parameter",
        (before(RESPONSES, parameter("status", 'type: array, items: {$ref: "#/components/schemas/RunStatus"}')),),
        {
            "accepted": ["status=queued&status=failed"],
            "rejected": ["status=x"],
            "options": ["--status"],
            "arguments": ["status"],
        },
        expected=RECORDED,
    ),
    Edit(
        "header-parameter",
        (before(RESPONSES, parameter("X-Project", "type: string, minLength: 1", place="header")),),
        {"arguments": ["x_project"]},
        expected=RECORDED,
    ),
    Edit(
        "operation",
        (("\ncomponents:\n  securitySchemes:\n", f"\n{RETRIEVE}components:\n  securitySchemes:\n"),),
        {"retrieved": "completed"},
        line="    retrieve = OperationBinding(lambda: _wire.operations.retrieve_run)",
    ),
    Edit("prose", (("The model that the run uses.", "The model that answers in this run."),), {"page_size": 100}),
)
"""The edits, in the order of the table."""
