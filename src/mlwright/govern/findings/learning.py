"""The learning curve told."""

from __future__ import annotations

from mlwright.evaluate.records import Learning
from mlwright.govern.told import Figures, Told, in_a_sentence


def told(found: Learning) -> Told:
    """Tell how the scores change with the rows, and what more of them promise."""
    gave = "half of the rows are too few to fit on"
    if found.doubling is not None:
        gave = f"the last doubling of rows gave {in_a_sentence(found.doubling)} of {found.metric}"
    where = "rows it never saw" if found.rounds == 1 else f"the rows of {found.rounds} other folds"
    columns = ("fitted on", f"{found.metric} there", f"{found.metric} on {where} (95 %)")
    rows = tuple((point.rows, point.train, point.unseen) for point in found.points)
    return Told(
        "What more rows would bring",
        f"{found.verdict.value}; {gave}: {found.promise}",
        (Figures("The learning curve", columns, rows),),
        (found.why,),
    )
