"""How much each column adds to a model's own score, over many rows: exact for each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mlwright.scoring.additive import amounts
from mlwright.scoring.native.protocol import Native
from mlwright.scoring.records import ModelPackage


def contributions(
    package: ModelPackage, native: Native, features: Sequence[Sequence[float]]
) -> Mapping[str, float]:
    """Return each column's mean absolute amount over prepared rows and, of several, classes."""
    found: dict[str, list[float]] = {column.name: [] for column in package.signature.inputs}
    for row in amounts(package, native, features):
        for column, each in row.items():
            found[column] += [abs(amount) for amount in each]
    return {column: math.fsum(each) / len(each) if each else 0.0 for column, each in found.items()}
