"""The tables, and which rows of each are learnt from and which judge: the same for every system.

Where mlwright seals a test part of its own, its split decides for all; of a table too small for
one, two folds are made here, and each row is judged once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from mlwright.api.project import Project
from mlwright.data.ingest import read_table
from mlwright.data.records import Part
from mlwright.data.settings import DataSettings
from mlwright.data.split import make_split
from mlwright.flows.ingesting import ingest_source
from mlwright.flows.question import ask
from mlwright.flows.tables import Tables, part_of

KEY = "row_of_the_table"
FOLDS = 2
_SEALED_FROM = 2_000
_EVERY = 6


@dataclass(frozen=True, slots=True)
class Set:
    """A table and its question; ``metric`` is that of mlwright's default for the task."""

    name: str
    file: str
    target: str
    task: str
    drop: tuple[str, ...] = ()
    time: str | None = None
    every: int = 1

    @property
    def metric(self) -> str:
        """What the answers are compared by."""
        return {"binary": "auc", "multiclass": "log_loss", "regression": "rmse"}[self.task]


SETS = {
    each.name: each
    for each in (
        Set("adult", "adult.csv", "income", "binary"),
        Set("churn", "churn.csv", "Churn", "binary", drop=("customerID",)),
        Set(
            "flights",
            "flights_late.csv",
            "late",
            "binary",
            drop=("flight_id",),
            time="time_hour",
            every=_EVERY,
        ),
        # The day only counts the rows: where the rows that judge are drawn from between the others,
        # it tells a row by its neighbours. mlwright leaves it out by itself, the others would not.
        Set("rainfall", "rainfall.csv", "rain", "binary", drop=("day",)),
        Set("german", "german.csv", "credit", "binary"),
        Set("satimage", "satimage.csv", "class", "multiclass"),
        Set("spambase", "spambase.csv", "class", "binary"),
        Set("diamonds", "diamonds.csv", "price", "regression"),
        Set("bikeshare", "bikeshare.csv", "bikers", "regression", drop=("casual", "registered")),
    )
}
QUICK = ("churn", "satimage", "bikeshare")


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to learn from and rows that judge, as files every system can read.

    ``whole`` is what mlwright is given: the table it splits itself, or ``train`` again.
    """

    set: Set
    number: int
    whole: Path
    train: Path
    test: Path
    classes: tuple[str, ...]
    y: tuple[float, ...]


def folds(chosen: Set, data: Path, folder: Path) -> Iterator[Fold]:
    """Write and give the folds of a table; all but small ones have one."""
    table = _read(chosen, data)
    whole = folder / f"{chosen.name}.parquet"
    table.write_parquet(whole)
    for number, test in enumerate(_tests(chosen, table, whole, folder)):
        part = folder / f"{chosen.name}-{number}"
        part.mkdir()
        classes, coded = _coded(chosen, table)
        learnt, judged = coded.filter(~test), coded.filter(test)
        given = whole
        if len(table) < _SEALED_FROM:
            given = part / "given.parquet"
            table.filter(~test).write_parquet(given)
        learnt.write_parquet(part / "train.parquet")
        judged.write_parquet(part / "test.parquet")
        yield Fold(
            set=chosen,
            number=number,
            whole=given,
            train=part / "train.parquet",
            test=part / "test.parquet",
            classes=classes,
            y=tuple(judged[chosen.target].cast(pl.Float64)),
        )


def _read(chosen: Set, data: Path) -> pl.DataFrame:
    """Return a table as mlwright reads it, in time where it has one, each row with its number."""
    frame = read_table(data / chosen.file, DataSettings()).drop(chosen.drop)
    if chosen.time is not None:
        frame = frame.sort(chosen.time, maintain_order=True)
    return frame.gather_every(chosen.every).with_row_index(KEY).cast({KEY: pl.Int64})


def _tests(chosen: Set, table: pl.DataFrame, whole: Path, folder: Path) -> Iterator[pl.Series]:
    """Give of each fold which rows judge."""
    if len(table) < _SEALED_FROM:
        fold = np.random.default_rng(0).permutation(len(table)) % FOLDS
        for number in range(FOLDS):
            yield pl.Series(fold == number)
        return
    project = Project.open(
        folder / f"split-{chosen.name}", create=True, flags=flags(chosen, whole, budget=1.0)
    )
    with project:
        workspace = project.workspace
        question = ask(workspace.settings, ())
        raw, _ = ingest_source(workspace, workspace.settings.section(DataSettings))
        split = make_split(raw, question.roles, chosen.target, workspace.store, None)
        sealed = part_of(raw, split, workspace.store, Tables(), Part.TEST)
        yield table[KEY].is_in(sealed.frame[KEY].implode())


def flags(chosen: Set, table: Path, *, budget: float) -> dict[str, object]:
    """Return the settings of a run: the best model is wanted, not the best to read."""
    return {
        "data.source": str(table),
        "data.key": KEY,
        **({} if chosen.time is None else {"data.time": chosen.time}),
        "target": chosen.target,
        "task": chosen.task,
        "search.budget": f"{budget:g}s",
        "search.interpretable_within": 0.0,
    }


def _coded(chosen: Set, table: pl.DataFrame) -> tuple[tuple[str, ...], pl.DataFrame]:
    """Return the classes in order, and the table with their places for a target."""
    if chosen.task == "regression":
        return (), table
    classes = table[chosen.target].unique().sort().to_list()
    place: Callable[[object], int] = {each: at for at, each in enumerate(classes)}.__getitem__
    codes = [place(each) for each in table[chosen.target]]
    coded = table.with_columns(pl.Series(chosen.target, codes, dtype=pl.Int64))
    return tuple(str(each) for each in classes), coded
