"""The rules of the contract as data, each with its source.

The group of a rule is the part of its id before the dot. The rules over one run come from ``run_rules``.
"""

from __future__ import annotations

from threadruns.contract.rules.rule import Rule, Severity
from threadruns.contract.rules.run_rules import RUN_RULES

_LIMIT = "openapi.yaml, parameter `limit`"
_ORDER = "openapi.yaml, parameter `order` and *Order and cursors*"
_CURSORS = "openapi.yaml, *Order and cursors*"
_RUN = "openapi.yaml, schema `Run`"
_RUN_ID = "openapi.yaml, schema `RunId`"
_PAGE = "openapi.yaml, schema `RunList`"
_RECORDED_PAGES = "openapi.yaml, schema `RunList`; every recorded list has all five keys and these values"
_AUTH = "openapi.yaml, security scheme `bearer` and response 401"
_BETA = "openapi.yaml, parameter `OpenAI-Beta` and response 400"
_CHECKS = "openapi.yaml, *Order of checks*"
_ERRORS = "openapi.yaml, schema `ErrorDetail`; every recorded error has this form"
_JSON = "RFC 8259; openapi.yaml, content `application/json`"

_ONE = "a thread with a run"
_TWO = "a thread of two runs or more"
_THREE = "a thread of three runs or more"
_TIES = "a thread with several runs created in the same second"
_DEFAULT = "a thread of more than 20 runs"
_LARGEST = "a thread of more than 100 runs"
_EMPTY = "a thread without runs"
_OTHER = "two threads with runs"
_VALID = "a thread with a run that is valid against the schema"
_ERRS = "a server whose errors have the documented form"

_SERVER_RULES = (
    Rule("schema.envelope", "A page is an object with object, data, first_id, last_id and has_more.", _RECORDED_PAGES),
    Rule("schema.run", "Every run has the documented keys, types and values.", _RUN, _ONE),
    Rule("schema.integer", "Timestamps and counts are written as integers: 1, not 1.0.", _RUN, _ONE),
    Rule(
        "schema.unknown-key",
        "Runs have no key that the document does not name.",
        "openapi.yaml, *Required*",
        _ONE,
        Severity.VARIATION,
    ),
    Rule("limit.respected", "A page has no more runs than the limit.", _LIMIT, _TWO),
    Rule("limit.filled", "A page is full as long as there are enough runs.", _LIMIT, _TWO),
    Rule("limit.default", "Without a limit, a page has up to 20 runs.", _LIMIT, _DEFAULT),
    Rule("limit.largest", "With a limit of 100, a page has up to 100 runs.", _LIMIT, _LARGEST),
    Rule("limit.range", "A limit of 1 is accepted; a limit below 1 or above 100 is rejected with 400.", _LIMIT),
    Rule("limit.integer", "A limit that is not an integer is rejected with 400.", _LIMIT),
    Rule(
        "limit.spelling",
        "A limit with an unusual spelling, such as +5 or 05, is rejected or read as that number.",
        _LIMIT,
        _TWO,
    ),
    Rule("limit.repeated", "A repeated limit is rejected with 400.", _CHECKS),
    Rule("order.default", "Without an order, the newest runs come first.", _ORDER, _TWO),
    Rule("order.descending", "With order=desc, the newest runs come first.", _ORDER, _TWO),
    Rule("order.ascending", "With order=asc, the oldest runs come first.", _ORDER, _TWO),
    Rule("order.reverse", "The ascending order is the exact reverse of the descending order.", _ORDER, _TWO),
    Rule("order.ties", "Runs created in the same second have the same order in every response.", _ORDER, _TIES),
    Rule("order.values", "An order other than asc and desc is rejected with 400; case matters.", _ORDER),
    Rule("order.repeated", "A repeated order is rejected with 400.", _CHECKS),
    Rule("cursor.after", "A page starts immediately after the run that `after` names.", _CURSORS, _TWO),
    Rule(
        "cursor.after-ascending",
        "With order=asc, a page starts immediately after the run that `after` names.",
        _CURSORS,
        _TWO,
    ),
    Rule(
        "cursor.before",
        "A page ends immediately before the run that `before` names, in the requested order.",
        _CURSORS,
        _TWO,
    ),
    Rule(
        "cursor.before-ascending",
        "With order=asc, a page ends immediately before the run that `before` names.",
        _CURSORS,
        _TWO,
    ),
    Rule("cursor.exclusive", "A page does not contain the run that its cursor names.", _CURSORS, _ONE),
    Rule("cursor.both", "With both cursors, a page lies between `after` and `before`.", _CURSORS, _THREE),
    Rule("cursor.reversed", "If `before` does not follow `after`, the page is empty.", _CURSORS, _TWO),
    Rule("cursor.end", "The page after the last run and the page before the first run are empty.", _CURSORS, _ONE),
    Rule("cursor.unknown", "A cursor that names no run is rejected with 404 or 400.", _CURSORS),
    Rule(
        "cursor.foreign", "A cursor that names a run of another thread is rejected with 404 or 400.", _CURSORS, _OTHER
    ),
    Rule("cursor.whole", "A cursor names a run only by its complete id; case matters.", _CURSORS, _ONE),
    Rule("cursor.malformed", "A cursor that cannot be the id of a run is rejected with 400.", _RUN_ID),
    Rule("cursor.empty", "An empty cursor is rejected with 400.", _RUN_ID),
    Rule("cursor.repeated", "A repeated cursor is rejected with 400.", _CHECKS, _TWO),
    Rule("has_more.first", "has_more of the first page tells whether more runs follow.", _CURSORS, _ONE),
    Rule("has_more.after", "has_more of a later page tells whether more runs follow.", _CURSORS, _TWO),
    Rule("has_more.exact", "has_more of the last page is false, also if that page is full.", _CURSORS, _ONE),
    Rule("has_more.before", "With `before` only, has_more tells whether runs precede the page.", _CURSORS, _TWO),
    Rule(
        "has_more.both",
        "With both cursors, has_more tells whether runs lie between the page and `before`.",
        _CURSORS,
        _THREE,
    ),
    Rule("has_more.empty", "has_more of an empty page is false.", _PAGE),
    Rule("ids.first", "first_id is the id of the first run of the page.", _RECORDED_PAGES, _ONE),
    Rule("ids.last", "last_id is the id of the last run of the page.", _RECORDED_PAGES, _ONE),
    Rule("ids.empty", "first_id and last_id of an empty page are null.", _RECORDED_PAGES, _EMPTY),
    Rule("data.walk", "The pages of a forward walk together contain every run once.", _CURSORS, _TWO),
    Rule(
        "data.walk-back", "The pages of a backward walk with `before` together contain every run once.", _CURSORS, _TWO
    ),
    Rule("data.duplicates", "A page contains no run more than once.", _PAGE, _TWO),
    Rule("data.own-thread", "Every run of a page belongs to the requested thread.", _RUN, _ONE),
    Rule("data.same-run", "A run is the same on every page; only an active run may change.", _RUN, _ONE),
    Rule("data.stable", "The same request returns the same page, unless the thread changes.", _CURSORS, _ONE),
    Rule("data.given", "Every existing thread can be read, with or without runs.", _PAGE),
    Rule("data.empty", "The page of a thread without runs is empty.", _PAGE, _EMPTY),
    Rule("auth.required", "A request without a key is rejected with 401.", _AUTH),
    Rule("auth.every-read", "The key is checked for every query, also right after the same query with a key.", _AUTH),
    Rule("auth.head", "HEAD requires the key.", _AUTH),
    Rule("auth.wrong-key", "A request with a wrong key is rejected with 401.", _AUTH),
    Rule("auth.whole-key", "Only the complete key is accepted; case matters.", _AUTH),
    Rule("auth.scheme", "Only the scheme `Bearer` is accepted.", _AUTH),
    Rule("auth.scheme-case", "The name of the scheme is not case-sensitive.", f"{_AUTH}; RFC 9110, section 11.1"),
    Rule("auth.elsewhere", "A key in a query, a cookie or another header is not accepted.", _AUTH),
    Rule(
        "auth.unknown-thread",
        "Without a valid key, the responses for an existing and an unknown thread are the same.",
        _CHECKS,
    ),
    Rule("auth.challenge", "WWW-Authenticate of a 401 names the scheme.", _AUTH, "a server that responds 401"),
    Rule(
        "auth.not-echoed",
        "No response contains the key, or the wrong key, of its request.",
        "openapi.yaml, schema `ErrorDetail`, `message`",
    ),
    Rule("beta.required", "A request without the beta header is rejected with 400.", _BETA),
    Rule("beta.version", "Another version in the beta header is rejected with 400.", _BETA),
    Rule("beta.whole", "Only the complete value of the beta header is accepted; case matters.", _BETA),
    Rule("beta.name-case", "The names of request headers are not case-sensitive.", "RFC 9110, section 5.1"),
    Rule("protocol.answers", "Every request gets a complete response.", "RFC 9112"),
    Rule("protocol.status", "Only documented status codes are sent.", "openapi.yaml, responses"),
    Rule("protocol.server-error", "No request causes a server error.", "openapi.yaml, response 5XX"),
    Rule("protocol.content-type", "Content-Type is application/json; its charset, if any, is UTF-8.", _JSON),
    Rule("protocol.json", "A body is one JSON value in UTF-8, without duplicate keys or NaN.", _JSON),
    Rule("protocol.framing", "Content-Length is the length of the body.", "RFC 9112, section 6"),
    Rule(
        "protocol.coding",
        "Content-Encoding is one that the request accepts, and fits the body.",
        "RFC 9110, section 8.4",
    ),
    Rule("protocol.headers", "Documented response headers have documented values.", "openapi.yaml, headers"),
    Rule("protocol.unknown-parameters", "Undocumented parameters are ignored.", _CHECKS),
    Rule("protocol.encoded-path", "A percent-encoded letter is equal to the letter.", "RFC 3986, section 6.2.2.2"),
    Rule("protocol.conditional", "If-None-Match with an unknown tag does not prevent a page.", "RFC 9110, section 13"),
    Rule(
        "protocol.accept",
        "The page is sent as JSON whatever the Accept header lists.",
        "openapi.yaml, responses, none of which is 406",
    ),
    Rule("protocol.connections", "A request with Connection: close gets the page like any other.", "RFC 9112"),
    Rule(
        "protocol.request-id",
        "No two responses have the same x-request-id.",
        "openapi.yaml, header `x-request-id`",
        "a server that sends x-request-id",
        Severity.ADVICE,
    ),
    Rule("error.shape", "An error is an object with message, type, param and code.", _ERRORS),
    Rule(
        "error.type",
        "The error type of a rejected request is invalid_request_error.",
        f"{_ERRORS}, with this type",
        _ERRS,
        Severity.ADVICE,
    ),
    Rule("error.param", "`param` names the invalid parameter; it is null if no parameter is invalid.", _ERRORS, _ERRS),
    Rule("error.unknown-thread", "A request for an unknown thread gets 404.", "openapi.yaml, response 404; recorded"),
    Rule(
        "error.odd-thread",
        "An unusual, long or nearly correct thread id names no thread: 404 or 400.",
        "openapi.yaml, schema `ThreadId`",
    ),
    Rule(
        "error.message",
        "The message of a 404 names the thread.",
        "recorded: \"No thread found with id 'thread_...'.\"",
        _ERRS,
        Severity.ADVICE,
    ),
    Rule(
        "error.code",
        "The error code is invalid_api_key for a wrong key, invalid_beta for a missing beta header.",
        "openapi.yaml, examples of responses 400 and 401",
        _ERRS,
        Severity.ADVICE,
    ),
    Rule("method.head", "The response to HEAD has the status and headers of GET.", "RFC 9110, section 9.3.2"),
    Rule("method.head-body", "The response to HEAD has no body.", "RFC 9110, section 9.3.2"),
    Rule("method.refused", "Other methods are rejected with 405.", _CHECKS),
    Rule("method.allow", "Allow of a 405 lists the methods, including GET.", "RFC 9110, section 15.5.6"),
    Rule("method.allow-truth", "Allow lists no method that is rejected with 405.", "RFC 9110, section 10.2.1"),
    Rule("method.post", "A POST with invalid JSON is rejected.", _CHECKS),
    Rule(
        "generated.answers",
        "The responses to generated requests pass the checks of schemathesis.",
        "openapi.yaml, as schemathesis interprets it",
    ),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in _SERVER_RULES} | {
    f"run.{rule.id}": Rule(f"run.{rule.id}", rule.description, rule.source, _VALID) for rule in RUN_RULES
}
"""The rules by id, in the order of the report."""
