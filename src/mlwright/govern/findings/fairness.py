"""Groups and the gaps between them told."""

from __future__ import annotations

from mlwright.evaluate.fairness.records import Compared, Fairness, GapTold
from mlwright.govern.told import Figures, Told, in_a_sentence

_TITLE = "How groups are treated"
_MOST = 12
"""Groups of one comparison that are shown: those of most rows."""

_SAID = {
    "selection_gap": "share selected",
    "tpr_gap": "share of positives found",
    "fpr_gap": "share of negatives selected",
    "calibration_gap": "how often more than stated",
}


def told(found: Fairness) -> Told:
    """Tell how a model treats groups."""
    tried = f"{found.tested:,} gaps between groups of at least {found.smallest} rows"
    notes = (
        f"Selected is {found.positive!r}; {found.rows:,} rows it never saw ({found.method}),"
        f" {found.resamples:,} resamples, seed {found.seed}.",
        f"Of all gaps looked at together, {found.rate:.0%} at most of those that stand are"
        " chance (Benjamini and Hochberg 1995). A gap is never less than 0 and mostly more, by"
        " chance alone: its low end reaches down to 0 where noise explains it.",
    )
    figures = (_gaps(found), *(_groups(each) for each in found.compared))
    if not found.real:
        return Told(_TITLE, f"none of {tried} stands beyond chance", figures, notes)
    name, widest = found.real[0]
    summary = (
        f"{len(found.real):,} of {tried} stand beyond chance; the widest by {name}:"
        f" {_in_words(widest)}"
    )
    return Told(_TITLE, summary, figures, notes)


def _in_words(gap: GapTold) -> str:
    return (
        f"{_SAID[gap.name]} is {in_a_sentence(gap.size)} more for {gap.most} than for {gap.least}"
    )


def _gaps(found: Fairness) -> Figures:
    rows = tuple(
        (
            each.name,
            gap.name,
            gap.size,
            gap.most,
            gap.least,
            gap.chance,
            "yes" if gap.real else "no",
        )
        for each in found.compared
        for gap in each.gaps
    )
    columns = ("groups of", "gap", "size (95 %)", "most", "least", "chance", "stands")
    return Figures("Gaps", columns, rows)


def _groups(compared: Compared) -> Figures:
    largest = sorted(compared.groups, key=lambda each: -each.rows)[:_MOST]
    rows = tuple(
        (
            each.group,
            each.rows,
            each.positives,
            each.selection_rate,
            each.true_positive_rate,
            each.false_positive_rate,
            each.calibration,
        )
        for each in compared.groups
        if each in largest
    )
    more = f" (the largest {_MOST} of {len(compared.groups):,})" if len(rows) > _MOST else ""
    few = f"; too few rows to compare: {', '.join(compared.small)}" if compared.small else ""
    columns = (
        "group",
        "rows",
        "positives",
        "selected",
        "positives found",
        "negatives selected",
        "more often than stated",
    )
    return Figures(f"By {compared.name}{more}{few}", columns, rows)
