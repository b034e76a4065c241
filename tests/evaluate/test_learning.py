"""The learning curve: planted noise overfits by name, and what more rows give is told paired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlwright.data.table import Table
from mlwright.evaluate.judge import answered, judge
from mlwright.evaluate.learning import learning_curve
from mlwright.evaluate.records import FitVerdict, Learning
from mlwright.stats.metrics import METRICS
from mlwright.train.fit import answers, fit
from mlwright.train.portfolio import DUMMY, LINEAR, PORTFOLIO
from mlwright.train.progress import Silent
from mlwright.train.records import Configuration, Plan, Scored, SearchResult
from mlwright.train.task import infer_task

TREES = replace(
    next(each for each in PORTFOLIO if each.algorithm == "lightgbm"),
    parameters={**PORTFOLIO[2].parameters, "trees": 40, "smallest_leaf": 5},
)


def curve(table: Table, target: str, chosen: Configuration, time: str | None = None) -> Learning:
    """Judge a configuration on the last third of a table, and draw its learning curve."""
    task = infer_task(table.frame, target, None, None)
    plan = Plan((chosen,), 10**6, 0, 0, 0, 1, 3, 1.0, "test", {}, time=time)
    rows = len(table.row_ids)
    seen, test = np.arange(rows * 2 // 3), np.arange(rows * 2 // 3, rows)

    def scorer(configuration: Configuration) -> Callable[[pl.DataFrame], np.ndarray]:
        known = Table(table.frame[seen], table.row_ids[seen])
        fitted = fit(known, configuration, task, plan, ())
        return lambda frame: answers(fitted, frame)

    of_model = scorer(chosen)
    truth = table.frame[seen][target].rank("dense").to_numpy() - 1.0
    train = METRICS[task.metric].function(truth, of_model(table.frame[seen]))
    search = SearchResult(
        task.metric, (Scored(chosen, train, train, {}),), chosen, "linear", 0.0, ()
    )
    held = Table(table.frame[test], table.row_ids[test])
    unseen = answered(held, task, of_model, search)
    beside = {"dummy": scorer(DUMMY), "linear": scorer(DUMMY)}
    evaluation = judge(held, task, unseen, beside, seed=3)
    return learning_curve(
        table, [(seen, test)], task, plan, chosen, (), evaluation, unit=None, progress=Silent()
    )


def with_ids(frame: pl.DataFrame) -> Table:
    return Table(frame, pl.Series([f"r{place:05}" for place in range(frame.height)]))


def test_trees_over_two_hundred_noise_columns_of_german_overfit_by_name(
    dataset: Callable[[str], Path],
) -> None:
    generator = np.random.default_rng(0)
    frame = pl.read_csv(dataset("german"))
    noise = {f"noise_{i}": generator.normal(size=frame.height) for i in range(200)}

    found = curve(with_ids(frame.with_columns(**noise)), "credit", TREES)

    assert found.verdict is FitVerdict.OVERFIT
    assert found.points[-1].train > found.points[-1].unseen.high + 0.1
    assert "training rows" in found.why


def slanted(rows: int) -> Table:
    """A slanted border between many columns, of which trees learn more with each row."""
    x = np.random.default_rng(5).normal(size=(rows, 12))
    columns = {f"x{place}": x[:, place] for place in range(12)}
    return with_ids(pl.DataFrame({**columns, "y": (x.sum(axis=1) > 0).astype(int)}))


def test_a_curve_that_still_rises_says_so_and_one_that_is_level_says_that() -> None:
    rising = curve(slanted(1_200), "y", TREES)
    generator = np.random.default_rng(6)
    x = generator.random(1_800)
    easy = with_ids(pl.DataFrame({"x": x, "y": (generator.random(1_800) < x).astype(int)}))

    level = curve(easy, "y", LINEAR)

    assert rising.doubling is not None
    assert rising.doubling.low > 0
    assert [point.rows for point in rising.points] == [100, 200, 400, 800]
    assert level.promise == "it has levelled off: more rows of this kind promise little"


@pytest.mark.parametrize("time", [None, "when"])
def test_too_few_rows_to_halve_leave_the_doubling_untold(time: str | None) -> None:
    frame = slanted(90).frame.with_columns(when=pl.int_range(90))

    found = curve(with_ids(frame), "y", LINEAR, time)

    assert found.doubling is None
    assert found.promise.startswith("there are too few rows")
