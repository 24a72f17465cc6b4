"""A document rewritten to what openapi-python-client reads without loss, or the reasons why that is impossible.

The generator drops or misreads many features of OpenAPI: parameters of a path, references to parameters, constants in
headers, discriminators, and others. They are resolved here, once, so that the generator and the templates see one form
of everything. What cannot be resolved is reported and not generated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from _document.problems import Problem
from _document.source import Json, Pointer
from _simplify.discriminators import Tagged
from _simplify.operations import OperationInfo, Operations
from _simplify.schemas import Schemas


@dataclass
class Simplified:
    """A rewritten document.

    Attributes:
        document: The document for the generator.
        operations: The OperationInfo by function name.
        keys: The keys of each object by attribute, by class name.
        tagged: The unions with a discriminator, by the class names of their variants.
        places: The places in the document, by class name.
        problems: The parts that cannot be generated.
    """

    document: dict[str, Any]
    operations: dict[str, OperationInfo]
    keys: dict[str, dict[str, str]]
    tagged: dict[frozenset[str], Tagged]
    places: dict[str, Pointer]
    problems: list[Problem]


def simplify(raw: Json) -> Simplified:
    """Rewrite a document.

    Args:
        raw: A document without problems.
    """
    problems: list[Problem] = []
    schemas = Schemas(raw, lambda pointer, sentence: problems.append(Problem(pointer, sentence)))
    rewriter = Operations(raw, schemas, problems)
    paths = rewriter.paths()
    schemas.complete()
    classes = schemas.classes
    document = {
        "openapi": "3.1.0",
        "info": {key: raw["info"][key] for key in ("title", "version")},
        "paths": paths,
        "components": {"schemas": classes.components},
    }
    return Simplified(document, rewriter.operations, classes.keys, schemas.tagged, classes.places, problems)
