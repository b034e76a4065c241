"""Four models of real tables in one project, all live: made once a session, copied for each use."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlwright.api.project import Project
from mlwright.registry.records import ModelVersion
from mlwright.train.progress import Silent

ROWS, ASKED = 1_200, 50
TARGETS = {"churn": "Churn", "adult": "income", "diamonds": "price", "digits": "target"}
MODELS = {"churn": "lightgbm", "adult": "linear", "diamonds": "lightgbm", "digits": "linear"}
OTHERS = {name: {"linear": "lightgbm", "lightgbm": "linear"}[kind] for name, kind in MODELS.items()}

_FIRST_DAY = date(2026, 1, 1)


class Quiet:
    """Hears of a build and says nothing."""

    def finished(self, stage: str, value: object, seconds: float, *, cached: bool) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Four:
    """A project with four live models, and rows of each that no model saw."""

    folder: Path

    def table(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def unseen(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.folder / f"{name}.unseen.parquet").drop(TARGETS[name])

    def build(self, name: str, models: str) -> ModelVersion:
        flags = {
            "data.source": str(self.table(name)),
            "target": TARGETS[name],
            "project.name": name,
            "search.budget": "1s",
            "search.models": (models,),
        }
        with Project.open(self.folder, create=True, flags=flags) as project:
            return project.build(listener=Quiet(), progress=Silent()).version


def make(folder: Path, dataset: Callable[[str], Path]) -> None:
    """Train the four models and make them live."""
    four = Four(folder)
    for name in TARGETS:
        frame = _typed(name, pl.read_csv(dataset(name), infer_schema_length=None))
        taken = frame.sample(ROWS + ASKED, seed=11, shuffle=True)
        taken[:ROWS].write_parquet(four.table(name))
        taken[ROWS:].write_parquet(folder / f"{name}.unseen.parquet")
        ref = four.build(name, MODELS[name]).ref
        with Project.open(folder) as project:
            project.promote(ref, reason="the first")


def _typed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Give churn a day and a truth value; numbers told as texts become numbers."""
    if name != "churn":
        return frame
    day = pl.col("tenure").map_elements(
        lambda months: _FIRST_DAY - timedelta(days=30 * months), return_dtype=pl.Date
    )
    return frame.with_columns(
        pl.col("TotalCharges").cast(pl.Float64, strict=False),
        since=day,
        paperless=pl.col("PaperlessBilling") == "Yes",
    ).drop("customerID")


def sent_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON has them: cells missing, never seen, beyond all, in another notation."""
    rows = frame.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d")).to_dicts()
    for place, row in enumerate(rows):
        for at, (name, value) in enumerate(row.items()):
            if (place + at) % 7:
                continue
            row[name] = _varied(value, place % 5)
    return rows


def _varied(value: Any, way: int) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if way == 0:
        return None
    if way == 1 and isinstance(value, str):
        return "2031-12-24T00:00:00" if value[:2] == "20" and value[4] == "-" else "Nie gesehen é"
    if way == 2 and isinstance(value, int) and number:
        return float(value)
    if way == 2 and isinstance(value, float) and value.is_integer():
        return int(value)
    return value * 1_000 + 7 if way == 3 and number else value


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, dataset: Callable[[str], Path]) -> Path:
    """The project as it was made, for all processes of a session; nobody changes it."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "four"
    with (shared / "four.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            folder.mkdir()
            make(folder, dataset)
            (folder / "made").touch()
    return folder


@pytest.fixture(scope="module")
def four(made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Four:
    """A copy of the project with the four live models."""
    folder = tmp_path_factory.mktemp("four") / "project"
    shutil.copytree(made_once, folder)
    return Four(folder)
