"""What a search that was cut short keeps, and the next one goes on from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlwright.data.table import Table
from mlwright.flows.unfinished import Unfinished
from mlwright.train.portfolio import DUMMY, LINEAR, PORTFOLIO
from mlwright.train.progress import Silent
from mlwright.train.records import Configuration, Look, Plan, SearchResult
from mlwright.train.search import search
from mlwright.train.task import infer_task


def few(configuration: Configuration) -> Configuration:
    return replace(configuration, parameters={**configuration.parameters, "trees": 8})


PLAN = Plan(
    (DUMMY, LINEAR, few(PORTFOLIO[2]), few(PORTFOLIO[4])),
    600,
    2,
    0,
    0,
    1,
    7,
    1.0,
    "test",
    {},
    looks=(Look(200, 1, 2),),
    mutations=2,
    members=3,
    fits=2,
)


class Interrupted(Silent):
    """Is interrupted after so many pieces of work."""

    def __init__(self, pieces: int) -> None:
        self.left = pieces

    def advance(self, text: str) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


class Counted:
    """A memory that counts what is asked of it."""

    def __init__(self, memory: Unfinished) -> None:
        self.memory = memory
        self.found = 0

    def recall(self, name: str) -> bytes | None:
        content = self.memory.recall(name)
        self.found += content is not None
        return content

    def keep(self, name: str, content: bytes) -> None:
        self.memory.keep(name, content)


@pytest.fixture(scope="module")
def table() -> Table:
    drawn = np.random.default_rng(3)
    a, b = drawn.normal(size=(2, 600))
    y = (np.abs(a) + np.abs(b) + 0.3 * drawn.normal(size=600) > 1.5).astype(int)
    frame = pl.DataFrame({"a": a, "b": b, "y": y})
    return Table(frame, pl.Series([f"r{place}" for place in range(600)]))


def searched(table: Table, memory: Counted, progress: Silent) -> SearchResult:
    task = infer_task(table.frame, "y", None, None)
    return search(
        table,
        None,
        task,
        PLAN,
        (),
        interpretable_within=0.0,
        progress=progress,
        memory=memory,
    )


def test_a_search_cut_short_goes_on_where_it_was_and_ends_the_same(
    table: Table, tmp_path: Path
) -> None:
    folder = Unfinished(tmp_path / "unfinished").at("sha256:step")
    with pytest.raises(KeyboardInterrupt):
        searched(table, Counted(folder), Interrupted(5))
    resumed = Counted(folder)

    result = searched(table, resumed, Silent())

    whole = searched(table, Counted(Unfinished(tmp_path / "other")), Silent())
    assert resumed.found >= 5
    assert result == whole
    assert result.chosen.members
    Unfinished(tmp_path / "unfinished").clear()
    assert not (tmp_path / "unfinished").exists()


def test_what_is_damaged_or_of_another_step_is_not_taken_up(tmp_path: Path) -> None:
    whole = Unfinished(tmp_path)
    step = whole.at("sha256:one")
    step.keep("round", b"content")
    assert step.recall("round") == b"content"

    file = tmp_path / "one" / "round"
    file.write_bytes(file.read_bytes()[:-1])

    assert step.recall("round") is None
    assert whole.at("sha256:two").recall("round") is None
    assert step.recall("never kept") is None
