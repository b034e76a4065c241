"""What repair makes: fitted steps, what each touched, and the repaired table with its way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.core.digest import Digest
from mlwright.data.records import Column, Kind, Scalar, Snapshot, Split

GRAMMAR = 1
"""The version of what the steps mean; a model keeps the one it was made with."""


@dataclass(frozen=True, slots=True)
class RepairRule:
    """What a repair is made of beside the rows: the steps as written, and columns with a role.

    ``kept`` maps a column that no step may change to the role that forbids it. In ``target`` no
    step may put a value of its own: what is true is not made up.
    """

    steps: tuple[str, ...]
    kept: Mapping[str, str]
    target: str | None = None


@dataclass(frozen=True, slots=True)
class FittedRepair:
    """One step after it was fitted.

    ``text`` is the step as declared, ``applied`` the same with what training rows showed put in
    (``fill age with median`` is applied as ``fill age with 38``): both in the grammar. Of a step
    that changes cells, ``column``, ``kind`` and ``becomes`` say what it reads and what it leaves;
    of one that takes rows or a column out they are None.
    """

    text: str
    applied: str
    column: str | None
    kind: Kind | None
    becomes: Kind | None


@dataclass(frozen=True, slots=True)
class CellRepair:
    """The steps of one column as a model keeps them, in order; ``kind`` is what it held before."""

    column: str
    kind: Kind
    steps: tuple[str, ...]
    grammar: int = GRAMMAR


@dataclass(frozen=True, slots=True)
class Touch:
    """What a step touched: ``before`` names the object with the ids of rows and what they held.

    ``cells`` is 0 for a step that takes rows out. ``reason`` says why, in the words of the step.
    """

    rows: int
    cells: int
    reason: str
    before: Digest | None


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired table with everything needed to make it again, or to undo it.

    ``raw`` is the table it was made from; ``split`` told the training rows, which steps were
    fitted on and rows taken out of: None where there was none, and then all rows were.
    """

    raw: str
    snapshot: Snapshot
    columns: tuple[Column, ...]
    steps: tuple[FittedRepair, ...]
    touches: tuple[Touch, ...]
    split: Split | None
    fitted_rows: int

    @property
    def rule(self) -> RepairRule:
        """The steps as they were declared; that no column with a role was touched is known."""
        return RepairRule(tuple(step.text for step in self.steps), {})

    @property
    def cells(self) -> int:
        """How many cells were changed."""
        return sum(touch.cells for touch in self.touches)

    @property
    def taken_out(self) -> int:
        """How many rows were taken out."""
        return sum(touch.rows for touch in self.touches if not touch.cells)

    @property
    def cell_repairs(self) -> tuple[CellRepair, ...]:
        """The steps that change cells, by column: what a row meets at the endpoint too."""
        found: dict[str, tuple[Kind, list[str]]] = {}
        for step in self.steps:
            if step.column is not None and step.kind is not None:
                found.setdefault(step.column, (step.kind, []))[1].append(step.applied)
        return tuple(CellRepair(name, kind, tuple(s)) for name, (kind, s) in found.items())


@dataclass(frozen=True, slots=True)
class Proposal:
    """A step that would mend what screening found, with the reason.

    ``step`` is written in the grammar; ``count`` says how many cells or rows it is about, and
    ``confidence`` is ``high``, ``medium`` or ``low``.
    """

    step: str
    check: str
    column: str | None
    count: int
    example: str
    why: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Touched:
    """What a step did to one row: the cell ``before`` it, or that it took the row out.

    ``column`` is None for the latter, and ``reason`` says why.
    """

    step: str
    column: str | None
    before: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that was taken out of training: by which step, why, and what it held then."""

    row: str
    step: str
    reason: str
    values: Mapping[str, Scalar | None]
