"""Clusters around centres (k-means); the content is JSON of the centres.

A number farther than ``REACH`` deviations from the mean counts as that far, so that no single cell
makes a cluster of its own.
"""

from __future__ import annotations

import json

import numpy as np

from mlwright.core.encoding import canonical_json
from mlwright.features.numbers import Matrix
from mlwright.stats.clusters import kmeans, squares_to
from mlwright.train.algorithms.problem import Parameters

FORMAT = "mlwright/centres/1"
REACH = 4.0


def fit(X: Matrix, parameters: Parameters, seed: int) -> bytes:
    """Return ``clusters`` centres, the largest cluster first."""
    centres = kmeans(bounded(X), int(parameters["clusters"]), seed)
    return canonical_json({"format": FORMAT, "reach": REACH, "centres": centres.tolist()})


def answer(content: bytes, X: Matrix) -> Matrix:
    """Return rows x clusters: the distance to each centre."""
    return np.sqrt(squares_to(bounded(X), centres_of(content)))


def centres_of(content: bytes) -> Matrix:
    """Return the centres that :func:`fit` wrote."""
    return np.array(json.loads(content)["centres"], dtype=np.float64)


def bounded(X: Matrix) -> Matrix:
    """Return the rows with no cell farther out than it may count."""
    return np.clip(X, -REACH, REACH)
