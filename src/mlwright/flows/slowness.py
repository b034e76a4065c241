"""Which models answer slowly, because code of the user's own does, and what they are."""

from __future__ import annotations

from mlwright.scoring.records import ModelPackage
from mlwright.store.protocol import Store
from mlwright.train.own.content import ALGORITHM, head_of, words


def slow_words(package: ModelPackage, store: Store) -> str | None:
    """Return what a model of the user's own is, in words; None for a model of mlwright's."""
    if package.configuration.algorithm != ALGORITHM:
        return None
    return words(head_of(store.get(package.predictor)))
