"""The changes of addresses and credentials."""

from __future__ import annotations

from collections.abc import Iterator

from _compare.changes import Change, canonical
from _compare.located import Located


def servers(old: Located, new: Located) -> Iterator[Change]:
    """Yield changes of the addresses; a document without addresses has one, `/`."""
    addresses = []
    for part in (old, new):
        listed = part.node.get("servers") or ([{"url": "/"}] if not part.pointer else [])
        addresses.append({server["url"]: (index, server.get("variables", {})) for index, server in enumerate(listed)})
    for url in dict.fromkeys([*addresses[0], *addresses[1]]):
        if url not in addresses[1]:
            yield old.change(f"the address {url} is removed", "servers", addresses[0][url][0], callers=True)
        elif url not in addresses[0]:
            yield new.change(f"the address {url} is added", "servers", addresses[1][url][0])
        elif canonical(addresses[0][url][1]) != canonical(addresses[1][url][1]):
            text = f"the variables of the address {url} are changed"
            yield new.change(text, "servers", addresses[1][url][0], "variables", callers=True)


def security(old: Located, new: Located, old_root: Located, new_root: Located) -> Iterator[Change]:
    """Yield changes of the credentials: each alternative is a set of schemes with their scopes."""
    before, after = (_requirements(part, root) for part, root in ((old, old_root), (new, new_root)))

    def satisfies(sent: frozenset[tuple[str, str]], required: frozenset[tuple[str, str]]) -> bool:
        return required <= sent

    for label, sent in before.items():
        if not any(satisfies(sent, required) for required in after.values()):
            yield new.change(f"a request with {label} is no longer accepted", "security", callers=True)
    for label, sent in after.items():
        if not any(satisfies(sent, required) for required in before.values()):
            yield new.change(f"a request with {label} is accepted", "security", servers=True)


def _requirements(operation: Located, root: Located) -> dict[str, frozenset[tuple[str, str]]]:
    listed = operation.node.get("security", root.node.get("security")) or [{}]
    found = {}
    for requirement in listed:
        parts: set[tuple[str, str]] = set()
        labels = []
        for name, scopes in requirement.items():
            scheme = root.child("components", "securitySchemes", name).node
            described = {
                key: value.lower() if key == "scheme" and isinstance(value, str) else value
                for key, value in scheme.items()
                if key not in ("description", "bearerFormat") and not key.startswith("x-")
            }
            parts |= {(canonical(described), scope) for scope in ["", *scopes]}
            labels.append(" ".join([name, *scopes]))
        found[" and ".join(labels) or "no credentials"] = frozenset(parts)
    return found
