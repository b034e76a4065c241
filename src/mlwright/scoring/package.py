"""From a fitted model to a package: compiled, compared bit by bit, its parts in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlwright.core import records
from mlwright.core.errors import FaultError
from mlwright.core.ids import Noun, content_id
from mlwright.data.digests import columns_of
from mlwright.data.records import Column, Contract, Scalar
from mlwright.data.repair.records import CellRepair
from mlwright.data.table import Table
from mlwright.features.records import Preparation, Value
from mlwright.scoring.artefact import answers_digest, artefact_digest, output_names
from mlwright.scoring.cast import cast_row
from mlwright.scoring.edges import edge_rows
from mlwright.scoring.frames import cast_frame, frame_of
from mlwright.scoring.native.foreign import ForeignModel
from mlwright.scoring.native.model_text import canonical
from mlwright.scoring.native.open import open_native
from mlwright.scoring.native.protocol import Matrix
from mlwright.scoring.own.apart import shared_steps
from mlwright.scoring.own.compiled import behind
from mlwright.scoring.plan import Plan, compile_plan
from mlwright.scoring.records import ModelPackage, OwnFeatures, Probe, Signature
from mlwright.scoring.repairing import needed
from mlwright.store.protocol import Store
from mlwright.train.fit import answers
from mlwright.train.records import Configuration, Fitted, Task, TaskKind

if TYPE_CHECKING:
    import polars as pl

MOST_VERIFIED = 2_000
MOST_PROBED = 256
MOST_ASKED = 48


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Rows to compare on: as a caller gives them, as a table, and what each is called.

    ``learnt`` is the table as training saw it, where steps of the user's own made it fuller.
    """

    names: Sequence[str]
    rows: Sequence[Mapping[str, Scalar | None]]
    frame: pl.DataFrame
    learnt: pl.DataFrame | None = None


def package(
    fitted: Fitted,
    contract: Contract,
    holdout: Table,
    store: Store,
    repairs: Sequence[CellRepair] = (),
    own: OwnFeatures | None = None,
    learnt: Table | None = None,
) -> ModelPackage:
    """Compile a fitted model, prove the plan equal to training, and put its parts in the store.

    Parameters
    ----------
    holdout
        Rows to compare on, evenly drawn; some of them, with rows made at the edges of what
        the signature lets in, become the frozen probe.
    repairs
        What was done to the cells before training, and is to be done to those of a request.
    own, learnt
        Steps of the user's own, and the table they made of ``holdout``, from which was learnt.

    Raises
    ------
    FaultError
        ``plan-not-equal`` when row, table and training differ in a single bit of an answer.
    """
    task, preparation = _settled(Task, fitted.task), _settled(Preparation, fitted.preparation)
    configuration = _settled(Configuration, fitted.configuration)
    of_each = "distance" if task.kind is TaskKind.CLUSTERING else "probability"
    own = None if own is None or not _is_read(own, preparation) else _settled(OwnFeatures, own)
    inputs = preparation.inputs if own is None else _behind(own, preparation, holdout)
    signature = Signature(inputs, output_names(task.classes, of_each))
    content = fitted.content
    if configuration.algorithm == "lightgbm":
        content = canonical(content)
    native = open_native(
        configuration.algorithm,
        content,
        features=len(preparation.outputs),
        outputs=len(signature.outputs),
    )
    plan = compile_plan(preparation, native)
    if own is not None:
        plan = behind(plan, own, shared_steps(own), signature)
    held_out, probed = (
        _few_trials(holdout, signature.inputs)
        if isinstance(native, ForeignModel) or own is not None
        else _trials(holdout, signature.inputs)
    )
    if own is not None and learnt is not None:
        held_out = probed = _as_learnt(held_out, learnt, preparation)
    for trial in (held_out,) if held_out is probed else (held_out, probed):
        if trial.rows:
            verify(fitted, plan, trial, signature)
    predictor = store.put(content)
    probe = Probe(signature.inputs, tuple(tuple(row.values()) for row in probed.rows))
    probe_digest = store.put(records.dump(probe))
    kept = _settled(Contract, contract)
    mending = needed(repairs, signature.inputs)
    artefact = artefact_digest(
        task, signature, kept, preparation, configuration.algorithm, predictor, mending, own
    )
    return ModelPackage(
        id=content_id(Noun.MODEL, artefact),
        artefact=artefact,
        task=task,
        signature=signature,
        contract=kept,
        preparation=preparation,
        configuration=configuration,
        predictor=predictor,
        probe=probe_digest,
        probe_answers=answers_digest(_by_row(plan, probed, signature)),
        verified_rows=len(held_out.rows) + (0 if probed is held_out else len(probed.rows)),
        repairs=mending,
        own=own,
    )


def _is_read(own: OwnFeatures, preparation: Preparation) -> bool:
    """Tell whether a model reads anything that steps of the user's own make."""
    made = {column.name for column in own.makes}
    return any(column.name in made for column in preparation.inputs)


def _behind(own: OwnFeatures, preparation: Preparation, table: Table) -> tuple[Column, ...]:
    """Return the columns of the table that a model needs: what it reads, and what steps read."""
    made = {column.name for column in own.makes}
    needed = {column.name for column in preparation.inputs if column.name not in made}
    needed |= {column.name for column in own.reads}
    return tuple(column for column in columns_of(table.frame) if column.name in needed)


def _as_learnt(trial: Trial, learnt: Table, preparation: Preparation) -> Trial:
    places = _evenly(len(learnt.row_ids), len(trial.rows))
    return replace(trial, learnt=cast_frame(learnt.frame[places], preparation.inputs))


def verify(fitted: Fitted, plan: Plan, trial: Trial, signature: Signature) -> None:
    """Compare every way to an answer with what training answers, bit by bit.

    Raises
    ------
    FaultError
        ``plan-not-equal`` naming the first row and output that differ.
    """
    expected = answers(fitted, trial.frame if trial.learnt is None else trial.learnt)
    ways = {
        "a row alone": _by_row(plan, trial, signature),
        "rows together": plan.rows(trial.rows),
        "columns": plan.columns(_columns(trial, signature), len(trial.rows)),
        "a table": plan.table(trial.frame),
    }
    for way, found in ways.items():
        if not np.array_equal(_bits(found), _bits(expected)):
            raise _not_equal(way, found, expected, trial, signature)


def _not_equal(
    way: str, found: Matrix, expected: Matrix, trial: Trial, signature: Signature
) -> FaultError:
    differ = _bits(found) != _bits(expected)
    row, output = (int(place) for place in np.argwhere(differ)[0])
    name, column = trial.names[row], signature.outputs[output]
    flips = int(np.sum(np.argmax(found, axis=1) != np.argmax(expected, axis=1)))
    return FaultError(
        "plan-not-equal",
        f"the compiled plan is not the trained model: for {name}, {column}, {way} gives "
        f"{found[row, output]!r} where training gives {expected[row, output]!r}; "
        f"{int(differ.any(axis=1).sum()):,} of {len(found):,} rows differ, "
        f"{flips:,} in the class they get",
        fix="report this with the model's configuration; until then leave its algorithm out: "
        "--models",
        facts={
            "row": name,
            "column": column,
            "way": way,
            "found": float(found[row, output]).hex(),
            "expected": float(expected[row, output]).hex(),
            "flips": flips,
        },
    )


def _bits(answers: Matrix) -> NDArray[np.int64]:
    return np.where(np.isnan(answers), np.nan, answers).view(np.int64)


def _trials(holdout: Table, inputs: Sequence[Column]) -> tuple[Trial, Trial]:
    """Return held-out rows, and the probe: fewer of them and rows at the edges."""
    frame = cast_frame(holdout.frame, inputs)
    places = _evenly(frame.height, MOST_VERIFIED)
    held_out = Trial(
        [f"row {name}" for name in holdout.row_ids.gather(places)],
        list(frame[places].iter_rows(named=True)),
        frame[places],
    )
    some = _evenly(len(held_out.rows), MOST_PROBED)
    kept = [_as_text(held_out.rows[place]) for place in some]
    base = kept[0] if kept else dict.fromkeys(column.name for column in inputs)
    edges = edge_rows(base, inputs)
    rows = [*kept, *(row for _, row in edges)]
    names = [*(held_out.names[place] for place in some), *(f"the row with {n}" for n, _ in edges)]
    return held_out, Trial(names, rows, frame_of((cast_row(r, inputs) for r in rows), inputs))


def _few_trials(holdout: Table, inputs: Sequence[Column]) -> tuple[Trial, Trial]:
    """Return held-out rows alone, and few: code of the user's own is slow, and may refuse edges."""
    frame = cast_frame(holdout.frame, inputs)
    places = _evenly(frame.height, MOST_ASKED)
    rows = [_as_text(row) for row in frame[places].iter_rows(named=True)]
    names = [f"row {name}" for name in holdout.row_ids.gather(places)]
    held_out = Trial(names, rows, frame_of((cast_row(row, inputs) for row in rows), inputs))
    return held_out, held_out


def _evenly(count: int, most: int) -> list[int]:
    """Return at most ``most`` places, evenly spread over ``count`` rows.

    >>> _evenly(10, 4)
    [0, 2, 5, 7]
    """
    return [place * count // min(count, most) for place in range(min(count, most))]


def _as_text(row: Mapping[str, Value]) -> dict[str, Scalar | None]:
    """Return a row as JSON delivers it: dates as ISO text."""
    return {
        name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()
    }


def _by_row(plan: Plan, trial: Trial, signature: Signature) -> Matrix:
    found = np.array([plan.row(row) for row in trial.rows], dtype=np.float64)
    return found.reshape(len(trial.rows), len(signature.outputs))


def _columns(trial: Trial, signature: Signature) -> dict[str, list[object]]:
    return {c.name: [row[c.name] for row in trial.rows] for c in signature.inputs}


R = TypeVar("R")


def _settled(kind: type[R], record: R) -> R:
    """Return a record as it will be read back, so that its digest stays: no numpy numbers."""
    return records.load(kind, records.dump(record))
