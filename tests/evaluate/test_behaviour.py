"""Two models on the same rows: the better one, the answers that change, the slice they do in."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlwright.core.records import dump, load
from mlwright.data.table import Table
from mlwright.evaluate.behaviour import behaviour
from mlwright.evaluate.records import Behaviour
from mlwright.train.records import Task, TaskKind

ROWS = 1_200
GENERATOR = np.random.default_rng(8)
CITY = GENERATOR.choice(["oslo", "rome", "kyiv"], ROWS)
P = GENERATOR.beta(1, 1, ROWS)
Y = (GENERATOR.random(ROWS) < P).astype(float)
TASK = Task(TaskKind.BINARY, "y", ("no", "yes"), "auc", "")
TABLE = Table(pl.DataFrame({"city": CITY, "y": Y}), pl.Series([f"r{i:05}" for i in range(ROWS)]))


def held(first: np.ndarray, second: np.ndarray) -> Behaviour:
    one, other = (np.c_[1 - p, p] for p in (first, second))
    return behaviour(TABLE, Y, one, other, TASK, ["city"], unit=None, seed=1)


def test_a_model_that_fails_in_one_city_is_told_worse_and_where_it_changed() -> None:
    broken = np.where(CITY == "rome", 1 - P, P)

    found = held(P, broken)

    assert found.gain.high < 0
    assert found.where[0].where == (("city", "rome"),)
    assert found.where[0].elsewhere == pytest.approx(0.0, abs=1e-12)
    flipped = (P > 0.5) != (broken > 0.5)
    assert found.changed.value == pytest.approx(flipped.mean())
    assert found.righted + found.wronged == flipped.sum()
    assert found.wronged > found.righted
    assert {TABLE.frame["city"][int(each.row[1:])] for each in found.most} == {"rome"}
    assert load(Behaviour, dump(found)) == found


def test_the_same_answers_change_nothing_and_cannot_be_told_apart() -> None:
    found = held(P, P)

    assert (found.gain.low, found.gain.high) == (0.0, 0.0)
    assert (found.changed.value, found.where, found.most) == (0.0, (), ())


def test_a_pair_is_told_apart_where_each_alone_overlaps_the_other() -> None:
    worse = np.clip(P + GENERATOR.normal(0, 0.12, ROWS), 0, 1)

    found = held(worse, P)

    assert found.second["auc"].low < found.first["auc"].high
    assert found.gain.low > 0


def test_numbers_come_nearer_or_further_off() -> None:
    value = GENERATOR.normal(size=ROWS)
    task = Task(TaskKind.REGRESSION, "y", (), "rmse", "")
    near, far = value[:, None] + 0.1, value[:, None] + 0.5

    found = behaviour(TABLE, value, far, near, task, ["city"], unit=None, seed=1)

    assert (found.righted, found.wronged, found.decides) == (ROWS, 0, False)
    assert found.moved == pytest.approx(0.4)
    assert found.gain.value == pytest.approx(0.4)
