"""Where each feature comes from: the columns it is made of, and how, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.features.records import FittedStep, Preparation

_WORDS: Mapping[str, str] = {
    "arithmetic": "the {categories} of the two",
    "bins": "how far the number is through each of its bins",
    "characters": "frequent runs of characters, rare ones weighing more",
    "date_cycle": "points on the circles of the calendar",
    "date_parts": "parts of the date",
    "elapsed": "the days from the first to the second",
    "frequency": "the share of training rows with the same text",
    "from_group": "how far the number is from the mean of its category",
    "indicator": "whether the cell is missing",
    "lengths": "the text's length and what characters it is made of",
    "log": "its logarithm, in standard deviations from the mean",
    "one_hot": "one feature for each frequent category",
    "ordinal": "the category's rank by frequency",
    "passthrough": "as it is",
    "scale": "in standard deviations from the mean",
    "target_mean": "the target's mean in this category, learned without the row's own",
    "text_score": "what the words say of the target, learned without the row's own",
    "words": "frequent words and pairs of words, rare ones weighing more",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Features that one step makes, the columns they are made of, and how in words."""

    features: tuple[str, ...]
    columns: tuple[str, ...]
    step: str
    how: str


def lineage(preparation: Preparation) -> tuple[Origin, ...]:
    """Return the origin of every feature, in the order of the features."""
    return tuple(
        Origin(
            step.outputs,
            tuple(source.name for source in step.sources),
            step.step,
            _how(step),
        )
        for step in preparation.steps
    )


def _how(step: FittedStep) -> str:
    words = _WORDS.get(step.step, step.step)
    return words.format(categories=step.categories[0]) if step.step == "arithmetic" else words
