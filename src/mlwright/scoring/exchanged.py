"""Reasons of a model that only answers: how far its score moves when one column is exchanged.

Each column in turn takes what the average row holds. What several columns do together is told of
each of them, or of none, so these amounts do not add up to the score; nobody is told they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mlwright.scoring.native.foreign import ForeignModel
from mlwright.scoring.native.protocol import Matrix
from mlwright.scoring.own.sources import table_columns
from mlwright.scoring.records import ModelPackage

MOST = 50
"""Rows that are looked at when a model is told of as a whole: each asks for as many as columns."""

Amounts = Mapping[str, Sequence[float]]


def exchanged(
    package: ModelPackage,
    native: ForeignModel,
    features: Sequence[Sequence[float]],
    centre: Sequence[float],
) -> tuple[Matrix, Matrix, list[Amounts]]:
    """Return the score of ``centre``, the scores of rows, and how far each column moves those.

    The amounts are by column and then by score.
    """
    places = places_of(package)
    asked = [list(centre)]
    for row in features:
        asked.append(list(row))
        for own in places.values():
            other = list(row)
            for place in own:
                other[place] = centre[place]
            asked.append(other)
    found = native.score_matrix(np.array(asked, dtype=np.float64))
    blocks = found[1:].reshape(len(features), len(places) + 1, -1)
    amounts: list[Amounts] = [
        {name: (block[0] - block[place]).tolist() for place, name in enumerate(places, start=1)}
        for block in blocks
    ]
    return found[:1], blocks[:, 0, :], amounts


def places_of(package: ModelPackage) -> dict[str, list[int]]:
    """Return the features that each input column has a part in, by their places."""
    places: dict[str, list[int]] = {column.name: [] for column in package.signature.inputs}
    place = 0
    for step in package.preparation.steps:
        made = range(place, place + len(step.outputs))
        for name in {n: None for each in step.sources for n in table_columns(package, each.name)}:
            places[name].extend(made)
        place += len(step.outputs)
    return places
