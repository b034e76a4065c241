"""Groups compared with their crossings, and labels that treat groups differently named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlwright.data.table import Table
from mlwright.evaluate.fairness.compare import Decided, compare, crossings
from mlwright.evaluate.fairness.labels import label_gaps
from mlwright.evaluate.fairness.records import LabelGaps
from mlwright.evaluate.fairness.remedies import Bench, remedies
from mlwright.evaluate.truth import columns_named, groups_named, judgeable
from mlwright.stats.fairness import SMALLEST_GROUP
from mlwright.train.portfolio import LINEAR
from mlwright.train.records import Plan
from mlwright.train.task import infer_task

PLAN = Plan((), 10**6, 0, 0, 0, 1, 0, 1.0, "", {})


def rows(count: int = 2_000, *, harm: float = 0.0, seed: int = 5) -> tuple[pl.DataFrame, Decided]:
    """Groups of two columns; women in the north are selected less often by ``harm``."""
    drawn = np.random.default_rng(seed)
    sex, place = drawn.choice(["f", "m"], count), drawn.choice(["north", "south"], count)
    frame = pl.DataFrame({"sex": sex, "place": place, "rare": ["x"] * 5 + ["y"] * (count - 5)})
    chance = 0.5 - harm * ((sex == "f") & (place == "north"))
    positive = (drawn.random(count) < 0.5).astype(float)
    selected = (drawn.random(count) < chance).astype(float)
    return frame, Decided(positive, selected, np.full(count, 0.5), np.arange(count))


def compared(frame: pl.DataFrame, decided: Decided, columns: list[str]):
    groups = {
        name: (columns_named(name, frame.columns), groups_named(frame, name))
        for name in crossings(columns)
    }
    return {each.name: each for each in compare(decided, groups, seed=0)}


def test_harm_to_a_crossing_is_found_there_with_who_it_is_done_to() -> None:
    frame, decided = rows(harm=0.25)

    found = compared(frame, decided, ["sex", "place"])

    crossed = {gap.name: gap for gap in found["sex & place"].gaps}["selection_gap"]
    assert (crossed.real, crossed.least) == (True, "f & north")
    assert crossed.size.low > 0.1
    rates = {each.group: each.selection_rate for each in found["sex & place"].groups}
    assert rates["f & north"].high < rates["m & south"].low


def test_where_nobody_is_harmed_a_gap_of_many_stands_in_few_tables() -> None:
    wrong = 0
    for seed in range(6):
        frame, decided = rows(600, seed=seed)
        found = compared(frame, decided, ["sex", "place"])
        wrong += any(gap.real for each in found.values() for gap in each.gaps)

    assert sum(len(each.gaps) for each in found.values()) == 12
    assert wrong <= 2


def test_a_group_of_too_few_rows_is_named_and_enters_no_gap() -> None:
    frame, decided = rows()

    found = compared(frame, decided, ["rare"])["rare"]

    assert found.small == ("x",)
    assert found.groups[0].rows < SMALLEST_GROUP
    assert found.groups[0].selection_rate.high - found.groups[0].selection_rate.low > 0.4
    assert found.gaps == ()


def german(dataset: Callable[[str], Path], flipped: float) -> LabelGaps:
    """The table, with a share of the good labels of women flipped."""
    frame = pl.read_csv(dataset("german"), infer_schema_length=None)
    good = ((frame["sex"] == "female") & (frame["credit"] == "good")).to_numpy()
    hit = good & (np.random.default_rng(0).random(frame.height) < flipped)
    frame = frame.with_columns(pl.Series("credit", np.where(hit, "bad", frame["credit"])))
    table = Table(frame, pl.Series([f"{place:032x}" for place in range(frame.height)]))
    task = infer_task(frame, "credit", None, None)
    groups = {"sex": groups_named(frame, "sex")}
    return label_gaps(table, task, PLAN, groups, (), unit=None)


def test_a_planted_unfair_label_is_named_with_its_group_and_none_is_without_it(
    dataset: Callable[[str], Path],
) -> None:
    honest, planted = (german(dataset, share) for share in (0.0, 0.3))

    assert [(gap.column, gap.group, gap.real) for gap in honest.gaps] == [("sex", "female", False)]
    (gap,) = planted.gaps
    assert (gap.column, gap.group, gap.real) == ("sex", "female", True)
    # A third of the 65 in 100 that are good were flipped.
    assert gap.size.low < -0.3 * 0.65 < gap.size.high < 0
    assert "sex = female is labelled 'good'" in gap.said
    assert "points less often" in gap.said


def test_a_difference_that_other_columns_explain_is_no_unfair_label() -> None:
    drawn = np.random.default_rng(0)
    sex = drawn.choice(["f", "m"], 3_000)
    skill = drawn.normal(size=3_000) + (sex == "m")
    label = np.where(drawn.random(3_000) < 1 / (1 + np.exp(-2 * skill)), "yes", "no")
    frame = pl.DataFrame({"sex": sex, "skill": skill, "label": label})
    table = Table(frame, pl.Series([f"{place:032x}" for place in range(3_000)]))
    task = infer_task(frame, "label", None, None)

    found = label_gaps(table, task, PLAN, {"sex": groups_named(frame, "sex")}, (), unit=None)

    raw = [(frame["label"].filter(frame["sex"] == each) == "yes").mean() for each in ("f", "m")]
    assert raw[1] - raw[0] > 0.2
    assert [(gap.group, gap.real) for gap in found.gaps] == [("f", False)]
    assert abs(found.gaps[0].size.value) < 0.05


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("sex", ["sex"], ("sex",)),
        ("sex & race", ["sex", "race"], ("sex", "race")),
        ("R & D", ["R & D"], ("R & D",)),
    ],
)
def test_a_name_of_groups_means_a_column_or_several(
    name: str, columns: list[str], expected: tuple[str, ...]
) -> None:
    assert columns_named(name, columns) == expected


def test_a_remedy_is_told_with_what_it_moves_and_what_it_costs(
    dataset: Callable[[str], Path],
) -> None:
    frame = pl.read_csv(dataset("adult"), infer_schema_length=None)[:4_000]
    table = Table(frame, pl.Series([f"{place:032x}" for place in range(frame.height)]))
    task = infer_task(frame, "income", None, None)
    learnt = Table(frame[::2], table.row_ids[::2])
    judged = judgeable(Table(frame[1::2], table.row_ids[1::2]), task)
    bench = Bench(learnt, judged, True, lambda a: (a[:, 1] > 0.5).astype(float), None)

    found = remedies(bench, task, PLAN, LINEAR, (), ("sex", "age"), method="sealed test")

    assert [(each.how, each.column) for each in found.tried] == [
        ("weights", "sex"),
        ("thresholds", "sex"),
        ("weights", "age"),
    ]
    assert set(found.without) == {"age"}
    limits = found.tried[1]
    assert limits.after["tpr_gap"].value < limits.before["tpr_gap"].value
    assert set(limits.price) == {"auc", "accuracy", "brier"}
    assert all(each.low <= each.value <= each.high for each in limits.price.values())
    assert "tpr_gap from" in limits.said
    assert "of auc" in limits.said


def test_no_remedy_is_tried_of_no_column(dataset: Callable[[str], Path]) -> None:
    frame = pl.read_csv(dataset("german"), infer_schema_length=None)
    table = Table(frame, pl.Series([f"{place:032x}" for place in range(frame.height)]))
    task = infer_task(frame, "credit", None, None)
    bench = Bench(table, judgeable(table, task), True, lambda a: a[:, 1], None)

    assert remedies(bench, task, PLAN, LINEAR, (), (), method="").tried == ()
