"""Cells whose absence depends on the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.rules.rule import Marks, Rule, share, shown
from mlwright.data.sheet import Sheet
from mlwright.stats.association import benjamini_hochberg, count_shift, rank_shift

_FALSE_DISCOVERIES = 0.01
_LEAST_MISSING = 10

_Mask = npt.NDArray[np.bool_]


def _find(sheet: Sheet) -> Iterator[Marks]:
    """Test each column with missing cells, and control how many of those told are told wrongly."""
    target = sheet.answers
    if target is None:
        return
    answers = target.learnt_from(target.series)
    known = answers.is_not_null() if answers.null_count() else None
    values = answers.drop_nulls()
    shift = _by_class(values) if sheet.classes is not None else _by_rank(values)
    tested = []
    for name in sheet.names:
        absent = None if name == target.name else sheet.seen(name).absent
        if absent is None:
            continue
        absent = target.learnt_from(absent)
        missing = (absent if known is None else absent.filter(known)).to_numpy()
        if _LEAST_MISSING <= missing.sum() <= len(missing) - _LEAST_MISSING:
            tested.append((name, *shift(missing)))
    surely = benjamini_hochberg([chance for _, chance, _ in tested], _FALSE_DISCOVERIES)
    for (name, _, told), certain in zip(tested, surely, strict=True):
        if certain:
            yield Marks(name, f"whether it is missing depends on the target: {told}")


def _by_class(values: pl.Series) -> Callable[[_Mask], tuple[float, str]]:
    """Return the test of one column's missing cells against classes."""
    classes = values.unique().sort()
    codes = np.zeros(len(values), np.int64)
    for code, each in enumerate(classes[1:], start=1):
        codes[(values == each).to_numpy()] = code
    rows = np.bincount(codes, minlength=len(classes))
    # Of two classes one tells both.
    tests = 1 if len(classes) == 2 else len(classes)

    def shift(missing: _Mask) -> tuple[float, str]:
        hits = np.bincount(codes[missing], minlength=len(classes))
        best = (1.0, "")
        for each in range(tests):
            found = count_shift(int(hits[each]), int(hits.sum()), int(rows[each]), int(rows.sum()))
            chance = min(1.0, found.chance * tests)
            if chance < best[0] or not best[1]:
                inside, outside = share(found.inside), share(found.outside)
                told = (
                    f"{shown(classes[each])} is {inside} where it is missing, {outside} elsewhere"
                )
                best = (chance, told)
        return best

    return shift


def _by_rank(values: pl.Series) -> Callable[[_Mask], tuple[float, str]]:
    """Return the test of one column's missing cells against amounts."""
    numbers = values.cast(pl.Float64).to_numpy()
    ranks = values.rank().to_numpy()

    def shift(missing: _Mask) -> tuple[float, str]:
        inside, outside = (float(np.median(numbers[mask])) for mask in (missing, ~missing))
        told = f"its median is {inside:.4g} where it is missing, {outside:.4g} elsewhere"
        return rank_shift(ranks, missing), told

    return shift


RULE = Rule(
    "missing-by-target",
    "A column whose missing cells go with the target: tested in each column, at most 1 % of those "
    "told are told wrongly (Benjamini and Hochberg 1995).",
    _find,
)
