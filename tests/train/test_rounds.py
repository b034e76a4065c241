"""The rounds of a cross-validation: who is fitted on, who judges."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.data.rows import ID_DIGITS
from mlwright.data.table import Table
from mlwright.train.records import Task, TaskKind
from mlwright.train.rounds import rounds_of

CLASSES = Task(TaskKind.MULTICLASS, "y", ("a", "b", "c"), "log_loss", "")
VALUES = Task(TaskKind.REGRESSION, "y", (), "rmse", "")

targets = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=60)
counts = st.integers(2, 6)
seeds = st.integers(0, 3)


def table_of(y: list[str | None], units: list[int | None] | None = None) -> Table:
    ids = pl.Series([f"r{place}" for place in range(len(y))], dtype=pl.String)
    unit = pl.Series(units or [None] * len(y), dtype=pl.Int64)
    return Table(pl.DataFrame({"unit": unit, "y": pl.Series(y, dtype=pl.String)}), ids)


@settings(max_examples=30)
@given(targets, counts, seeds)
def test_every_known_row_judges_once_but_the_only_one_of_a_class(
    y: list[str | None], count: int, seed: int
) -> None:
    sizes = Counter(y)
    expected = [place for place, each in enumerate(y) if each is not None and sizes[each] > 1]

    rounds = rounds_of(table_of(y), CLASSES, count, seed=seed, unit=None, time=None)

    judged = sorted(place for _, judging in rounds for place in judging.tolist())
    assert judged == (expected if rounds else [])


@settings(max_examples=30)
@given(targets, counts, seeds)
def test_no_row_judges_what_was_fitted_on_it_and_the_rest_is_fitted_on(
    y: list[str | None], count: int, seed: int
) -> None:
    known = {place for place, each in enumerate(y) if each is not None}

    rounds = rounds_of(table_of(y), CLASSES, count, seed=seed, unit=None, time=None)

    for fitting, judging in rounds:
        assert len(fitting)
        assert len(judging)
        assert not set(fitting.tolist()) & set(judging.tolist())
        assert set(fitting.tolist()) | set(judging.tolist()) == known


@settings(max_examples=30)
@given(targets, counts, seeds)
def test_each_class_is_spread_evenly(y: list[str | None], count: int, seed: int) -> None:
    rounds = rounds_of(table_of(y), CLASSES, count, seed=seed, unit=None, time=None)

    for each, rows in Counter(y).items():
        held = [sum(y[place] == each for place in judging) for _, judging in rounds]
        if each is not None and rows > 1 and len(rounds) == count:
            assert max(held) - min(held) <= 1
    if len(rounds) == count:
        sizes = [len(judging) for _, judging in rounds]
        assert max(sizes) - min(sizes) <= 1


@settings(max_examples=30)
@given(st.data(), counts, seeds, st.booleans())
def test_a_unit_is_never_on_both_sides(
    data: st.DataObject, count: int, seed: int, in_time: bool
) -> None:
    y = data.draw(targets)
    each = st.one_of(st.none(), st.integers(0, 8))
    units = data.draw(st.lists(each, min_size=len(y), max_size=len(y)))
    table = table_of(y, units)

    time = "when" if in_time else None
    rounds = rounds_of(table, CLASSES, count, seed=seed, unit="unit", time=time)

    for fitting, judging in rounds:
        seen = {units[place] for place in fitting} - {None}
        assert not seen & {units[place] for place in judging}


@settings(max_examples=30)
@given(targets, counts)
def test_in_time_every_judging_row_follows_every_fitted_one(
    y: list[str | None], count: int
) -> None:
    rounds = rounds_of(table_of(y), CLASSES, count, seed=0, unit=None, time="when")

    for fitting, judging in rounds:
        assert fitting.max() < judging.min()
    judged = [place for _, judging in rounds for place in judging.tolist()]
    assert judged == sorted(set(judged))


@settings(max_examples=30)
@given(targets, counts, seeds, st.randoms())
def test_the_order_of_the_rows_changes_no_fold(
    y: list[str | None], count: int, seed: int, random: object
) -> None:
    table = table_of(y)
    order = np.random.default_rng(seed).permutation(len(y))
    shuffled = Table(table.frame[order], table.row_ids[order])

    def folds(of: Table) -> set[frozenset[str]]:
        rounds = rounds_of(of, CLASSES, count, seed=seed, unit=None, time=None)
        return {frozenset(of.row_ids[judging].to_list()) for _, judging in rounds}

    assert folds(table) == folds(shuffled)


def test_another_seed_gives_other_rounds() -> None:
    table = table_of(["a", "b"] * 30)

    def judging(seed: int) -> list[list[int]]:
        rounds = rounds_of(table, CLASSES, 3, seed=seed, unit=None, time=None)
        return [judging.tolist() for _, judging in rounds]

    assert judging(1) == judging(1)
    assert judging(1) != judging(2)


def test_equal_rows_without_a_key_stay_together() -> None:
    heads = [f"{number:0{ID_DIGITS}x}" for number in range(12)]
    ids = [f"{head}{repeat}" for head in heads for repeat in ("", "-2", "-3")]
    table = Table(pl.DataFrame({"y": [float(i % 5) for i in range(36)]}), pl.Series(ids))

    rounds = rounds_of(table, VALUES, 4, seed=0, unit=None, time=None)

    assert len(rounds) == 4
    for fitting, judging in rounds:
        contents = [{ids[place][:ID_DIGITS] for place in places} for places in (fitting, judging)]
        assert not contents[0] & contents[1]


def test_folds_of_a_regression_have_low_and_high_values_each() -> None:
    y = [float(i) for i in range(100)]
    table = Table(pl.DataFrame({"y": y}), pl.Series([f"r{i}" for i in range(100)]))

    rounds = rounds_of(table, VALUES, 5, seed=0, unit=None, time=None)

    for _, judging in rounds:
        assert Counter(int(place) // 10 for place in judging) == dict.fromkeys(range(10), 2)


def test_fewer_units_than_folds_give_fewer_rounds() -> None:
    table = table_of(["a", "b", "a", "b", "a", "b"], [1, 1, 2, 2, 1, 2])

    rounds = rounds_of(table, VALUES_OF_UNITS, 5, seed=0, unit="unit", time=None)

    assert len(rounds) == 2


VALUES_OF_UNITS = Task(TaskKind.BINARY, "y", ("a", "b"), "auc", "")
