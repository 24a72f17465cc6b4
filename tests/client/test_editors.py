"""Completion in editors and notebooks: jedi, which pylsp, Spyder and IPython ask."""

from __future__ import annotations

from pathlib import Path

import jedi
import pytest

CODE = """
import threadruns
from threadruns import AsyncClient, Client

client = Client()
page = client.runs.list("thread_a")
for run in page:
    pass
async def main():
    asynchronous = AsyncClient()
    pager = asynchronous.runs.list("thread_a")
    first = await pager
    async for each in pager:
        {}
"""


@pytest.fixture(autouse=True)
def _cache_outside_the_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder: Path = tmp_path_factory.getbasetemp() / "jedi"
    monkeypatch.setattr(jedi.settings, "cache_directory", str(folder))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("threadruns.Cli", "Client"),
        ("threadruns.write_c", "write_csv"),
        ("threadruns.APITime", "APITimeoutError"),
        ("client.ru", "runs"),
        ("client.with_o", "with_options"),
        ("client.runs.li", "list"),
        ("client.runs.list.res", "resume_many"),
        ("page.has_n", "has_next_page"),
        ("page.get_next_page().fir", "first_id"),
        ("run.sta", "status"),
        ("page.data[0].requ", "required_action"),
        ("iter(page).tok", "token"),
        ("asynchronous.ru", "runs"),
        ("first.has_n", "has_next_page"),
        ("first.data[0].sta", "status"),
        ("each.sta", "status"),
    ],
)
def test_completion(text: str, name: str) -> None:
    """Names of the package, members of clients and pages, and fields of runs are completed."""
    code = CODE.format(text)
    line = next(number for number, line in enumerate(code.splitlines(), 1) if line.strip() == text)
    column = len(code.splitlines()[line - 1])
    assert name in [completion.name for completion in jedi.Script(code).complete(line, column)]
