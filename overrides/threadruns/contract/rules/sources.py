"""The places of the document that state the rules: for each rule its place, the words there, and further support.

A source reads ``openapi.yaml, PLACE: "WORDS"``. PLACE is the heading of a section of ``info.description``, or a
parameter, response, header, schema, key of a schema or security scheme, whose description has the words.
"""

from __future__ import annotations

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
    "limit.respected": _stated("parameter `limit`", "How many runs a page holds at most, from 1 to 100."),
    "limit.filled": _stated(_ORDER, "A page is full as long as there are enough runs."),
    "limit.default": _stated("parameter `limit`", "The server's default is 20."),
    "limit.largest": _stated("parameter `limit`", "How many runs a page holds at most, from 1 to 100."),
    "limit.range": _stated(_QUERY, "A `limit` outside 1 to 100, or one that is not an integer, is refused with 400."),
    "limit.integer": _stated(_QUERY, "A `limit` outside 1 to 100, or one that is not an integer, is refused with 400."),
    "limit.spelling": _stated(
        _QUERY, "An unusual spelling of a number, such as `+5` or `05`, is refused or read as that number."
    ),
    "limit.repeated": _stated(_QUERY, "A parameter that is given twice is refused with 400."),
    "order.default": _stated("parameter `order`", "The server's default is `desc`."),
    "order.descending": _stated(
        "parameter `order`", "`asc` lists the oldest runs first, `desc` the newest.", "12 recorded lists"
    ),
    "order.ascending": _stated("parameter `order`", "`asc` lists the oldest runs first, `desc` the newest."),
    "order.reverse": _stated(_ORDER, "ascending order is the exact reverse of descending order"),
    "order.ties": _stated(_ORDER, "Runs that were created in the same second have the same order in every response."),
    "order.values": _stated(_QUERY, "An `order` other than `asc` and `desc` is refused with 400; case matters."),
    "order.repeated": _stated(_QUERY, "A parameter that is given twice is refused with 400."),
    "cursor.after": _stated(_ORDER, "`after` starts just after the run that it names"),
    "cursor.after-ascending": _stated(_ORDER, "`after` starts just after the run that it names"),
    "cursor.before": _stated(_ORDER, "`before` alone ends just before it"),
    "cursor.before-ascending": _stated(_ORDER, "`before` alone ends just before it"),
    "cursor.exclusive": _stated(_ORDER, "The run that a cursor names is not part of the page."),
    "cursor.both": _stated(_ORDER, "both together give the window between the two"),
    "cursor.reversed": _stated(_ORDER, "a window whose ends are the wrong way round are empty"),
    "cursor.end": _stated(_ORDER, "The page after the last run, the page before the first run"),
    "cursor.unknown": _stated(_ORDER, "A cursor that names no run of this thread is refused with 404 or 400"),
    "cursor.foreign": _stated(_ORDER, "also if it names a run of another thread"),
    "cursor.whole": _stated(
        _ORDER, "A cursor is compared whole: one that is cut, extended or in another case names no run."
    ),
    "cursor.malformed": _stated(
        _ORDER, "A cursor that does not match the pattern of a run's id, an empty one included, is refused with 400."
    ),
    "cursor.empty": _stated(
        _ORDER, "A cursor that does not match the pattern of a run's id, an empty one included, is refused with 400."
    ),
    "cursor.repeated": _stated(_QUERY, "A parameter that is given twice is refused with 400."),
    "has_more.first": _stated(_ORDER, "`has_more` says whether runs are left in the direction walked"),
    "has_more.after": _stated(_ORDER, "`has_more` says whether runs are left in the direction walked"),
    "has_more.exact": _stated(_ORDER, "It is false on the last page, also if that page is full."),
    "has_more.before": _stated(_ORDER, "before the page if `before` stands alone, after it otherwise"),
    "has_more.both": _stated(_ORDER, "With both cursors it says whether runs of the window follow the page."),
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
    "data.walk": _stated(_ORDER, "Pages of any size, walked forwards or backwards, together hold every run once."),
    "data.walk-back": _stated(_ORDER, "Pages of any size, walked forwards or backwards, together hold every run once."),
    "data.duplicates": _stated(_ORDER, "No run stands twice in a page."),
    "data.own-thread": _stated("schema `Run.thread_id`", "The thread that this run belongs to."),
    "data.same-run": _stated("*Runs over time*", "A run reads the same on every page."),
    "data.stable": _stated(_ORDER, "The same request gives the same page unless the thread has changed."),
    "data.given": _stated("operation", "Returns one page of the runs that belong to a thread"),
    "data.empty": _stated("operation", "A thread without runs is an empty page."),
    "auth.required": _stated(
        "security scheme `bearer`", "A request without a key, or with a wrong one, is answered 401."
    ),
    "auth.every-read": _stated(
        _HTTP, "Every read needs the key, HEAD included, also just after the same was read with one."
    ),
    "auth.head": _stated(_HTTP, "Every read needs the key, HEAD included"),
    "auth.wrong-key": _stated(
        "security scheme `bearer`", "A request without a key, or with a wrong one, is answered 401."
    ),
    "auth.whole-key": _stated("security scheme `bearer`", "The key is compared whole, case included."),
    "auth.scheme": _stated("security scheme `bearer`", "No other scheme is accepted."),
    "auth.scheme-case": _stated(
        "security scheme `bearer`", "The name of the scheme ignores case.", "RFC 9110, section 11.1"
    ),
    "auth.elsewhere": _stated(_HTTP, "a key in the query, in a cookie or in another header is not a credential"),
    "auth.unknown-thread": _stated(
        "*Order of checks*", "without credentials, a known and an unknown thread cannot be told apart"
    ),
    "auth.challenge": _stated(
        "header `WWW-Authenticate` of response 401", "The scheme to authenticate with, on every 401."
    ),
    "auth.not-echoed": _stated(_HTTP, "No response repeats a key, neither in its headers nor in its body."),
    "beta.required": _stated("parameter `OpenAI-Beta`", "A request without it, or with another value, is answered 400"),
    "beta.version": _stated("parameter `OpenAI-Beta`", "A request without it, or with another value, is answered 400"),
    "beta.whole": _stated("parameter `OpenAI-Beta`", "the value is compared whole, case included"),
    "beta.name-case": _stated(_HTTP, "Names of headers ignore case.", "RFC 9110, section 5.1"),
    "protocol.answers": _stated(_HTTP, "Every request is answered, and answered whole.", "RFC 9112"),
    "protocol.status": _stated(_HTTP, "Only documented status codes are sent."),
    "protocol.server-error": _stated("response 5XX", "No request makes a server fail."),
    "protocol.content-type": _stated(
        _HTTP, "A body is declared as `application/json`, in UTF-8 if it names a charset."
    ),
    "protocol.json": _stated(
        _HTTP,
        "It is one JSON value without a byte order mark, duplicate keys or NaN, and nothing follows it.",
        "RFC 8259",
    ),
    "protocol.framing": _stated(_HTTP, "`Content-Length` is the length of the body.", "RFC 9112, section 6"),
    "protocol.coding": _stated(
        _HTTP,
        "A body is compressed only in a way that the request offers in `Accept-Encoding`.",
        "RFC 9110, section 8.4",
    ),
    "protocol.headers": _stated("header `x-request-id` of response 200", "The server's name for this exchange"),
    "protocol.unknown-parameters": _stated(_QUERY, "Parameters that are not named here are ignored."),
    "protocol.encoded-path": _stated(
        _HTTP, "A percent-encoded letter is that letter, in the path and in the query.", "RFC 3986, section 6.2.2.2"
    ),
    "protocol.conditional": _stated(
        _HTTP,
        "A condition such as `If-None-Match` on a page that never was does not stop the page.",
        "RFC 9110, section 13",
    ),
    "protocol.accept": _stated(_HTTP, "A page is served whatever the request says in `Accept`; there is no 406."),
    "protocol.request-type": _stated(_HTTP, "a server answers the same with and without it"),
    "protocol.connections": _stated(
        _HTTP, "serves a caller that closes each connection as well as one that keeps it", "RFC 9112"
    ),
    "protocol.request-id": _stated(_HTTP, "No two responses have the same `x-request-id`."),
    "error.shape": _stated(
        "schema `ErrorResponse`", "What the server sends instead of a page.", "every recorded error has this form"
    ),
    "error.type": _stated(
        "schema `ErrorDetail.type`",
        "`invalid_request_error` for a request that was refused with 400 or 404",
        "every recorded error has this type",
    ),
    "error.param": _stated("schema `ErrorDetail.param`", "The parameter at fault; null if none is."),
    "error.unknown-thread": _stated("response 404", "No such thread, and the message names it", "recorded"),
    "error.odd-thread": _stated(
        "schema `ThreadId`", "An id that is odd, too long or nearly right names no thread: 404 or 400."
    ),
    "error.message": _stated("response 404", "No such thread, and the message names it", "recorded"),
    "error.code": _stated("response 401", "the code of a wrong key is `invalid_api_key`", "recorded"),
    "method.head": _stated(
        _METHODS, "HEAD is answered as GET would be, with the same status and headers.", "RFC 9110, section 9.3.2"
    ),
    "method.head-body": _stated(_METHODS, "The answer to HEAD has no body.", "RFC 9110, section 9.3.2"),
    "method.refused": _stated(_METHODS, "Other methods are answered 405."),
    "method.allow": _stated(
        _METHODS, "A 405 names the methods of the path in `Allow`, GET among them.", "RFC 9110, section 15.5.6"
    ),
    "method.allow-truth": _stated(
        _METHODS, "`Allow` names no method that is answered 405.", "RFC 9110, section 10.2.1"
    ),
    "method.post": _stated(_METHODS, "which refuses a body that is not JSON"),
    "generated.answers": _stated(
        _HTTP, "Only documented status codes are sent.", "and all of the document, as schemathesis interprets it"
    ),
}
"""The source of each rule by its id; those of a run are in ``threadruns._run_rules``."""
