"""Fitted models to score with: small real tables and a mixed one, fitted once a session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from sklearn import datasets

from mlwright.data.table import Table
from mlwright.train.fit import fit
from mlwright.train.portfolio import DUMMY, LINEAR, PORTFOLIO
from mlwright.train.records import Configuration, Fitted, Plan
from mlwright.train.task import infer_task

Fit = Callable[[str, str], tuple[Fitted, Table]]

TREES = 25


_LOADERS = {"binary": "breast_cancer"}


def mixed(rows: int = 600) -> pl.DataFrame:
    """Return a table with every kind of column, nulls in each, and a target of three texts."""
    drawn = np.random.default_rng(5)
    number = drawn.normal(size=rows)
    colour = drawn.choice(["red", "green", "blue", "", "ü€"], size=rows)
    start = datetime(2020, 1, 1)
    columns = {
        "number": [float(n) for n in number],
        "count": [int(n) for n in drawn.integers(-50, 50, rows)],
        "colour": [str(text) for text in colour],
        "member": [bool(n) for n in drawn.integers(0, 2, rows)],
        "born": [date(1990, 1, 1) + timedelta(days=int(n)) for n in drawn.integers(0, 900, rows)],
        "seen": [start + timedelta(minutes=int(n)) for n in drawn.integers(0, 900_000, rows)],
    }
    frame = pl.DataFrame(
        {
            name: [None if (row + place) % 17 == 0 else cell for row, cell in enumerate(cells)]
            for place, (name, cells) in enumerate(columns.items())
        }
    )
    target = [
        ("maybe", "no", "yes")[int(n > 0) + int(text == "red")]
        for n, text in zip(number, colour, strict=True)
    ]
    return frame.with_columns(y=pl.Series(target))


def bundled(name: str) -> pl.DataFrame:
    """Return one of scikit-learn's small tables with its target ``y``."""
    found = getattr(datasets, f"load_{_LOADERS.get(name, name)}")()
    frame = pl.DataFrame(found.data, schema=[f"x{i}" for i in range(found.data.shape[1])])
    return frame.with_columns(y=pl.Series(found.target))


@cache
def table_of(name: str) -> Table:
    """Return a table by name, its rows called ``r0``, ``r1``, …"""
    frame = mixed() if name == "mixed" else bundled(name).head(600)
    return Table(frame, pl.Series([f"r{place}" for place in range(frame.height)]))


def configuration(algorithm: str) -> Configuration:
    """Return a quick configuration of an algorithm; ``unordered`` are trees over categories."""
    if algorithm in ("dummy", "linear"):
        return {"dummy": DUMMY, "linear": LINEAR}[algorithm]
    name = {"lightgbm": "trees", "unordered": "trees-unordered"}[algorithm]
    found = next(each for each in PORTFOLIO if each.name == name)
    return Configuration(found.name, found.algorithm, {**found.parameters, "trees": TREES})


def fitted_on(table: Table, algorithm: str, *, threads: int = 1) -> Fitted:
    """Return a model of the target ``y``."""
    plan = Plan((), 0, 0, 0, 0, threads, 7, 1.0, "test", {})
    task = infer_task(table.frame, "y", None, None)
    return fit(table, configuration(algorithm), task, plan, ())


@pytest.fixture(scope="session")
def fitted() -> Fit:
    """Return the way from a table's name and an algorithm to a fitted model and its table."""

    @cache
    def find(name: str, algorithm: str) -> tuple[Fitted, Table]:
        return fitted_on(table_of(name), algorithm), table_of(name)

    return find


@pytest.fixture(scope="session")
def refit() -> Callable[..., Fitted]:
    """Return the way from a table and an algorithm to a model fitted anew."""
    return fitted_on
