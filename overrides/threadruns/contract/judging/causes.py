"""The causes of failures: a cause is one fault of the server, which may break several rules.

A cause that is established by one confirmed failure explains others. These are reported under it, and need not be
confirmed one by one. The causes are in the order of the report, worst first; a failure is reported under the first one
that explains it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from fnmatch import fnmatchcase

from attrs import frozen

from threadruns.contract.http.request import BEARER
from threadruns.contract.judging.finding import Finding

OK = (200,)
CLIENT_ERRORS = range(400, 500)
SERVER_ERRORS = range(500, 600)
ERRORS = range(400, 600)


@frozen
class Sign:
    """The failures of some rules.

    Attributes:
        rules: The ids of the rules, with ``*`` for any characters.
        statuses: The statuses of the response; None for any.
        condition: A further condition, if any.
    """

    rules: tuple[str, ...]
    statuses: Collection[int] | None = None
    condition: Callable[[Finding], bool] | None = None

    def fits(self, finding: Finding) -> bool:
        """Tell whether a failure is such a sign."""
        return (
            any(fnmatchcase(finding.rule, rule) for rule in self.rules)
            and (self.statuses is None or finding.exchange.status in self.statuses)
            and (self.condition is None or self.condition(finding))
        )


@frozen
class Cause:
    """A cause of failures.

    Attributes:
        id: The name of the cause.
        description: The cause as a sentence; ``{status}`` stands for the status of the response.
        shown_by: The failures that establish it.
        explains: All failures that it explains, besides those that establish it.
    """

    id: str
    description: str
    shown_by: Sign
    explains: tuple[Sign, ...] = ()

    def describe(self, findings: Iterable[Finding]) -> str:
        """Return the description with the statuses of the failures that establish the cause."""
        statuses = sorted({finding.exchange.status for finding in findings})
        return self.description.format(status=" or ".join(map(str, statuses)))

    def accounts_for(self, finding: Finding) -> bool:
        """Tell whether the cause, if it is established, explains a failure."""
        return self.shown_by.fits(finding) or any(sign.fits(finding) for sign in self.explains)


def _has_wrong_credentials(finding: Finding) -> bool:
    return finding.exchange.request.authorization != BEARER


def _has_query(finding: Finding) -> bool:
    return bool(finding.exchange.request.query) and not _has_wrong_credentials(finding)


def _has_no_cursor(finding: Finding) -> bool:
    return not {"after", "before"} & {name for name, _ in finding.exchange.request.query}


def _names_schema(finding: Finding) -> bool:
    return "schema" in (finding.problem or "")


def _lacks_keys(finding: Finding) -> bool:
    """Tell whether a failure of the envelope is not just a wrong value of has_more, first_id or last_id."""
    return not (finding.problem or "").startswith(("has_more: ", "first_id: ", "last_id: "))


def _is_head(finding: Finding) -> bool:
    return finding.exchange.request.method == "HEAD"


_CREDENTIALS = (
    *("auth.required", "auth.every-read", "auth.head", "auth.wrong-key", "auth.whole-key", "auth.scheme"),
    *("auth.elsewhere", "auth.unknown-thread"),
)
_LIMITS = ("limit.range", "limit.integer", "limit.spelling", "limit.repeated")
_ORDERS = ("order.values", "order.repeated")
_CURSORS = ("cursor.unknown", "cursor.foreign", "cursor.whole", "cursor.malformed", "cursor.empty", "cursor.repeated")
_INVALID = (*_LIMITS, *_ORDERS, *_CURSORS)
_WALKS = ("data.walk", "data.walk-back")

CAUSES = (
    Cause("server-errors", "Some requests cause a server error.", Sign(("*",), SERVER_ERRORS)),
    Cause(
        "incomplete-responses",
        "Responses are not complete HTTP messages.",
        Sign(("protocol.answers", "protocol.framing", "protocol.coding")),
    ),
    Cause("key-repeated", "Responses repeat the key.", Sign(("auth.not-echoed",))),
    Cause(
        "no-authentication",
        "No key is needed.",
        Sign(("auth.required",), OK),
        (Sign(_CREDENTIALS, (200, 404)), Sign(("auth.unknown-thread", "auth.challenge"))),
    ),
    Cause("any-key", "Any key is accepted.", Sign(("auth.wrong-key",), OK), (Sign(_CREDENTIALS, OK),)),
    Cause("other-credentials", "Credentials other than the complete key are accepted.", Sign(_CREDENTIALS, OK)),
    Cause(
        "status-of-wrong-credentials",
        "Wrong credentials get {status} instead of 401.",
        Sign(_CREDENTIALS, CLIENT_ERRORS),
        (Sign(("protocol.status", "auth.challenge"), CLIENT_ERRORS, _has_wrong_credentials),),
    ),
    Cause(
        "threads-mixed-up",
        "Threads are not told apart: unknown ones are served, or runs of other threads.",
        Sign(("error.unknown-thread", "error.odd-thread"), OK),
        (Sign(("data.own-thread", "cursor.foreign"), OK),),
    ),
    Cause(
        "another-envelope",
        "The object around the runs has another form.",
        Sign(("schema.envelope",), None, _lacks_keys),
        (
            Sign(("ids.*", "has_more.*", "data.empty", "data.given", *_WALKS), OK),
            Sign(("generated.answers",), OK, _names_schema),
        ),
    ),
    Cause(
        "limit-ignored",
        "Pages do not have the size that `limit` asks for.",
        Sign(("limit.respected", "limit.filled", "limit.default", "limit.largest"), OK),
        (Sign(("limit.*",), OK), Sign(("has_more.first", "has_more.exact", *_WALKS), OK)),
    ),
    Cause(
        "another-order",
        "Runs are not in the order that `order` asks for.",
        Sign(
            ("order.default", "order.descending", "order.ascending", "order.reverse", "order.ties"), OK, _has_no_cursor
        ),
        (
            Sign(("order.*",), OK),
            Sign((*_WALKS, "cursor.after*", "cursor.before*", "cursor.both", "cursor.reversed", "cursor.end"), OK),
        ),
    ),
    Cause(
        "cursors-ignored",
        "Pages are not those that `after` and `before` ask for.",
        Sign(
            ("cursor.after", "cursor.before", "cursor.*-ascending", "cursor.exclusive", "cursor.both", "cursor.end"), OK
        ),
        (
            Sign(("cursor.*",), OK),
            Sign((*_WALKS, "has_more.after", "has_more.before", "has_more.both", "limit.filled"), OK),
            Sign(("order.*",), OK, lambda finding: not _has_no_cursor(finding)),
        ),
    ),
    Cause(
        "wrong-has-more",
        "has_more does not tell whether more runs follow.",
        Sign(("has_more.*",), OK),
        (Sign((*_WALKS, "schema.envelope", "data.empty"), OK), Sign(("generated.answers",), OK, _names_schema)),
    ),
    Cause(
        "wrong-ids",
        "first_id and last_id do not name the ends of the page.",
        Sign(("ids.*",), OK),
        (Sign(("schema.envelope",), OK), Sign(("generated.answers",), OK, _names_schema)),
    ),
    Cause(
        "other-runs",
        "Runs have another form.",
        Sign(("schema.run*", "schema.integer", "schema.unknown-key", "run.*"), OK),
        (Sign(("generated.answers",), OK, _names_schema),),
    ),
    Cause("wrong-data", "Pages lose, repeat or change runs.", Sign(("data.*",))),
    Cause(
        "beta-header-ignored",
        "The OpenAI-Beta header is not read.",
        Sign(("beta.required", "beta.version", "beta.whole"), OK),
    ),
    Cause("beta-header-misread", "The OpenAI-Beta header is judged in another way.", Sign(("beta.*",))),
    Cause(
        "invalid-parameters-accepted",
        "Invalid parameters are accepted.",
        Sign(_INVALID, OK),
        (Sign(("generated.answers",), OK),),
    ),
    Cause(
        "status-of-invalid-parameters",
        "Invalid parameters get {status} instead of 400.",
        Sign(_INVALID, CLIENT_ERRORS),
        (
            Sign(("protocol.status", "generated.answers"), CLIENT_ERRORS, _has_query),
            Sign(("protocol.unknown-parameters",), CLIENT_ERRORS),
        ),
    ),
    Cause(
        "other-errors",
        "Errors have another form.",
        Sign(("error.*", "protocol.content-type", "protocol.json"), CLIENT_ERRORS),
        (Sign(("error.*",)), Sign(("generated.answers",), CLIENT_ERRORS)),
    ),
    Cause(
        "head",
        "The response to HEAD is not that to GET.",
        Sign(("method.head", "method.head-body")),
        (Sign(("auth.head", "beta.required", "method.allow-truth"), None, _is_head),),
    ),
    Cause("methods", "Other methods are not rejected as such.", Sign(("method.*",))),
    Cause("not-json", "Bodies are not JSON in UTF-8.", Sign(("protocol.json", "protocol.content-type"))),
)
"""The causes, worst first."""


def cause_of(finding: Finding, established: Iterable[Finding]) -> Cause | None:
    """Return the cause of a failure; None if no cause that is established explains it.

    Args:
        finding: The failure.
        established: The confirmed failures.
    """
    confirmed = list(established)
    return next(
        (cause for cause in CAUSES if cause.accounts_for(finding) and any(map(cause.shown_by.fits, confirmed))), None
    )
