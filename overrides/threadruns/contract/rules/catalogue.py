"""The rules of the contract as data: what each says, how severe a breach is, what it needs and what it rests on.

A rule's group is the part of its id before the dot. Rules over one run come from ``run_rules`` and join the table
here; everything that judges names rules by their ids, and a name that is not in the table is an error.
"""

from __future__ import annotations

from threadruns.contract.rules.rule import Rule, Severity
from threadruns.contract.rules.run_rules import RUN_RULES

_LIMIT = "openapi.yaml, parameter `limit`"


_ORDER = "openapi.yaml, parameter `order` and *Order and cursors*"


_CURSORS = "openapi.yaml, *Order and cursors*"


_PAGE = "openapi.yaml, schema `RunList`"


_RECORDED_PAGES = "openapi.yaml, schema `RunList`; all five keys and their values stand in every recorded list"


_AUTH = "openapi.yaml, security scheme `bearer` and response 401"


_BETA = "openapi.yaml, parameter `OpenAI-Beta` and response 400"


_CHECKS = "openapi.yaml, *Order of checks*"


_ERRORS = "openapi.yaml, schema `ErrorDetail`; every recorded error has this shape"


_HTTP = "RFC 9110"


_JSON = "RFC 8259; openapi.yaml, content `application/json`"


_ONE = "a thread with a run"


_TWO = "a thread of two runs or more"


_THREE = "a thread of three runs or more"


_TIES = "a thread with runs of one second"


_DEFAULT = "a thread of more than 20 runs"


_LARGEST = "a thread of more than 100 runs"


_EMPTY = "a thread without runs"


_OTHER = "two threads with runs"


_VALID = "a thread with a run that is valid by itself"


_ERRS = "a server whose errors have the documented shape"


_OWN: list[Rule] = [
    Rule("schema.envelope", "A page is an object with object, data, first_id, last_id and has_more.", _RECORDED_PAGES),
    Rule("schema.run", "Every run has the documented keys, types and values.", "openapi.yaml, schema `Run`", _ONE),
    Rule(
        "schema.integer",
        "Timestamps and counts are written as integers, not as 1.0.",
        "openapi.yaml, schema `Run`",
        _ONE,
    ),
    Rule(
        "schema.unknown-key",
        "A run or page has no key that the document does not name.",
        "openapi.yaml, *Required*",
        _ONE,
        Severity.VARIATION,
    ),
    Rule("limit.respected", "A page never holds more runs than the limit.", _LIMIT, _TWO),
    Rule("limit.filled", "A page holds as many runs as the limit lets it.", _LIMIT, _TWO),
    Rule("limit.default", "Without a limit a page holds up to 20 runs.", _LIMIT, _DEFAULT),
    Rule("limit.largest", "A limit of 100 is accepted and honoured.", _LIMIT, _LARGEST),
    Rule("limit.range", "A limit of 1 is accepted, and one outside 1 to 100 refused with 400.", _LIMIT),
    Rule("limit.integer", "A limit that is no integer is refused with 400.", _LIMIT),
    Rule(
        "limit.spelling",
        "An unusual spelling of a number, such as +5 or 05, is refused or read as that number.",
        _LIMIT,
        _TWO,
    ),
    Rule("limit.repeated", "A limit that is given twice is refused with 400.", _CHECKS),
    Rule("order.default", "Without an order the newest runs come first.", _ORDER, _TWO),
    Rule("order.descending", "order=desc lists the newest runs first.", _ORDER, _TWO),
    Rule("order.ascending", "order=asc lists the oldest runs first, from the oldest of the thread.", _ORDER, _TWO),
    Rule("order.reverse", "Ascending order is the exact reverse of descending order.", _ORDER, _TWO),
    Rule("order.ties", "Runs of one second keep one order in every read.", _ORDER, _TIES),
    Rule("order.values", "An order other than asc and desc, case included, is refused with 400.", _ORDER),
    Rule("order.repeated", "An order that is given twice is refused with 400.", _CHECKS),
    Rule("cursor.after", "A page starts just after the run that `after` names.", _CURSORS, _TWO),
    Rule(
        "cursor.after-ascending", "With order=asc a page starts just after the run that `after` names.", _CURSORS, _TWO
    ),
    Rule(
        "cursor.before", "A page ends just before the run that `before` names, in the requested order.", _CURSORS, _TWO
    ),
    Rule(
        "cursor.before-ascending", "With order=asc a page ends just before the run that `before` names.", _CURSORS, _TWO
    ),
    Rule("cursor.exclusive", "The run that a cursor names is not part of the page.", _CURSORS, _ONE),
    Rule("cursor.both", "With both cursors a page starts after `after` and ends before `before`.", _CURSORS, _THREE),
    Rule("cursor.reversed", "A window whose ends stand the wrong way round is an empty page.", _CURSORS, _TWO),
    Rule("cursor.end", "After the last run and before the first one comes an empty page.", _CURSORS, _ONE),
    Rule("cursor.unknown", "A cursor that names no run is refused with 404 or 400.", _CURSORS),
    Rule("cursor.foreign", "A cursor that names a run of another thread is refused with 404 or 400.", _CURSORS, _OTHER),
    Rule(
        "cursor.whole", "A cursor is compared whole: cut, extended or in another case it names no run.", _CURSORS, _ONE
    ),
    Rule(
        "cursor.malformed",
        "A cursor that cannot be the id of a run is refused with 400.",
        "openapi.yaml, schema `RunId`",
    ),
    Rule("cursor.empty", "An empty cursor is refused with 400.", "openapi.yaml, schema `RunId`"),
    Rule("cursor.repeated", "A cursor that is given twice is refused with 400.", _CHECKS, _TWO),
    Rule("has_more.first", "has_more of the first page says whether runs follow it.", _CURSORS, _ONE),
    Rule("has_more.after", "has_more of a later page says whether runs follow it.", _CURSORS, _TWO),
    Rule("has_more.exact", "has_more is false on a last page that is full.", _CURSORS, _ONE),
    Rule("has_more.before", "With `before` alone has_more says whether runs precede the page.", _CURSORS, _TWO),
    Rule(
        "has_more.both", "With both cursors has_more says whether runs of the window follow the page.", _CURSORS, _THREE
    ),
    Rule("has_more.empty", "has_more of an empty page is false.", _PAGE),
    Rule("ids.first", "first_id is the id of the first run of the page.", _RECORDED_PAGES, _ONE),
    Rule("ids.last", "last_id is the id of the last run of the page.", _RECORDED_PAGES, _ONE),
    Rule("ids.empty", "first_id and last_id of an empty page are null.", _RECORDED_PAGES, _EMPTY),
    Rule("data.walk", "Pages of any size, walked forwards, together hold every run once.", _CURSORS, _TWO),
    Rule("data.walk-back", "Pages walked backwards with `before` together hold every run once.", _CURSORS, _TWO),
    Rule("data.duplicates", "No run stands twice in a page.", _PAGE, _TWO),
    Rule(
        "data.own-thread",
        "Every run of a page belongs to the thread that was asked for.",
        "openapi.yaml, schema `Run`",
        _ONE,
    ),
    Rule(
        "data.same-run",
        "A run reads the same on every page; only one on its way may change.",
        "openapi.yaml, schema `Run`",
        _ONE,
    ),
    Rule("data.stable", "The same read gives the same page, unless the thread has changed.", _CURSORS, _ONE),
    Rule("data.given", "Every thread that exists can be read, whether it has runs or not.", _PAGE),
    Rule("data.empty", "A thread without runs is an empty page.", _PAGE, _EMPTY),
    Rule("auth.required", "A request without a key is answered 401.", _AUTH),
    Rule("auth.every-read", "Every kind of read asks for the key, also just after it was read with one.", _AUTH),
    Rule("auth.head", "HEAD asks for the key.", _AUTH),
    Rule("auth.wrong-key", "A wrong key is answered 401.", _AUTH),
    Rule("auth.whole-key", "A key is compared whole, case included.", _AUTH),
    Rule("auth.scheme", "Only the bearer scheme is accepted.", _AUTH),
    Rule("auth.scheme-case", "The name of the bearer scheme ignores case.", f"{_AUTH}; RFC 9110, section 11.1"),
    Rule("auth.elsewhere", "A key in a query, a cookie or another header is no credential.", _AUTH),
    Rule("auth.unknown-thread", "Without a key a known and an unknown thread cannot be told apart.", _CHECKS),
    Rule("auth.challenge", "A 401 names its scheme in WWW-Authenticate.", _AUTH, "a server that answers 401"),
    Rule(
        "auth.not-echoed", "No answer repeats a key, right or wrong.", "openapi.yaml, schema `ErrorDetail`, `message`"
    ),
    Rule("beta.required", "A request without the beta header is answered 400.", _BETA),
    Rule("beta.version", "Another version in the beta header is answered 400.", _BETA),
    Rule("beta.whole", "The value of the beta header is compared whole, case included.", _BETA),
    Rule("beta.name-case", "The names of request headers ignore case.", "RFC 9110, section 5.1"),
    Rule("protocol.answers", "Every request is answered, and answered whole.", "RFC 9112"),
    Rule("protocol.status", "Only documented status codes are sent.", "openapi.yaml, responses"),
    Rule("protocol.server-error", "No request makes the server fail.", "openapi.yaml, response 5XX"),
    Rule("protocol.content-type", "Bodies are declared as application/json, in UTF-8 if in any charset.", _JSON),
    Rule(
        "protocol.json", "Bodies are one JSON value in UTF-8, without duplicate keys, NaN or anything after it.", _JSON
    ),
    Rule("protocol.framing", "Content-Length is the length of the body.", "RFC 9112, section 6"),
    Rule("protocol.coding", "A body is only coded in a way that was offered, and decodes.", "RFC 9110, section 8.4"),
    Rule("protocol.headers", "Documented response headers have documented values.", "openapi.yaml, headers"),
    Rule("protocol.unknown-parameters", "Parameters that are not documented are ignored.", _CHECKS),
    Rule("protocol.encoded-path", "A percent-encoded letter in a path is that letter.", "RFC 3986, section 6.2.2.2"),
    Rule(
        "protocol.conditional", "A condition on a page that never was does not stop the page.", "RFC 9110, section 13"
    ),
    Rule(
        "protocol.accept",
        "A page is served whatever the request says that it accepts.",
        "openapi.yaml, responses, none of which is 406",
    ),
    Rule(
        "protocol.connections",
        "A connection that closes after each answer serves as well as one that stays.",
        "RFC 9112",
    ),
    Rule(
        "protocol.request-id",
        "No two answers carry the same x-request-id.",
        "openapi.yaml, header `x-request-id`",
        "a server that sends x-request-id",
        Severity.ADVICE,
    ),
    Rule("error.shape", "An error is an object with message, type, param and code.", _ERRORS),
    Rule(
        "error.type",
        "The type of a refused request is invalid_request_error.",
        f"{_ERRORS}, with this type",
        _ERRS,
        Severity.ADVICE,
    ),
    Rule("error.param", "`param` names the parameter at fault, and is null if none is.", _ERRORS, _ERRS),
    Rule("error.unknown-thread", "An unknown thread is answered 404.", "openapi.yaml, response 404; recorded"),
    Rule(
        "error.odd-thread",
        "An id that is odd, long or nearly right names no thread: 404 or 400.",
        "openapi.yaml, schema `ThreadId`",
    ),
    Rule(
        "error.message",
        "The message of a 404 names the thread.",
        "recorded: \"No thread found with id 'thread_...'.\"",
        needs=_ERRS,
        severity=Severity.ADVICE,
    ),
    Rule(
        "error.code",
        "The code of a wrong key is invalid_api_key, of a missing beta header invalid_beta.",
        "openapi.yaml, examples of responses 400 and 401",
        _ERRS,
        severity=Severity.ADVICE,
    ),
    Rule("method.head", "HEAD is answered with the status and headers of GET.", "RFC 9110, section 9.3.2"),
    Rule("method.head-body", "The answer to HEAD has no body.", "RFC 9110, section 9.3.2"),
    Rule("method.refused", "Other methods are answered 405.", _CHECKS),
    Rule("method.allow", "A 405 names the methods in Allow, GET among them.", "RFC 9110, section 15.5.6"),
    Rule("method.allow-truth", "Allow names no method that is answered 405.", "RFC 9110, section 10.2.1"),
    Rule("method.post", "A POST whose body is no JSON is refused.", _CHECKS),
    Rule(
        "generated.answers",
        "No generated request makes a schemathesis check fail.",
        "openapi.yaml, as schemathesis reads it",
    ),
]


RULES: dict[str, Rule] = {rule.id: rule for rule in _OWN} | {
    f"run.{rule.id}": Rule(f"run.{rule.id}", rule.says, rule.source, _VALID) for rule in RUN_RULES
}
"""Every rule by its id, in the order in which they are reported."""
