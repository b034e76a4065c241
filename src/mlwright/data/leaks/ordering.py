"""Ids and dates that sort the target: neighbours in their order share the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from mlwright.data.leaks.nature import Nature
from mlwright.data.leaks.records import ORDER, Leak
from mlwright.data.leaks.sample import Codes, Sample, as_numbers, by_size
from mlwright.data.rules.rule import share
from mlwright.stats.explained import Explained

SORTED_BY_IDS = 0.25
SORTED_BY_DATES = 0.5
"""The share of the target an order surely tells, from which on it sorts it. Ids should tell nothing
of it, dates may: the order of time tells 0.09 of whether a flight is late."""


def sorting(sample: Sample, natures: Mapping[str, Nature], *, by_time: bool) -> Iterator[Leak]:
    """Yield the ids and dates whose order tells the target.

    With ``by_time`` the split follows a time, so that a test row has no neighbours to copy: then
    dates are let be.
    """
    for name, nature in natures.items():
        if nature is Nature.ID:
            told = told_by_order(sample, sample.frame[name])
            if told.least >= SORTED_BY_IDS:
                why = f"the order of the ids in {name!r} tells {share(told.share)} of"
                fix = f"--drop {name}, and learn what gave the ids their order"
                yield Leak(ORDER, name, 0, f"{why} {sample.target!r}: it sorts the answers", fix)
        elif nature is Nature.MOMENT and not by_time:
            told = told_by_order(sample, sample.frame[name])
            if told.least >= SORTED_BY_DATES:
                why = f"rows next to each other in {name!r} share {share(told.share)} of"
                fix = f"--time {name} judges the model on later rows; or --drop {name}"
                yield Leak(
                    ORDER,
                    name,
                    0,
                    f"{why} {sample.target!r}, and the split puts neighbours on both sides",
                    fix,
                )


def told_by_order(sample: Sample, series: pl.Series) -> Explained:
    """Return how much of the target the place of a row in an order tells."""
    return max((sample.told(codes) for codes in _orders(series)), key=lambda each: each.share)


def _orders(series: pl.Series) -> Iterator[Codes]:
    if series.dtype != pl.String():
        yield by_size(as_numbers(series))
        return
    yield by_size(as_numbers(series.rank("dense")))
    # C9 and C10 stand apart as texts.
    last = series.str.extract(r"(\d{1,15})\D*$").cast(pl.Float64, strict=False)
    numbers = last.fill_null(float("nan")).to_numpy()
    if np.isfinite(numbers).any():
        yield by_size(numbers)
