"""The rows of a job as pandas tables."""

from __future__ import annotations

from typing import Any

import pandas as pd


def tables(job: dict[str, Any]) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """Return the features and the target to learn from, and the features to answer."""
    train, test = (pd.read_parquet(job[part]) for part in ("train", "test"))
    y = train[job["target"]]
    apart = [job["target"], job["key"]]
    return train.drop(columns=apart), y, test.drop(columns=apart)


def categories(train: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables with texts as categories, as LightGBM wants them; dates are left out."""
    train, test = train.copy(), test.copy()
    for name in train.columns:
        if pd.api.types.is_datetime64_any_dtype(train[name]):
            train, test = train.drop(columns=name), test.drop(columns=name)
        elif not pd.api.types.is_numeric_dtype(train[name]):
            kind = pd.CategoricalDtype(sorted(train[name].dropna().unique()))
            train[name], test[name] = train[name].astype(kind), test[name].astype(kind)
    return train, test
