"""Tables to train on, and a plan of little work over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import polars as pl
import pytest
from sklearn import datasets

from mlwright.data.table import Table
from mlwright.train.portfolio import DUMMY, LINEAR, PORTFOLIO
from mlwright.train.records import Configuration, Plan

TREES = 12


@cache
def bundled_table(name: str) -> Table:
    found = getattr(datasets, f"load_{name}")()
    frame = pl.DataFrame(found.data, schema=[f"x{i}" for i in range(found.data.shape[1])])
    return named(frame.with_columns(y=pl.Series(found.target)))


def named(frame: pl.DataFrame) -> Table:
    return Table(frame, pl.Series([f"r{place}" for place in range(frame.height)]))


def few_trees(configuration: Configuration) -> Configuration:
    if configuration.algorithm != "lightgbm":
        return configuration
    return replace(configuration, parameters={**configuration.parameters, "trees": TREES})


@pytest.fixture(scope="session")
def bundled() -> Callable[[str], Table]:
    """Return the way from a name to one of scikit-learn's tables, its target called ``y``."""
    return bundled_table


@pytest.fixture(scope="session")
def table_of() -> Callable[[Mapping[str, Sequence[object]]], Table]:
    """Return the way from columns to a table whose rows are called ``r0``, ``r1``, …"""
    return lambda columns: named(pl.DataFrame(dict(columns)))


@pytest.fixture(scope="session")
def quick() -> tuple[Configuration, ...]:
    """Return the whole portfolio with few trees."""
    return tuple(few_trees(each) for each in PORTFOLIO)


@pytest.fixture(scope="session")
def plan() -> Plan:
    """Return a plan of three configurations, judged by three folds."""
    some = (DUMMY, LINEAR, few_trees(PORTFOLIO[2]))
    return Plan(some, 10_000, 3, 0, 0, 1, 7, 1.0, "test", {})
