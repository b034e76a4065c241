"""What the tests of the data stage share: snapshots made in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
import pytest

from mlwright.core.errors import MlwrightError
from mlwright.data.records import Snapshot
from mlwright.data.snapshot import build
from mlwright.store.memory import MemoryStore

T = TypeVar("T")


@dataclass
class Roles:
    """Who a row is, as the flows say it."""

    key: str | None = None
    time: str | None = None
    group: str | None = None
    seed: int = 0


class Shelf:
    """A store and the way from a frame to a snapshot in it."""

    def __init__(self) -> None:
        self.store = MemoryStore()

    def snapshot(self, frame: pl.DataFrame, key: str | None = None) -> Snapshot:
        return build(frame, key=key, store=self.store)


def attempt(action: Callable[[], T]) -> T | MlwrightError:
    """Return what an action gives, or the coded error it ends with; any other error is a fault."""
    try:
        return action()
    except MlwrightError as error:
        return error


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="session")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return scikit-learn's own data sets, written as CSV files."""
    from sklearn import datasets

    folder = tmp_path_factory.mktemp("sklearn")
    paths = {}
    for name in ("iris", "wine", "breast_cancer", "diabetes", "digits"):
        found = getattr(datasets, f"load_{name}")()
        values = {str(n): found.data[:, i] for i, n in enumerate(found.feature_names)}
        paths[name] = folder / f"{name}.csv"
        pl.DataFrame({**values, "target": found.target}).write_csv(paths[name])
    return paths
