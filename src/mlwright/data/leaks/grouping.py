"""Columns whose equal values share the answer, and lie on both sides of the split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from mlwright.data.leaks.records import GROUP, Leak
from mlwright.data.leaks.sample import MOST_ROWS, Codes, as_numbers, by_size, by_value, draw
from mlwright.data.rules.rule import share
from mlwright.data.table import Table

ALIKE = 0.75
"""The share of the target that the other rows of a group surely tell, from which on it leaks."""

_MORE_THAN_SIZE = 0.25
_ON_BOTH_SIDES = 0.05
_PRIOR = 0.1


def sharing(
    table: Table,
    target: str,
    groups: Sequence[str],
    parts: npt.NDArray[np.int8] | None,
    fitted: Codes,
    *,
    is_amount: bool,
) -> Iterator[Leak]:
    """Yield the groups whose rows answer alike, and of which the split cuts many.

    Parameters
    ----------
    groups
        The columns whose values are groups of a few rows.
    parts
        The part of each row: 0 train, 1 validation, 2 test. None where rows are not parted.
    fitted
        The rows outside the test part that have a target.
    """
    for name in groups:
        cut = 1.0 if parts is None else _cut(table, name, parts)
        if cut < _ON_BOTH_SIDES:
            continue
        # Whole groups are drawn: of a few rows each, an even draw would leave single ones.
        hashes = table.frame[name].gather(fitted).hash().to_numpy()
        among = hashes % np.uint64(max(1, len(fitted) // MOST_ROWS)) == 0
        sample = draw(table, target, [name], is_amount=is_amount, within=fitted[among])
        if not len(sample.rows):
            continue
        series = sample.frame[name]
        told = sample.told(by_value(series), prior=_PRIOR, known=True)
        if told.least < ALIKE:
            continue
        if series.dtype.is_numeric():
            by_its_size = sample.told(by_size(as_numbers(series)))
            if told.share - by_its_size.share < _MORE_THAN_SIZE:
                continue
        yield Leak(
            GROUP,
            name,
            0,
            f"rows of one {name!r} share {share(told.share)} of {target!r}"
            + ("" if parts is None else f", and {share(cut)} of the test rows have a")
            + ("" if parts is None else f" {name!r} that the model was fitted on"),
            f"--group {name} keeps its rows together; or --drop {name}",
        )


def _cut(table: Table, name: str, parts: npt.NDArray[np.int8]) -> float:
    """Return the share of test rows whose group has rows outside the test part."""
    series = table.frame[name]
    test = series.filter(parts == 2).drop_nulls()
    if not len(test):
        return 0.0
    others = series.filter((parts == 0) | (parts == 1)).unique()
    return float(str(test.is_in(others.implode()).mean() or 0.0))
