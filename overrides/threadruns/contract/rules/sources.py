"""The places of the document that state the rules: for each rule its place, the words there, and further support.

A source reads ``openapi.yaml, PLACE: "WORDS"``. PLACE is the heading of a section of ``info.description``, or a
parameter, response, header, schema, key of a schema or security scheme, whose description has the words.
"""

from __future__ import annotations

from threadruns.contract.bounds import DEFAULT_LIMIT, MAX_LIMIT, MIN_LIMIT
from threadruns.contract.rules.needs import NEEDS

_KEYS = "*Keys and values*"
_ORDER = "*Order and cursors*"
_QUERY = "*Query parameters*"
_METHODS = "*Methods*"
_HTTP = "*HTTP*"


def _stated(place: str, words: str, *more: str) -> str:
    return "; ".join((f'openapi.yaml, {place}: "{words}"', *more))


SOURCES = {
    "schema.envelope": _stated(
        "schema `RunList`",
        "One page of the runs of a thread, in the requested order.",
        "every recorded list has all five keys",
    ),
    "schema.run": _stated(_KEYS, "are those that every recorded run has"),
    "schema.integer": _stated(_KEYS, "Timestamps and counts are written as integers: 1, not 1.0."),
    "schema.unknown-key": _stated(_KEYS, "a field that is not named here is a permitted variation"),
    "limit.respected": _stated(
        "parameter `limit`", f"The maximum number of runs of a page, from {MIN_LIMIT} to {MAX_LIMIT}."
    ),
    "limit.filled": _stated(_ORDER, "A page is full as long as there are enough runs."),
    "limit.default": _stated("parameter `limit`", f"The server's default is {DEFAULT_LIMIT}."),
    "limit.largest": _stated(
        "parameter `limit`", f"The maximum number of runs of a page, from {MIN_LIMIT} to {MAX_LIMIT}."
    ),
    "limit.range": _stated(
        _QUERY, f"A `limit` outside {MIN_LIMIT} to {MAX_LIMIT}, or one that is not an integer, is rejected with 400."
    ),
    "limit.integer": _stated(
        _QUERY, f"A `limit` outside {MIN_LIMIT} to {MAX_LIMIT}, or one that is not an integer, is rejected with 400."
    ),
    "limit.spelling": _stated(
        _QUERY, "An unusual spelling of a number, such as `+5` or `05`, is rejected or read as that number."
    ),
    "limit.repeated": _stated(_QUERY, "A parameter that is given twice is rejected with 400."),
    "order.default": _stated("parameter `order`", "The server's default is `desc`."),
    "order.descending": _stated(
        "parameter `order`", "`asc` lists the oldest runs first, `desc` the newest.", "12 recorded lists"
    ),
    "order.ascending": _stated("parameter `order`", "`asc` lists the oldest runs first, `desc` the newest."),
    "order.reverse": _stated(_ORDER, "ascending order is the exact reverse of descending order"),
    "order.ties": _stated(_ORDER, "Runs that were created in the same second have the same order in every response."),
    "order.values": _stated(_QUERY, "An `order` other than `asc` and `desc` is rejected with 400; case matters."),
    "order.repeated": _stated(_QUERY, "A parameter that is given twice is rejected with 400."),
    "cursor.after": _stated(_ORDER, "A page with `after` starts just after the run that the cursor names."),
    "cursor.after-ascending": _stated(_ORDER, "A page with `after` starts just after the run that the cursor names."),
    "cursor.before": _stated(_ORDER, "A page with `before` alone ends just before that run."),
    "cursor.before-ascending": _stated(_ORDER, "A page with `before` alone ends just before that run."),
    "cursor.exclusive": _stated(_ORDER, "The run that a cursor names is not part of the page."),
    "cursor.both": _stated(_ORDER, "A page with both is taken from the window of runs between the two."),
    "cursor.reversed": _stated(_ORDER, "a window whose `before` does not follow its `after` are empty"),
    "cursor.end": _stated(_ORDER, "The page after the last run, the page before the first run"),
    "cursor.unknown": _stated(_ORDER, "A cursor that names no run of this thread is rejected with 404 or 400"),
    "cursor.foreign": _stated(_ORDER, "also if it names a run of another thread"),
    "cursor.whole": _stated(
        _ORDER, "Only a complete id names a run: a cursor that is shortened, extended or in another case names none."
    ),
    "cursor.malformed": _stated(
        _ORDER, "A cursor that does not match the pattern of a run's id, an empty one included, is rejected with 400."
    ),
    "cursor.empty": _stated(
        _ORDER, "A cursor that does not match the pattern of a run's id, an empty one included, is rejected with 400."
    ),
    "cursor.repeated": _stated(_QUERY, "A parameter that is given twice is rejected with 400."),
    "has_more.first": _stated(_ORDER, "`has_more` tells whether there are more runs in the direction of paging"),
    "has_more.after": _stated(_ORDER, "`has_more` tells whether there are more runs in the direction of paging"),
    "has_more.exact": _stated(_ORDER, "It is false on the last page, also if that page is full."),
    "has_more.before": _stated(_ORDER, "before the page if only `before` is given, after the page otherwise"),
    "has_more.both": _stated(_ORDER, "With both cursors, it tells whether runs of the window follow the page."),
    "has_more.empty": _stated("schema `RunList.has_more`", "False on an empty page."),
    "ids.first": _stated(
        "schema `RunList.first_id`",
        "The id of the first run of `data`, null if there is none.",
        "the same in every recorded list",
    ),
    "ids.last": _stated(
        "schema `RunList.last_id`",
        "The id of the last run of `data`, null if there is none.",
        "the same in every recorded list",
    ),
    "ids.empty": _stated("schema `RunList.first_id`", "null if there is none", "recorded"),
    "data.walk": _stated(
        _ORDER, "Consecutive pages of any size, in either direction, together contain every run exactly once."
    ),
    "data.walk-back": _stated(
        _ORDER, "Consecutive pages of any size, in either direction, together contain every run exactly once."
    ),
    "data.duplicates": _stated(_ORDER, "No page contains a run twice."),
    "data.own-thread": _stated("schema `Run.thread_id`", "The thread that this run belongs to."),
    "data.same-run": _stated("*Runs over time*", "A run is the same on every page."),
    "data.stable": _stated(_ORDER, "The same request gives the same page unless the thread has changed."),
    "data.given": _stated("operation", "Returns one page of the runs that belong to a thread"),
    "data.empty": _stated("operation", "For a thread without runs, the page is empty."),
    "auth.required": _stated(
        "security scheme `bearer`", "A request without a key, or with a wrong one, is rejected with 401."
    ),
    "auth.every-read": _stated(
        _HTTP,
        "Every request for a page needs the key: a HEAD request too, and a request that follows the same request with a"
        " key.",
    ),
    "auth.head": _stated(_HTTP, "Every request for a page needs the key: a HEAD request too"),
    "auth.wrong-key": _stated(
        "security scheme `bearer`", "A request without a key, or with a wrong one, is rejected with 401."
    ),
    "auth.whole-key": _stated("security scheme `bearer`", "Only the complete key is accepted; it is case-sensitive."),
    "auth.scheme": _stated("security scheme `bearer`", "No other scheme is accepted."),
    "auth.scheme-case": _stated(
        "security scheme `bearer`", "The name of the scheme is not case-sensitive.", "RFC 9110, section 11.1"
    ),
    "auth.elsewhere": _stated(_HTTP, "a key in the query, in a cookie or in another header is not a credential"),
    "auth.unknown-thread": _stated(
        "*Order of checks*", "without credentials, a known and an unknown thread get the same response"
    ),
    "auth.challenge": _stated(
        "header `WWW-Authenticate` of response 401", "The scheme to authenticate with, on every 401."
    ),
    "auth.not-echoed": _stated(_HTTP, "No response repeats a key, neither in its headers nor in its body."),
    "beta.required": _stated(
        "parameter `OpenAI-Beta`", "A request without it, or with another value, is rejected with 400."
    ),
    "beta.version": _stated(
        "parameter `OpenAI-Beta`", "A request without it, or with another value, is rejected with 400."
    ),
    "beta.whole": _stated("parameter `OpenAI-Beta`", "Only the complete value is accepted; it is case-sensitive."),
    "beta.name-case": _stated(_HTTP, "The names of headers are not case-sensitive.", "RFC 9110, section 5.1"),
    "protocol.answers": _stated(_HTTP, "Every request gets a complete response.", "RFC 9112"),
    "protocol.status": _stated(_HTTP, "Only documented status codes are sent."),
    "protocol.server-error": _stated("response 5XX", "The server failed for a reason other than the request"),
    "protocol.content-type": _stated(
        _HTTP, "The Content-Type of a body is `application/json`; its charset, if any, is UTF-8."
    ),
    "protocol.json": _stated(
        _HTTP,
        "A body is one JSON value without a byte order mark, duplicate keys or NaN, and nothing follows it.",
        "RFC 8259",
    ),
    "protocol.framing": _stated(_HTTP, "`Content-Length` is the length of the body.", "RFC 9112, section 6"),
    "protocol.coding": _stated(
        _HTTP,
        "A body is compressed only in a way that the request offers in `Accept-Encoding`.",
        "RFC 9110, section 8.4",
    ),
    "protocol.headers": _stated("header `x-request-id` of response 200", "The id that the server gave to this request"),
    "protocol.unknown-parameters": _stated(_QUERY, "Parameters that are not named here are ignored."),
    "protocol.encoded-path": _stated(
        _HTTP,
        "A percent-encoded letter is equivalent to the letter, in the path and in the query.",
        "RFC 3986, section 6.2.2.2",
    ),
    "protocol.conditional": _stated(
        _HTTP,
        "A request with an unknown tag in `If-None-Match` gets the page.",
        "RFC 9110, section 13",
    ),
    "protocol.accept": _stated(
        _HTTP, "A page is sent as JSON whatever the `Accept` header of the request lists; no request gets 406."
    ),
    "protocol.request-type": _stated(_HTTP, "a server sends the same response with and without it"),
    "protocol.connections": _stated(
        _HTTP, "It serves a client that closes each connection in the same way as one that keeps it open.", "RFC 9112"
    ),
    "protocol.request-id": _stated(_HTTP, "No two responses have the same `x-request-id`."),
    "error.shape": _stated(
        "schema `ErrorResponse`",
        "The error that the server sends instead of a page.",
        "every recorded error has this form",
    ),
    "error.type": _stated(
        "schema `ErrorDetail.type`",
        "`invalid_request_error` for a request that was rejected with 400 or 404",
        "every recorded error has this type",
    ),
    "error.param": _stated("schema `ErrorDetail.param`", "The invalid parameter; null if no parameter is invalid."),
    "error.unknown-thread": _stated("response 404", "The thread does not exist, and the message names it", "recorded"),
    "error.odd-thread": _stated(
        "schema `ThreadId`",
        "An unusual, very long or nearly correct id names no thread and is rejected with 404 or 400.",
    ),
    "error.message": _stated("response 404", "The thread does not exist, and the message names it", "recorded"),
    "error.code": _stated("response 401", "the code of a wrong key is `invalid_api_key`", "recorded"),
    "method.head": _stated(
        _METHODS, "The response to HEAD has the status and headers of the response to GET.", "RFC 9110, section 9.3.2"
    ),
    "method.head-body": _stated(_METHODS, "The response to HEAD has no body.", "RFC 9110, section 9.3.2"),
    "method.refused": _stated(_METHODS, "Other methods are rejected with 405."),
    "method.allow": _stated(
        _METHODS, "A 405 lists the methods of the path in `Allow`, including GET.", "RFC 9110, section 15.5.6"
    ),
    "method.allow-truth": _stated(
        _METHODS, "`Allow` lists no method that is rejected with 405.", "RFC 9110, section 10.2.1"
    ),
    "method.post": _stated(_METHODS, "which has the same path and rejects a body that is not JSON"),
    "generated.answers": _stated(
        _HTTP, "Only documented status codes are sent.", "and all of the document, as schemathesis interprets it"
    ),
}
"""The source of each rule by its id; those of a run are in ``threadruns._run_rules``."""

SOURCES.update({rule: SOURCES["schema.run"] for rule in NEEDS if rule.startswith("schema.")})
