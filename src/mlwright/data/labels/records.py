"""What people are asked, and what they answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from mlwright.core.digest import Digest
from mlwright.data.records import Kind, Scalar


class Origin(str, Enum):
    """Why a row is in a queue; whoever answers is not told."""

    UNCERTAIN = "uncertain"
    WRONG = "wrong"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Choice:
    """How a queue is chosen: how many rows, the share of each origin, and the seed of the control.

    ``asked`` are rows that people were asked about before; only the control may ask again.
    """

    size: int
    wrong: float
    uncertain: float
    control: float
    seed: int
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueuedRow:
    """One row people are asked about.

    ``recorded`` is the label it has, ``expected`` what the model says, ``worth`` how suspect or
    uncertain it is among those of its origin; none of them is shown to who answers. ``cells`` are
    the row's other columns.
    """

    row: str
    origin: Origin
    recorded: Scalar | None
    expected: Scalar | None
    worth: float
    cells: tuple[Scalar | None, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """Rows people are asked about, and what they were chosen from.

    ``data`` is the version the rows are of, ``classes`` the answers there are, empty for a number
    of ``kind``. Of ``judged`` labels, none of a sealed test row, confident learning finds
    ``contradicted`` wrong. The control was drawn from ``labelled`` rows, all that have a label; of
    recorded predictions (``answered``) from all, each of which the model's answer labels.
    """

    data: str
    model: str | None
    target: str
    kind: Kind
    classes: tuple[Scalar, ...]
    columns: tuple[str, ...]
    rows: tuple[QueuedRow, ...]
    labelled: int
    sealed: int
    judged: int
    contradicted: int
    seed: int
    answered: str | None = None

    def find(self, row: str) -> QueuedRow | None:
        """Return the row with an id, None where the queue has none."""
        return next((each for each in self.rows if each.row == row), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person said of one row; ``value`` is None for a row that was skipped.

    ``salt`` keeps the digest in the log from telling what was said.
    """

    queue: str
    row: str
    value: Scalar | None
    note: str
    salt: bytes


@dataclass(frozen=True, slots=True)
class SettledLabel:
    """A row's label as people settled it.

    ``labels`` are the answers it rests on, ``adjudication`` the one that decided, where one did.
    """

    row: str
    value: Scalar
    before: Scalar | None
    labels: tuple[str, ...]
    adjudication: str | None


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """The settled rows of a queue, as a data version was made from them."""

    queue: str
    data: str
    target: str
    rows: tuple[SettledLabel, ...]
    guidelines: Mapping[str, int]
    guideline: Digest | None
