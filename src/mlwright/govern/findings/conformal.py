"""Conformal sets and intervals told."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlwright.data.records import Scalar
from mlwright.evaluate.records import Conformal
from mlwright.govern.card import number
from mlwright.govern.told import Figures, Told, in_a_sentence

_TITLE = "How sure an answer is"


def told(found: Conformal) -> Told:
    """Tell how large sets, or how wide intervals, are that hold the truth as often as asked."""
    asked = f"{found.level:.0%}"
    if not found.bands:
        return Told(_TITLE, f"too few rows to tell sets or intervals that hold {asked} of truths")
    what = "sets of classes" if found.classes else "intervals"
    size = f"{number(found.size.value)} classes" if found.classes else number(found.size.value)
    if math.isinf(found.size.value):
        size = "everything: too few rows calibrate"
    summary = (
        f"{what} that are to hold {asked} of truths held {in_a_sentence(found.coverage)} of"
        f" {found.checked:,} rows that did not calibrate them; they are {size}"
        f" {'large' if found.classes else 'wide'} on average"
    )
    rows = tuple((each.name, each.rows, each.coverage) for each in found.groups)
    of = "class" if found.classes else "answers"
    notes = [
        f"Split conformal prediction: {found.calibrated:,} rows that chose nothing calibrate,"
        f" {found.checked:,} others check. It holds for rows of the same kind as these.",
    ]
    if not found.classes:
        margins = ", ".join(
            f"{number(each.margin)}" + (f" up to {number(each.to)}" if each.to < math.inf else "")
            for each in found.bands
        )
        notes.append(f"An answer's interval is it plus and minus {margins}.")
    elif all(each.margin < math.inf for each in found.bands):
        pairs = zip(found.classes, found.bands, strict=True)
        least = ", ".join(f"{name!r} from {number(1 - each.margin)}" for name, each in pairs)
        notes.append(
            f"A set holds a class from a probability on: {least}; the most probable one always."
        )
    heading = f"How often the truth was inside, asked for {asked}"
    return Told(
        _TITLE, summary, (Figures(heading, (of, "rows", "inside (95 %)"), rows),), tuple(notes)
    )


def in_words(level: float, held: Sequence[Scalar], *, classes: bool) -> str:
    """Say the set or the interval of one answer.

    >>> in_words(0.9, ("no", "yes"), classes=True), in_words(0.9, (1.0, 3.0), classes=False)
    ("90 % sure to be one of 'no', 'yes'", '90 % sure to lie between 1 and 3')
    """
    sure = f"{level * 100:.0f} % sure to"
    if not classes:
        return f"{sure} lie between {number(held[0])} and {number(held[1])}"
    if len(held) == 1:
        return f"{sure} be {held[0]!r}"
    return f"{sure} be one of {', '.join(map(repr, held))}"
