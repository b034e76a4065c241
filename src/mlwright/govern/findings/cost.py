"""What decisions cost, told."""

from __future__ import annotations

from mlwright.evaluate.costs import in_words
from mlwright.evaluate.records import DecisionCost
from mlwright.govern.told import Cell, Figures, Told, in_a_sentence


def told(found: DecisionCost) -> Told:
    """Tell what decisions cost beside others, and how classes are answered."""
    summary = (
        f"it {in_words(found.costs, found.classes)}; a row costs {in_a_sentence(found.cost)},"
        f" which saves {in_a_sentence(found.saved)} against the most probable class and"
        f" {in_a_sentence(found.saved_beside_always)} against always {found.always!r};"
        f" {found.changed:,} of {found.rows:,} rows are decided otherwise than by probability"
    )
    ways = (
        ("by the costs", found.cost),
        ("the most probable class", found.most_probable),
        (f"always {found.always!r}", found.always_alike),
    )
    names = tuple(str(each) for each in found.classes)
    counts: tuple[tuple[Cell, ...], ...] = tuple(
        (f"{name} is true", *row) for name, row in zip(names, found.confusion, strict=True)
    )
    return Told(
        "What its decisions cost",
        summary,
        (
            Figures("The mean cost of a row", ("decided", "cost (95 %)"), ways),
            Figures("Rows by truth and answer", ("", *names), counts),
        ),
        ("Accuracy, f1 and the rates of groups are those of these decisions.",),
    )
