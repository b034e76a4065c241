"""The worst slices told."""

from __future__ import annotations

from collections.abc import Sequence

from mlwright.evaluate.records import Slices
from mlwright.govern.card import number
from mlwright.govern.told import Figures, Told, in_a_sentence

_TITLE = "Where it is worst"


def told(found: Slices) -> Told:
    """Tell the worst slices of a model."""
    tried = f"{found.tested:,} slices of at least {found.smallest:,} of {found.rows:,} rows"
    if not found.slices:
        return Told(_TITLE, f"none of {tried} is worse than the other rows beyond chance")
    worst = found.slices[0]
    summary = (
        f"{in_words(worst.where)} ({worst.rows:,} rows): {found.loss}"
        f" {number(worst.loss)}, elsewhere {number(worst.elsewhere)}, which is"
        f" {in_a_sentence(worst.excess)} more; {found.believed:,} of {tried} are worse"
    )
    rows = tuple(
        (in_words(s.where), s.rows, s.loss, s.elsewhere, s.excess, s.stated, s.happened)
        for s in found.slices
    )
    columns = ("slice", "rows", found.loss, "elsewhere", "more by (95 %)", "stated", "happened")
    return Told(
        _TITLE,
        summary,
        (Figures("Slices in which it loses more than elsewhere", columns, rows),),
        (
            "Where stated and happened lie apart it misjudges these rows; where they agree, the"
            " rows are harder to tell than others.",
            f"Of {found.tested:,} slices tried {found.believed:,} are believed at 5 % false"
            " discoveries (Benjamini and Hochberg 1995); the intervals are widened for having"
            " been chosen (Benjamini and Yekutieli 2005).",
        ),
    )


def in_words(where: Sequence[tuple[str, str]]) -> str:
    """Say a slice: each column with its value.

    >>> in_words((("plan", "a"), ("age", "over 40")))
    'plan = a and age over 40'
    """
    banded = ("up to ", "over ")
    return " and ".join(
        f"{name} {value}" if value.startswith(banded) else f"{name} = {value}"
        for name, value in where
    )
