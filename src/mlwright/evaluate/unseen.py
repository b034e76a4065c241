"""A model's answers to rows it never saw: what everything that judges it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.data.table import Table
from mlwright.evaluate.estimate import MODEL, Round
from mlwright.evaluate.truth import Judged
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.train.target import rows_of


@dataclass(frozen=True, slots=True, eq=False)
class Unseen:
    """Rows answered by models that did not see them: the sealed test part, or every row in turn.

    ``places`` are where the rows stand in the table they are of, ``y`` their truth. There is one
    round for a sealed test, and one for each repeat of a nested cross-validation. ``train`` and
    ``validation`` are scores in the task's metric on the rows fitted on and on those that chose;
    ``choices`` says what the searches of a cross-validation chose.
    """

    method: str
    places: IntArray
    y: FloatArray
    rounds: tuple[Round, ...]
    left_out: Mapping[str, int]
    train: float
    validation: float
    choices: str = ""

    @property
    def answers(self) -> FloatArray:
        """The model's answers in the first round: rows x outputs."""
        return self.rounds[0].answers[MODEL]


def judged_rows(table: Table, unseen: Unseen) -> Judged:
    """Return the rows that were answered, of the table they are of."""
    whole = len(unseen.places) == len(table.row_ids)
    rows = table if whole else rows_of(table, unseen.places)
    return Judged(rows, unseen.y, unseen.left_out, unseen.places)
