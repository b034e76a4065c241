"""Several texts of trees as one, which answers with their weighted sum.

What decides neither an answer nor its Shapley values is left out, and a leaf takes its text's
weight, so that one walk over one text gives the sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlwright.train.algorithms.tree_text import scores_for, text_of
from mlwright.train.tree_order import often_first

_END = "end of trees\n"
_KEPT = (
    "num_leaves",
    "num_cat",
    "split_feature",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_count",
    "internal_count",
    "cat_boundaries",
    "cat_threshold",
    "shrinkage",
)


@dataclass(frozen=True, slots=True, eq=False)
class WeightedTrees:
    """A text, what its sums are multiplied by, and where each of its features is in the whole."""

    content: bytes
    weight: float
    places: Sequence[int]


def is_trees(content: bytes) -> bool:
    """Tell whether a content is a text of trees."""
    return content.startswith(b"tree\n")


def trees_in(content: bytes) -> int:
    r"""Return how many trees a text holds; those of every class count.

    >>> trees_in(b"tree\n\nTree=0\n\nTree=1\n\nend of trees\n")
    2
    """
    return content.count(b"\nTree=")


def merged(
    parts: Sequence[WeightedTrees], *, features: int, classes: int, starts: Sequence[float]
) -> bytes:
    """Return one text whose sums are those of the parts, each times its weight, plus ``starts``.

    Parameters
    ----------
    features
        How many features a row of the whole has.
    classes
        0 where the sum is the answer.
    starts
        What is added to each score; the first trees take it.
    """
    scores = scores_for(classes)
    blocks: list[str] = []
    for part in parts:
        for lines in _trees(part.content.decode()):
            place = len(blocks)
            start = starts[place] if place < scores else 0.0
            blocks.append(_block(place, often_first(lines), part, start))
    return text_of(blocks, features=features, classes=classes)


def _trees(text: str) -> Iterator[dict[str, str]]:
    _, *blocks = text[: text.index(_END)].split("\nTree=")
    for block in blocks:
        pairs = (line.partition("=") for line in block.split("\n"))
        yield {name: value for name, sign, value in pairs if sign}


def _block(place: int, lines: dict[str, str], part: WeightedTrees, start: float) -> str:
    written = [f"Tree={place}"]
    for name in _KEPT:
        value = lines.get(name)
        if value is None:
            continue
        if name == "leaf_value":
            leaves = (float(each) * part.weight + start for each in value.split())
            value = " ".join(repr(leaf) for leaf in leaves)
        elif name == "split_feature":
            value = " ".join(str(part.places[int(each)]) for each in value.split())
        written.append(f"{name}={value}")
    return "\n".join(written) + "\n\n\n"
