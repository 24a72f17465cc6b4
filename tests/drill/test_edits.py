"""Quick tests of the change drill; ``tox -e drill`` runs the drill itself."""

from __future__ import annotations

import pytest

import generate
from tests.drill import probes
from tests.drill.edits import EDITS, Edit
from tests.support import unknown

DOCUMENT = generate.DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("edit", EDITS, ids=[edit.name for edit in EDITS])
def test_edits_apply(edit: Edit) -> None:
    """The patch of an edit applies to the document as it is, and changes it; the probes of the edit exist."""
    text = DOCUMENT
    for old, new in edit.patch:
        assert old in text
        text = text.replace(old, new)
    assert text != DOCUMENT
    assert all(hasattr(probes, name) for name in edit.probes)


def test_enough_edits() -> None:
    """There are at least 16 edits, all with names of their own."""
    assert len({edit.name for edit in EDITS}) == len(EDITS) >= 16


def test_unknown_names_are_unknown() -> None:
    """The document has none of the names and values that tests use as unknown ones."""
    names = {name: value for name, value in vars(unknown).items() if name.isupper()}
    assert len(set(names.values())) == len(names) >= 5
    assert not [value for value in names.values() if value in DOCUMENT]
