"""The rules of the contract as data, each with its source.

The group of a rule is the part of its id before the dot. The rules over one run come from ``threadruns._run_rules``.
"""

from __future__ import annotations

from threadruns._run_rules import RUN_RULES
from threadruns.contract.bounds import DEFAULT_LIMIT, MAX_LIMIT, MIN_LIMIT
from threadruns.contract.rules.needs import NEEDS, describe_needs
from threadruns.contract.rules.rule import Rule, Severity
from threadruns.contract.rules.sources import SOURCES

_ANY = "a thread that the key can read"
_ONE = "a thread with a run"
_TWO = "a thread of two runs or more"
_THREE = "a thread of three runs or more"
_TIES = "a thread with several runs created in the same second"
_DEFAULT = f"a thread of more than {DEFAULT_LIMIT} runs"
_LARGEST = f"a thread of more than {MAX_LIMIT} runs"
_EMPTY = "a thread without runs"
_OTHER = "two threads with runs"
_API = "a server that rejects other methods itself, with no gateway that does so in its place"
_SECRET = "a key of at least eight characters that is not a placeholder such as `undefined`"
_ERRS = "a server whose errors have the documented form"


def _rule(name: str, description: str, requires: str = _ANY, severity: Severity = Severity.DEPARTURE) -> Rule:
    return Rule(name, description, SOURCES[name], requires, severity)


_SERVER_RULES = (
    _rule("schema.envelope", "A page is an object with object, data, first_id, last_id and has_more."),
    _rule("schema.run", "Every run has the documented keys, types and values.", _ONE),
    *(
        _rule(rule, f"A run {needs[0].description} has the documented keys, types and values.", describe_needs(needs))
        for rule, needs in NEEDS.items()
        if rule.startswith("schema.")
    ),
    _rule("schema.integer", "Timestamps and counts are written as integers: 1, not 1.0.", _ONE),
    _rule("schema.unknown-key", "Runs have no key that the document does not name.", _ONE, Severity.VARIATION),
    _rule("limit.respected", "A page has no more runs than the limit.", _TWO),
    _rule("limit.filled", "A page is full as long as there are enough runs.", _TWO),
    _rule("limit.default", f"Without a limit, a page has up to {DEFAULT_LIMIT} runs.", _DEFAULT),
    _rule("limit.largest", f"With a limit of {MAX_LIMIT}, a page has up to {MAX_LIMIT} runs.", _LARGEST),
    _rule(
        "limit.range",
        f"A limit of {MIN_LIMIT} is accepted; a limit below {MIN_LIMIT} or above {MAX_LIMIT} is rejected with 400.",
    ),
    _rule("limit.integer", "A limit that is not an integer is rejected with 400."),
    _rule(
        "limit.spelling",
        "A limit with an unusual spelling, such as +5 or 05, is rejected or read as that number.",
        _TWO,
    ),
    _rule("limit.repeated", "A repeated limit is rejected with 400."),
    _rule("order.default", "Without an order, the newest runs come first.", _TWO),
    _rule("order.descending", "With order=desc, the newest runs come first.", _TWO),
    _rule("order.ascending", "With order=asc, the oldest runs come first.", _TWO),
    _rule("order.reverse", "The ascending order is the exact reverse of the descending order.", _TWO),
    _rule("order.ties", "Runs created in the same second have the same order in every response.", _TIES),
    _rule("order.values", "An order other than asc and desc is rejected with 400; case matters."),
    _rule("order.repeated", "A repeated order is rejected with 400."),
    _rule("cursor.after", "A page starts immediately after the run that `after` names.", _TWO),
    _rule(
        "cursor.after-ascending", "With order=asc, a page starts immediately after the run that `after` names.", _TWO
    ),
    _rule("cursor.before", "A page ends immediately before the run that `before` names, in the requested order.", _TWO),
    _rule(
        "cursor.before-ascending", "With order=asc, a page ends immediately before the run that `before` names.", _TWO
    ),
    _rule("cursor.exclusive", "A page does not contain the run that its cursor names.", _ONE),
    _rule("cursor.both", "With both cursors, a page lies between `after` and `before`.", _THREE),
    _rule("cursor.reversed", "If `before` does not follow `after`, the page is empty.", _TWO),
    _rule("cursor.end", "The page after the last run and the page before the first run are empty.", _ONE),
    _rule("cursor.unknown", "A cursor that names no run is rejected with 404 or 400."),
    _rule("cursor.foreign", "A cursor that names a run of another thread is rejected with 404 or 400.", _OTHER),
    _rule("cursor.whole", "A cursor names a run only by its complete id; case matters.", _ONE),
    _rule("cursor.malformed", "A cursor that cannot be the id of a run is rejected with 400."),
    _rule("cursor.empty", "An empty cursor is rejected with 400."),
    _rule("cursor.repeated", "A repeated cursor is rejected with 400.", _TWO),
    _rule("has_more.first", "has_more of the first page tells whether more runs follow.", _ONE),
    _rule("has_more.after", "has_more of a later page tells whether more runs follow.", _TWO),
    _rule("has_more.exact", "has_more of the last page is false, also if that page is full.", _ONE),
    _rule("has_more.before", "With `before` only, has_more tells whether runs precede the page.", _TWO),
    _rule("has_more.both", "With both cursors, has_more tells whether runs lie between the page and `before`.", _THREE),
    _rule("has_more.empty", "has_more of an empty page is false."),
    _rule("ids.first", "first_id is the id of the first run of the page.", _ONE),
    _rule("ids.last", "last_id is the id of the last run of the page.", _ONE),
    _rule("ids.empty", "first_id and last_id of an empty page are null.", _EMPTY),
    _rule("data.walk", "The pages of a forward walk together contain every run once.", _TWO),
    _rule("data.walk-back", "The pages of a backward walk with `before` together contain every run once.", _TWO),
    _rule("data.duplicates", "A page contains no run more than once.", _TWO),
    _rule("data.own-thread", "Every run of a page belongs to the requested thread.", _ONE),
    _rule(
        "data.same-run",
        "A run is the same on every page; only an active run may change, and a completed one may become expired.",
        _ONE,
    ),
    _rule("data.stable", "The same request returns the same page, unless the thread changes.", _ONE),
    _rule("data.given", "Every existing thread can be read, with or without runs."),
    _rule("data.empty", "The page of a thread without runs is empty.", _EMPTY),
    _rule("auth.required", "A request without a key is rejected with 401."),
    _rule(
        "auth.every-read",
        "The key is checked for every request, also for one that follows the same request with a key.",
    ),
    _rule("auth.head", "HEAD requires the key."),
    _rule("auth.wrong-key", "A request with a wrong key is rejected with 401."),
    _rule("auth.whole-key", "Only the complete key is accepted; case matters.", _SECRET),
    _rule("auth.scheme", "Only the scheme `Bearer` is accepted."),
    _rule("auth.scheme-case", "The name of the scheme is not case-sensitive."),
    _rule("auth.elsewhere", "A key in a query, a cookie or another header is not accepted."),
    _rule(
        "auth.unknown-thread", "Without a valid key, the responses for an existing and an unknown thread are the same."
    ),
    _rule("auth.challenge", "The WWW-Authenticate header of a 401 names the scheme.", "a server that responds 401"),
    _rule("auth.not-echoed", "No response contains the key that its request sent, valid or wrong.", _SECRET),
    _rule("beta.required", "A request without the beta header is rejected with 400."),
    _rule("beta.version", "Another version in the beta header is rejected with 400."),
    _rule("beta.whole", "Only the complete value of the beta header is accepted; case matters."),
    _rule("beta.name-case", "The names of request headers are not case-sensitive."),
    _rule("protocol.answers", "Every request gets a complete response."),
    _rule("protocol.status", "Only documented status codes are sent."),
    _rule("protocol.server-error", "No request causes a server error."),
    _rule("protocol.content-type", "Content-Type is application/json; its charset, if any, is UTF-8."),
    _rule("protocol.json", "A body is one JSON value in UTF-8, without duplicate keys or NaN."),
    _rule("protocol.framing", "Content-Length is the length of the body."),
    _rule("protocol.coding", "Content-Encoding is one that the request accepts, and the body is encoded with it."),
    _rule("protocol.headers", "Documented response headers have documented values."),
    _rule("protocol.unknown-parameters", "Undocumented parameters are ignored."),
    _rule("protocol.encoded-path", "A percent-encoded letter is equal to the letter."),
    _rule("protocol.conditional", "A request with an unknown tag in If-None-Match gets the page."),
    _rule("protocol.accept", "The page is sent as JSON whatever the Accept header lists."),
    _rule("protocol.request-type", "A GET has the same response with and without Content-Type: application/json."),
    _rule("protocol.connections", "A request with Connection: close gets the page like any other."),
    _rule(
        "protocol.request-id",
        "No two responses have the same x-request-id.",
        "a server that sends x-request-id",
        Severity.ADVICE,
    ),
    _rule("error.shape", "An error is an object with message, type, param and code."),
    _rule("error.type", "The error type of a rejected request is invalid_request_error.", _ERRS, Severity.ADVICE),
    _rule("error.param", "`param` names the invalid parameter; it is null if no parameter is invalid.", _ERRS),
    _rule("error.unknown-thread", "A request for an unknown thread gets 404."),
    _rule("error.odd-thread", "An unusual, long or nearly correct thread id is rejected with 404 or 400."),
    _rule("error.message", "The message of a 404 names the thread.", _ERRS, Severity.ADVICE),
    _rule(
        "error.code",
        "The error code is invalid_api_key for a wrong key, invalid_beta for a missing beta header.",
        _ERRS,
        Severity.ADVICE,
    ),
    _rule("method.head", "The response to HEAD has the status and headers of GET."),
    _rule("method.head-body", "The response to HEAD has no body."),
    _rule("method.refused", "Methods other than GET, HEAD, OPTIONS and POST are rejected with 405.", _API),
    _rule("method.allow", "The Allow header of a 405 lists the methods of the path, including GET.", _API),
    _rule("method.allow-truth", "Allow lists no method that is rejected with 405.", _API),
    _rule("method.post", "A POST with invalid JSON is rejected.", _API),
    _rule("generated.answers", "The responses to generated requests pass the checks of schemathesis."),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in _SERVER_RULES} | {
    f"run.{rule.id}": Rule(
        f"run.{rule.id}",
        rule.description,
        rule.source,
        describe_needs(NEEDS[f"run.{rule.id}"]),
        Severity.ADVICE if rule.is_advice else Severity.DEPARTURE,
    )
    for rule in RUN_RULES
}
"""The rules by id, in the order of the report."""
