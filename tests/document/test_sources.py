"""The source of each rule leads to words of the document."""

from __future__ import annotations

import re
from typing import Any

import pytest

from threadruns._document import PATH, document
from threadruns.contract.rules.catalogue import RULES
from threadruns.contract.rules.rule import Rule
from threadruns.contract.rules.sources import SOURCES

DOCUMENT = document()
GET = DOCUMENT["paths"][PATH]["get"]
SOURCE = re.compile(r'openapi\.yaml, ([^"]+): "([^"]+)"(?=$|; )')


def section(heading: str) -> str:
    """Return the text of a section of the introduction."""
    sections = re.split(r"^### (.+)$", DOCUMENT["info"]["description"], flags=re.MULTILINE)
    return dict(zip(sections[1::2], sections[2::2], strict=True))[heading]


def follow(node: Any) -> Any:
    """Return a node of the document, or what it refers to."""
    while "$ref" in node and "description" not in node:
        target = DOCUMENT
        for token in node["$ref"].split("/")[1:]:
            target = target[token]
        node = target
    return node


def text_of(place: str) -> str:
    """Return the text at a place that a source names.

    Raises:
        KeyError: The document has no such place.
    """
    schemas = DOCUMENT["components"]["schemas"]
    if found := re.fullmatch(r"\*(.+)\*", place):
        return section(found[1])
    if place == "operation":
        return str(GET["description"])
    if found := re.fullmatch(r"parameter `(.+)`", place):
        return str(next(spec for spec in GET["parameters"] if spec["name"] == found[1])["description"])
    if found := re.fullmatch(r"header `(.+)` of response (\w+)", place):
        return str(follow(GET["responses"][found[2]]["headers"][found[1]])["description"])
    if found := re.fullmatch(r"response (\w+)", place):
        return str(GET["responses"][found[1]]["description"])
    if found := re.fullmatch(r"security scheme `(.+)`", place):
        return str(DOCUMENT["components"]["securitySchemes"][found[1]]["description"])
    if found := re.fullmatch(r"schema `(\w+)\.(\w+)`", place):
        return str(follow(schemas[found[1]]["properties"][found[2]])["description"])
    if found := re.fullmatch(r"schema `(\w+)`", place):
        return str(schemas[found[1]]["description"])
    raise KeyError(place)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_source_leads_to_words_of_the_document(rule: Rule) -> None:
    """The document has the place that a source names, and the place has the words that the source quotes."""
    found = SOURCE.match(rule.source)
    assert found, rule.source
    assert found[2] in " ".join(text_of(found[1]).split())


def test_every_source_is_that_of_a_rule() -> None:
    """No source is left over from a rule that is gone."""
    assert SOURCES.keys() == {name for name in RULES if not name.startswith("run.")}


def test_a_source_claims_every_recording_only_of_captured_runs() -> None:
    """A rule over one run says "every" only of runs that were captured; the others say what was recorded."""
    for rule in RULES.values():
        support = SOURCE.sub("", rule.source)
        if "every" in support:
            assert re.search(r"every (captured|recorded)", support), rule.source
