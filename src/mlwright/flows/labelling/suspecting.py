"""Labels that are probably wrong: one by one, and by slices against an earlier version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from mlwright.core.errors import UsageError
from mlwright.data.labels.choosing import Foretold
from mlwright.data.labels.slicing import moved_rates
from mlwright.data.labels.values import written
from mlwright.data.records import Fault, Scalar, Snapshot
from mlwright.data.split import sealed
from mlwright.data.table import Table, read
from mlwright.features.numbers import Matrix
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.labelling import stages
from mlwright.flows.labelling.queueing import data_of, splits_of, subject_of
from mlwright.flows.labelling.records import Asked
from mlwright.flows.workspace import Workspace
from mlwright.run.engine import Runner
from mlwright.stats.label_errors import LabelErrors
from mlwright.stats.slices import RateShift
from mlwright.train.target import target_values

ERROR, RATE = "label-error", "label-rate"
_TELLING = 6.0
"""Deviations from the answer from which a number is told."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """Labels that are probably wrong, the most suspect first.

    ``judged`` labels were looked at, those of ``sealed`` rows were not; ``suspect`` is the number
    found, of which ``faults`` are the first. ``slices`` are label rates that moved since
    ``against``, by the label, ``compared`` later rows.
    """

    data: str
    model: str | None
    target: str
    judged: int
    sealed: int
    suspect: int
    faults: tuple[Fault, ...]
    against: str | None
    compared: int
    slices: tuple[tuple[Scalar, RateShift], ...]


def suspects(
    workspace: Workspace, what: str, *, against: str | None = None, most: int | None = None
) -> Suspects:
    """Name the labels of a data version that models which did not see them contradict.

    Parameters
    ----------
    what
        A model, whose data is meant, or a data id.
    against
        An earlier data version or a model's: label rates are compared slice by slice.
    most
        How many faults are kept.

    Raises
    ------
    UsageError
        ``slices-numbers`` for rates of a target that has no classes.
    """
    workspace.ledger.require_writable()
    snapshot, version, asked = subject_of(workspace, what)
    if against is not None and not asked.task.classes:
        raise UsageError(
            "slices-numbers",
            f"{asked.task.target!r} is a number: it has no rate to compare",
            fix="leave out --against",
            facts={"target": asked.task.target},
        )
    answers = _foretold(workspace, snapshot, asked)
    table = read(snapshot, workspace.store)
    known = Foretold(target_values(table.frame, asked.task), answers, asked.task.classes)
    places, errors = known.suspects()
    chosen = [i for i in errors.order if _is_told(errors, int(i))]
    earlier: str | None = None
    compared = 0
    slices: tuple[tuple[Scalar, RateShift], ...] = ()
    if against is not None:
        earlier = data_of(workspace, against)
        compared, slices = _moved(workspace, table, asked, earlier)
    return Suspects(
        data=snapshot.id,
        model=version.ref if version else None,
        target=asked.task.target,
        judged=len(places),
        sealed=int(sealed(table, asked.splits).sum()),
        suspect=len(chosen),
        faults=tuple(
            _fault(table, asked, known, int(places[i]), errors, int(i)) for i in chosen[:most]
        ),
        against=earlier,
        compared=compared,
        slices=slices,
    )


def _foretold(workspace: Workspace, snapshot: Snapshot, asked: Asked) -> Matrix:
    """Return the answers of models that did not see the rows; kept where they were made before."""
    runner = Runner(workspace.store, workspace.ledger, workspace.seam)
    inputs = {"snapshot": snapshot, "asked": asked}
    runner.start("label errors", inputs=inputs)
    with runner.recording():
        resources = {"store": workspace.store}
        made = runner.execute((stages.foretold,), inputs=inputs, resources=resources)
        runner.finish("finished")
    return cast("Matrix", made["foretold"])


def _is_told(errors: LabelErrors, place: int) -> bool:
    return bool(errors.contradicted[place]) or float(errors.suspicion[place]) > _TELLING


def _fault(
    table: Table, asked: Asked, known: Foretold, row: int, errors: LabelErrors, place: int
) -> Fault:
    label = cast("Scalar", table.frame[asked.task.target][row])
    if not known.classes:
        why = (
            f"{errors.suspicion[place]:.3g} deviations from {errors.expected[place]:.6g}, which"
            " a model that did not see the row answers"
        )
    else:
        other = known.classes[int(errors.expected[place])]
        own, others = (known.answers[row, known.classes.index(each)] for each in (label, other))
        why = (
            f"a model that did not see the row gives this {_percent(own)} and"
            f" {written(other)!r} {_percent(others)}"
        )
    return Fault(ERROR, asked.task.target, table.row_ids[row], label, why)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _moved(
    workspace: Workspace, later: Table, asked: Asked, data: str
) -> tuple[int, tuple[tuple[Scalar, RateShift], ...]]:
    """Compare label rates with an earlier version's, both without their sealed test rows."""
    before = read(snapshot_of(data, workspace), workspace.store)
    seen = before.filter(~sealed(before, splits_of(data, workspace)))
    now = later.filter(~sealed(later, asked.splits))
    return moved_rates(seen, now, asked.task.target, asked.task.classes)
