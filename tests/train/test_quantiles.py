"""A model for a quantile answers with the value under which as many rows lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from mlwright.core.errors import UsageError
from mlwright.data.table import Table
from mlwright.stats.metrics import METRICS
from mlwright.train.calibration import SHIFT, STRETCH
from mlwright.train.fit import answers, fit
from mlwright.train.portfolio import ALL, DUMMY, LINEAR, with_trees
from mlwright.train.progress import Silent
from mlwright.train.records import Plan
from mlwright.train.search import search
from mlwright.train.task import infer_task

Tables = Callable[[Mapping[str, Sequence[object]]], Table]


@pytest.fixture(scope="module")
def uneven(table_of: Tables) -> Callable[[int], Table]:
    """Return rows whose spread grows with a column, so that no quantile is a shifted mean."""

    def made(seed: int) -> Table:
        drawn = np.random.default_rng(seed)
        x, other = drawn.random(1_200), drawn.random(1_200)
        y = 3.0 * other + (0.1 + 4.0 * x) * drawn.normal(size=1_200)
        return table_of({"x": x.tolist(), "other": other.tolist(), "y": y.tolist()})

    return made


@pytest.mark.parametrize("percent", [10, 90])
def test_as_many_new_rows_lie_under_the_answers_as_were_asked_for(
    uneven: Callable[[int], Table], plan: Plan, percent: int
) -> None:
    table, fresh = uneven(1), uneven(2)
    task = infer_task(table.frame, "y", None, f"pinball_{percent}")
    y = fresh.frame["y"].to_numpy()
    trees = with_trees(next(each for each in ALL if each.name == "trees-slow"), 0.25)
    boosted = with_trees(next(each for each in ALL if each.name == "boosted"), 0.25)
    asked = replace(plan, configurations=(DUMMY, LINEAR, trees, boosted), members=5, fits=2)

    found = search(table, None, task, asked, (), interpretable_within=0.0, progress=Silent())
    fits = [fit(table, each, task, asked, ()) for each in (found.chosen, LINEAR, DUMMY)]
    given = [answers(each, fresh.frame) for each in fits]

    loss, below = (METRICS[f"{name}_{percent}"].function for name in ("pinball", "below"))
    assert [below(y, each) for each in given] == pytest.approx([percent / 100] * 3, abs=0.05)
    assert loss(y, given[0]) < 0.95 * loss(y, given[1])
    assert f"{percent}% of such rows" in task.why


def test_answers_that_too_many_values_lie_over_are_moved_up(
    uneven: Callable[[int], Table], plan: Plan
) -> None:
    table, fresh = uneven(4), uneven(5)
    task = infer_task(table.frame, "y", None, "pinball_90")
    deep = next(each for each in ALL if each.name == "trees-tiny-leaves")
    rough = replace(deep, parameters={**deep.parameters, "rate": 0.25, "trees": 60})
    asked = replace(plan, configurations=(DUMMY, rough), calibrate=True)

    found = search(table, None, task, asked, (), interpretable_within=0.0, progress=Silent())
    parameters = {n: v for n, v in found.chosen.parameters.items() if n not in (STRETCH, SHIFT)}
    plain = replace(found.chosen, parameters=parameters)
    y = fresh.frame["y"].to_numpy()
    under = [
        float(np.mean(y <= answers(fit(table, each, task, asked, ()), fresh.frame)[:, 0]))
        for each in (plain, found.chosen)
    ]

    assert any(each.what.startswith("calibrated: scores +") for each in found.decisions)
    assert under[0] < 0.89
    assert under[0] < under[1]
    assert under[1] == pytest.approx(0.9, abs=0.04)


def test_a_quantile_is_of_values_and_a_mean_stays_one(uneven: Callable[[int], Table]) -> None:
    frame = uneven(3).frame

    assert infer_task(frame, "y", None, "rmse").metric == "rmse"
    for metric in ("below_90", "pinball_100"):
        with pytest.raises(UsageError, match=r"metric-unknown|metric-task"):
            infer_task(frame, "y", None, metric)
    classes = frame.with_columns(y=frame["y"] > 0)
    with pytest.raises(UsageError, match="metric-task"):
        infer_task(classes, "y", None, "pinball_90")
