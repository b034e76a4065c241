"""Which rows of a table the contract would flag at the endpoint."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlwright.data.promises import is_ranged
from mlwright.data.records import Contract, FeatureContract
from mlwright.features.numbers import missing_in


def noticed(contract: Contract, rows: pl.DataFrame) -> NDArray[np.bool_]:
    """Return which rows hold a cell that breaks its column's promise."""
    found = np.zeros(rows.height, dtype=np.bool_)
    for feature in contract.features:
        if feature.name in rows.columns:
            found |= _broken(feature, rows[feature.name])
    return found


def _broken(feature: FeatureContract, series: pl.Series) -> NDArray[np.bool_]:
    empty = missing_in(series)
    if is_ranged(feature) and series.dtype.is_numeric():
        low: Any = feature.low
        high: Any = feature.high
        outside = ((series < low) | (series > high)).fill_null(value=False).to_numpy()
    elif feature.categories is not None and not series.dtype.is_temporal():
        known = pl.Series(list(feature.categories), dtype=series.dtype, strict=False)
        outside = (~series.is_in(known.implode())).fill_null(value=False).to_numpy()
    else:
        outside = np.zeros(len(series), dtype=np.bool_)
    broken: NDArray[np.bool_] = np.where(empty, not feature.nullable, outside)
    return broken
