"""How long a text is and what it is made of: characters, words, and the shares of some characters.

The shares are of upper case, of digits and of what is neither letter, digit nor space; a missing
text is 0 everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl

_TELLS = ("characters", "words", "upper", "digits", "marks")
_READ = 2_000  # characters, of which the shares are told


def fit(series: pl.Series, column: Column) -> FittedStep:  # noqa: ARG001 - the shape of a step
    """Return the step; there is nothing to learn."""
    outputs = tuple(f"{column.name}:{what}" for what in _TELLS)
    return FittedStep("lengths", column.name, column.kind, outputs, (), ())


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:
    """Return what each text is made of."""
    rows = [transform_value(step, text) for text in series.to_list()]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(_TELLS))


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:  # noqa: ARG001
    """Return what one text is made of."""
    if not isinstance(value, str) or not value:
        return (0.0,) * len(_TELLS)
    read = value[:_READ]
    upper = digits = plain = 0
    for character in read:
        if character.isalpha():
            upper += character.isupper()
            plain += 1
        elif character.isdigit():
            digits += 1
            plain += 1
        elif character.isspace():
            plain += 1
    size = len(read)
    words = len(read.split())
    return (float(len(value)), float(words), upper / size, digits / size, (size - plain) / size)
