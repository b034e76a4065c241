"""A whole table held against a contract: each cell that breaks it, clipped where that is asked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from mlwright.data.normalise import normalise
from mlwright.data.records import Breach, Column, Contract, FeatureContract, Scalar
from mlwright.data.rules.promises import breaches
from mlwright.data.terms import actions_of

_CLIP = "clip"


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell that broke its promise: where, how, and what becomes of it."""

    row: int
    feature: FeatureContract
    breach: Breach
    value: Scalar | None
    action: str
    stated: bool


def guard_table(
    frame: pl.DataFrame, contract: Contract, inputs: Sequence[Column], policy: Mapping[str, str]
) -> tuple[pl.DataFrame, tuple[Broken, ...]]:
    """Return the table to score, and every cell that broke a promise, row by row.

    Judges each cell as :func:`mlwright.serve.guard.compile_guard` judges it in a request, a whole
    column at a time. Columns the model does not read are left alone, as are cells of another kind.

    Parameters
    ----------
    policy
        What becomes of each breach, where the contract itself does not say.
    """
    promised = {feature.name: feature for feature in contract.features}
    actions = actions_of(contract)
    read = [each.name for each in inputs if each.name in promised and each.name in frame.columns]
    if not read:
        return frame, ()
    plain, _ = normalise(frame.select(read))
    found: list[Broken] = []
    for name in read:
        feature, series = promised[name], plain[name]
        for breach, mask in breaches(feature, series).items():
            if breach is None or not mask.any():
                continue
            own = actions.get((name, breach))
            action = own or policy[breach.value]
            places = mask.arg_true()
            found += [
                Broken(row, feature, breach, _scalar(cell), action, own is not None)
                for row, cell in zip(places, series.gather(places), strict=True)
            ]
            if action == _CLIP and breach is Breach.OUT_OF_RANGE:
                frame = frame.with_columns(_clipped(feature, series))
    found.sort(key=lambda each: each.row)  # of one row, in the order of the columns
    return frame, tuple(found)


def _clipped(feature: FeatureContract, series: pl.Series) -> pl.Series:
    low, high = (
        end if isinstance(end, int | float) and math.isfinite(end) else None
        for end in (feature.low, feature.high)
    )
    return series.clip(low, high)


def _scalar(cell: object) -> Scalar | None:
    if isinstance(cell, date):
        return cell.isoformat()
    return cell if isinstance(cell, bool | int | float | str) else None
