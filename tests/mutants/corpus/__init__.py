"""The corpus that the contract check is held to.

The check has to find every fault here and every fault of ``threadruns.testing``, and must not report a variation of
either. A module of faults is named after the group of rules that has to find them. ``python -m tests.mutants`` runs the
check against all of them.
"""

from __future__ import annotations

from tests.mutants.corpus import (
    auth,
    beta,
    cursor,
    data,
    error,
    has_more,
    ids,
    limit,
    method,
    order,
    protocol,
    schema,
    variations,
)
from threadruns.testing.faults import FAULTS as PACKAGE_FAULTS
from threadruns.testing.mutations import collect
from threadruns.testing.variations import VARIATIONS as PACKAGE_VARIATIONS

FAULTS = {
    **PACKAGE_FAULTS,
    **collect(auth, beta, cursor, data, error, has_more, ids, limit, method, order, protocol, schema),
}
"""Every fault by name."""

VARIATIONS = {**PACKAGE_VARIATIONS, **collect(variations)}
"""Every variation by name."""

MUTATIONS = {**FAULTS, **VARIATIONS}
"""Both, as the catalogue of a server."""

PACKAGE_GROUPS = {
    "after-ignored": "cursor",
    "after-inclusive": "cursor",
    "bare-array": "schema",
    "closes-within-headers": "protocol",
    "closes-without-response": "protocol",
    "content-length-too-large": "protocol",
    "duplicate-run-on-page": "data",
    "empty-body": "protocol",
    "errors-in-html": "error",
    "errors-without-body": "error",
    "gzip-header-only": "protocol",
    "has-more-always-false": "has_more",
    "has-more-always-true": "has_more",
    "has-more-false-after": "has_more",
    "has-more-missing": "schema",
    "ids-null": "ids",
    "invalid-chunk-size": "protocol",
    "invalid-status-line": "protocol",
    "limit-ignored": "limit",
    "missing-last-chunk": "protocol",
    "null-run": "schema",
    "page-reversed": "order",
    "repeats-last-run": "data",
    "trailing-comma": "protocol",
    "truncated-body": "protocol",
    "utf-16-body": "protocol",
}
"""The group of rules that has to find a fault of the package; "transport" for all others."""

GROUPS = {
    name: PACKAGE_GROUPS.get(name, "transport") if name in PACKAGE_FAULTS else fault.group
    for name, fault in FAULTS.items()
}
"""The group of each fault by name."""
