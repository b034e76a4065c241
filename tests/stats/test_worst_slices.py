"""The worst slices: a planted one is named, chance is not, and intervals hold after the choice."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlwright.stats.slices import SlicedColumn
from mlwright.stats.students import t_above, t_quantile
from mlwright.stats.worst_slices import design_effect, worst_slices


def sliced(generator: np.random.Generator, rows: int, columns: int = 6) -> list[SlicedColumn]:
    return [
        SlicedColumn(f"c{place}", generator.integers(0, 4, rows), ("a", "b", "c", "d"))
        for place in range(columns)
    ]


def some_losses(generator: np.random.Generator, rows: int) -> np.ndarray:
    return (generator.random(rows) - generator.integers(0, 2, rows)) ** 2


def test_a_planted_slice_of_two_columns_is_the_first_told_with_its_excess_inside() -> None:
    generator = np.random.default_rng(1)
    columns = sliced(generator, 4_000)
    planted = (columns[1].codes == 2) & (columns[4].codes == 0)
    losses = some_losses(generator, 4_000) + 0.3 * planted

    found = worst_slices(columns, losses)

    assert found.slices[0].where == (("c1", "c"), ("c4", "a"))
    assert found.slices[0].rows == planted.sum()
    assert found.slices[0].excess.low < 0.3 < found.slices[0].excess.high
    assert np.array_equal(found.members[0], np.flatnonzero(planted))


def test_where_nothing_is_worse_something_is_told_in_few_of_many_draws() -> None:
    told = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        found = worst_slices(sliced(generator, 600), some_losses(generator, 600))
        told += bool(found.slices)

    assert told <= 5  # 1.5 are expected of 60; 6 or more would have a chance of one in a hundred


def test_no_slice_is_smaller_than_the_smallest_nor_all_but_fewer() -> None:
    generator = np.random.default_rng(2)
    code = np.zeros(1_000, dtype=np.intp)
    code[:29] = 1
    losses = some_losses(generator, 1_000) + 0.9 * (code == 1)

    found = worst_slices([SlicedColumn("x", code, ("usual", "rare"))], losses)

    assert (found.tested, found.slices) == (0, ())


def test_a_slice_of_the_largest_losses_is_told_as_one_of_usual_ones() -> None:
    generator = np.random.default_rng(2)
    code = generator.integers(0, 2, 900)
    losses = some_losses(generator, 900) + 0.5 * (code == 1)
    columns = [SlicedColumn("x", code, ("a", "b"))]

    usual = worst_slices(columns, losses).slices[0]
    large = worst_slices(columns, losses * 1e149).slices[0]

    assert large.where == usual.where
    assert large.excess.low == pytest.approx(usual.excess.low * 1e149)
    assert large.chance == pytest.approx(usual.chance)


def test_rows_in_no_slice_of_a_column_are_counted_elsewhere() -> None:
    generator = np.random.default_rng(3)
    code = generator.integers(-1, 2, 900)
    losses = some_losses(generator, 900) + 0.5 * (code == 1)

    worst = worst_slices([SlicedColumn("x", code, ("a", "b"))], losses).slices[0]

    assert worst.where == (("x", "b"),)
    assert worst.elsewhere == pytest.approx(losses[code != 1].mean())


def test_losses_that_are_all_alike_tell_nothing() -> None:
    columns = sliced(np.random.default_rng(4), 500)

    assert worst_slices(columns, np.zeros(500)).slices == ()
    assert worst_slices([], np.zeros(0)).tested == 0


def test_rows_that_come_in_copies_widen_the_interval_as_copies_do() -> None:
    generator = np.random.default_rng(5)
    losses = np.repeat(some_losses(generator, 300), 4)
    units = np.repeat(np.arange(300), 4)

    assert design_effect(losses, units) == pytest.approx(4.0, rel=1e-9)
    assert design_effect(losses, np.arange(1_200)) == pytest.approx(1.0)


@pytest.mark.parametrize("freedom", [20.0, 29.0, 100.0, 5_000.0])
def test_the_tail_of_students_t_is_scipys_to_a_fiftieth(freedom: float) -> None:
    places = np.array([-2.0, 0.0, 1.0, 2.5, 4.0, 6.0])

    ours = t_above(places, np.full(6, freedom))

    assert ours == pytest.approx(stats.t.sf(places, freedom), rel=0.02)
    assert t_quantile(0.001, freedom) == pytest.approx(stats.t.isf(0.001, freedom), rel=0.002)
