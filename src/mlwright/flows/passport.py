"""What a prediction's passport is made of: its model, its row prepared again, its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlwright.core.errors import BrokenError, NotFoundError
from mlwright.core.records import load
from mlwright.data.places import parts_of, rows_at
from mlwright.data.records import Part, Scalar, Split
from mlwright.data.split import PARTS
from mlwright.data.table import unordered
from mlwright.evaluate.conformal import held
from mlwright.evaluate.records import Conformal
from mlwright.features.numbers import is_missing
from mlwright.flows.findings.conformal import FINDING as CONFORMAL
from mlwright.flows.findings.kept import findings_of
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.otherwise import Again, Around, fixed_columns, otherwise
from mlwright.flows.outputs import step_output
from mlwright.flows.recording import find_prediction, labels_of
from mlwright.flows.workspace import Workspace
from mlwright.govern.findings.conformal import in_words
from mlwright.govern.neighbours import distances
from mlwright.govern.prediction import Gathered, in_force, passport
from mlwright.govern.records import Neighbour, Passport
from mlwright.govern.why import why
from mlwright.registry.records import ModelVersion
from mlwright.registry.roles import changes
from mlwright.registry.versions import versions
from mlwright.scoring.additive import additive, prepared
from mlwright.scoring.own.sources import fuller_frame
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load as load_scorer
from mlwright.serve.guard import guard_of
from mlwright.serve.labels import key_text
from mlwright.serve.records import Label, Prediction, Unread
from mlwright.serve.requests import rows_of
from mlwright.train.settings import WITHOUT_TARGET

NEIGHBOURS = 5
_BLOCK = 64  # rows whose part is asked first, the nearest; then twice as many, and so on
_LEARNED = (PARTS.index(Part.TRAIN), PARTS.index(Part.VALIDATION))


def passport_of(ref: str, workspace: Workspace) -> Passport:
    """Return everything behind a recorded prediction, by its id or the start of one."""
    prediction = find_prediction(ref, workspace)
    unread: list[Unread] = []
    labels = labels_of(prediction, workspace, unread.append, key_of(prediction, workspace))
    return explain(prediction, labels, workspace, unread)


def explain(
    prediction: Prediction,
    labels: Sequence[Label],
    workspace: Workspace,
    unread: Sequence[Unread] = (),
) -> Passport:
    """Return everything behind a recorded prediction.

    ``unread`` names the damaged segments in which more labels may lie.
    Where the rows of the data are gone it has no neighbours, and a linear model's reasons start
    from zero in place of the average row.
    """
    again = read_again(prediction, workspace)
    version, package = again.version, again.package
    row = prepared(package, again.used)
    near = _around(again, [number for *_, number in row], workspace)
    neighbours = () if near is None else _nearest(again, near, workspace)
    centre = None if near is None else near.centre
    fixed = fixed_columns(version, package, workspace)
    content = workspace.store.get(package.predictor)
    return passport(
        Gathered(
            prediction=prediction,
            version=version,
            package=package,
            value=again.scorer.decide_row(prediction.answer),
            sent=again.sent,
            used=again.used,
            prepared=row,
            additive=additive(package, content, again.used, centre),
            centred=centre is not None,
            neighbours=neighbours,
            change=in_force(changes(workspace.ledger, prediction.endpoint), prediction),
            labels=tuple(labels),
            unread=tuple(unread),
            otherwise=otherwise(again, near, fixed, workspace),
            fixed=fixed,
            surely=surely(version, prediction.answer, workspace),
            model=why(version.ref, workspace.ledger, workspace.store),
        )
    )


def read_again(prediction: Prediction, workspace: Workspace) -> Again:
    """Return a recorded request as its worker read it, from the bytes that were sent.

    Raises
    ------
    BrokenError
        ``prediction-orphaned`` when the model that answered is not in the log.
    """
    version = version_of(prediction, workspace)
    package = load(ModelPackage, workspace.store.get(version.package))
    guard = guard_of(package, prediction.segment.policy)
    sent = rows_of(prediction.body)[prediction.row]
    used, flags = guard(sent, prediction.row)
    scorer = load_scorer(package, workspace.store)
    return Again(version, package, scorer, guard, sent, used, flags)


def surely(version: ModelVersion, answer: Sequence[float], workspace: Workspace) -> str:
    """Say what an answer's truth surely is or lies between; nothing where it was not calibrated."""
    calibrated = findings_of(version, workspace).get(CONFORMAL.name)
    if not isinstance(calibrated, Conformal):
        return ""
    inside = held(calibrated, answer)
    if not inside:
        return ""
    return in_words(calibrated.level, inside, classes=bool(calibrated.classes))


def key_of(prediction: Prediction, workspace: Workspace) -> str | None:
    """Return the key the row was sent with, as text; None where its table has none or it has not.

    A label may name the row by it.
    """
    version = version_of(prediction, workspace)
    name = snapshot_of(version.data, workspace).key
    return None if name is None else key_text(rows_of(prediction.body)[prediction.row].get(name))


def version_of(prediction: Prediction, workspace: Workspace) -> ModelVersion:
    """Return the version that answered, by the name and the model id in the record."""
    for version in versions(workspace.ledger):
        if (version.ref, version.model) == (prediction.ref, prediction.model):
            return version
    raise BrokenError(
        "prediction-orphaned",
        f"{prediction.id} was answered by {prediction.ref} ({prediction.model}), which this "
        "project's log does not know",
        fix="give the project it was served from: --project DIR",
        facts={"prediction": prediction.id, "ref": prediction.ref, "model": prediction.model},
        looked=[f"the {len(versions(workspace.ledger))} registered versions"],
    )


def _around(again: Again, features: Sequence[float], workspace: Workspace) -> Around | None:
    """Return the data around a row; None where its rows are no longer in the store."""
    version, package = again.version, again.package
    snapshot = snapshot_of(version.data, workspace)
    split = step_output(version.run, "split", Split, workspace)
    inputs = [column.name for column in package.signature.inputs]
    target = package.task.target if _has_truth(again) else None
    roles = filter(None, (target, snapshot.key, split.unit, split.time))
    needed = dict.fromkeys([*inputs, *roles])
    try:
        frame = unordered(snapshot, workspace.store, list(needed))
    except NotFoundError as error:
        if error.code != "object-missing":
            raise
        return None
    fuller = fuller_frame(package, frame)
    apart, centre = distances(package.preparation, fuller, features)
    return Around(frame, apart, centre.tolist())


def _nearest(again: Again, near: Around, workspace: Workspace) -> tuple[Neighbour, ...]:
    """Return the nearest rows the model learned from."""
    version = again.version
    snapshot = snapshot_of(version.data, workspace)
    split = step_output(version.run, "split", Split, workspace)
    order = np.argsort(near.apart, kind="stable")
    truths = near.frame[again.package.task.target] if _has_truth(again) else None
    found: list[Neighbour] = []
    begin, size = 0, _BLOCK
    while len(found) < NEIGHBOURS and begin < len(order):
        block = [int(place) for place in order[begin : begin + size]]
        begin, size = begin + size, 2 * size
        known = [place for place in block if truths is None or not is_missing(truths[place])]
        rows = rows_at(known, near.frame, snapshot, workspace.store)
        numbers = parts_of(rows, split, snapshot, workspace.store)
        found += [
            Neighbour(
                row,
                float(near.apart[place]),
                PARTS[number].value,
                None if truths is None else _scalar(truths[place]),
            )
            for place, row, number in zip(known, rows.row_ids, numbers, strict=True)
            if number in _LEARNED
        ]
    return tuple(found[:NEIGHBOURS])


def _has_truth(again: Again) -> bool:
    """Tell whether the model was taught by a column, which its rows then have."""
    return again.package.task.kind.value not in WITHOUT_TARGET


def _scalar(value: object) -> Scalar:
    return value if isinstance(value, bool | int | float | str) else str(value)
