"""Which models answer slowly, because code of the user's own does, and what they are."""

from __future__ import annotations

from mlwright.scoring.own.apart import words as steps_words
from mlwright.scoring.records import ModelPackage
from mlwright.store.protocol import Store
from mlwright.train.own.content import ALGORITHM, head_of, words


def slow_words(package: ModelPackage, store: Store) -> str | None:
    """Return what of a model is the user's own, in words; None where all of it is mlwright's."""
    told = [] if package.own is None else [steps_words(package.own.steps)]
    if package.configuration.algorithm == ALGORITHM:
        told.append(words(head_of(store.get(package.predictor))))
    return "; ".join(told) or None
