"""A prediction explained: its passport, from records and values that were gathered before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from mlwright.core.encoding import plain
from mlwright.data.records import Scalar
from mlwright.govern.neighbours import DISTANCE
from mlwright.govern.reasons import reasons, start
from mlwright.govern.records import Link, Neighbour, Otherwise, Passport, Why
from mlwright.registry.records import ModelVersion, RoleChange
from mlwright.scoring.additive import CENTRED
from mlwright.scoring.records import Additive, ModelPackage, Scale
from mlwright.serve.records import Label, Prediction, Segment, Unread

_PROMOTED = "made live in"
PROBABILITY, DISTANCE_TO = "probability:", "distance:"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a prediction is explained from.

    ``model`` is the explanation of the version that answered, ``centred`` tells whether a linear
    model's reasons start from the average row. ``unread`` names the damaged segments in which more
    labels may lie.
    """

    prediction: Prediction
    version: ModelVersion
    package: ModelPackage
    value: Scalar
    sent: Mapping[str, object]
    used: Mapping[str, object]
    prepared: tuple[tuple[str, str, float], ...]
    additive: Additive
    centred: bool
    neighbours: tuple[Neighbour, ...]
    change: RoleChange | None
    labels: tuple[Label, ...]
    unread: tuple[Unread, ...]
    otherwise: tuple[Otherwise, ...]
    fixed: Mapping[str, str]
    surely: str
    model: Why


def passport(found: Gathered) -> Passport:
    """Return everything behind a prediction, the way back to rows, code and people included."""
    prediction, additive = found.prediction, found.additive
    outputs = found.package.signature.outputs
    probabilities = {
        name.removeprefix(PROBABILITY): share
        for name, share in zip(outputs, prediction.answer, strict=True)
        if name.startswith(PROBABILITY)
    }
    distances = {
        name.removeprefix(DISTANCE_TO): apart
        for name, apart in zip(outputs, prediction.answer, strict=True)
        if name.startswith(DISTANCE_TO)
    }
    told = start(additive, found.package.task.target, _centre(found))
    ordered = reasons(additive, found.package.task.target, found.used)
    facts: Mapping[str, object] = {
        "endpoint": prediction.endpoint,
        "time": prediction.time,
        "model": prediction.ref,
        "role": prediction.role,
        "value": found.value,
        "probability": probabilities,
        **({"surely": found.surely} if found.surely else {}),
        **({"distance": distances} if distances else {}),
        "sent": found.sent,
        "used": found.used,
        "prepared": {name: number for _, name, number in found.prepared},
        "reasons": {
            "scale": additive.scale,
            "output": additive.output,
            "base": additive.base,
            "score": additive.score,
            "gap": additive.gap,
            "exact": additive.exact,
            "start": told,
            "columns": ordered,
        },
        "flags": prediction.flags,
        "nearest": {"distance": DISTANCE, "rows": found.neighbours},
        "otherwise": {"found": found.otherwise, "fixed": found.fixed},
        "segment": prediction.segment,
        "labels": found.labels,
        **({"unread": found.unread} if found.unread else {}),
    }
    return Passport(
        kind="prediction",
        id=prediction.id,
        what=_what(found, probabilities),
        facts=cast("Mapping[str, object]", plain(facts)),
        lineage=_lineage(found),
        prediction=prediction,
        version=found.version,
        target=found.package.task.target,
        value=found.value,
        probabilities=probabilities,
        distances=distances,
        sent=found.sent,
        used=found.used,
        prepared=found.prepared,
        additive=additive,
        start=told,
        reasons=ordered,
        neighbours=found.neighbours,
        distance=DISTANCE,
        change=found.change,
        labels=found.labels,
        unread=found.unread,
        otherwise=found.otherwise,
        fixed=found.fixed,
        surely=found.surely,
    )


def in_force(changes: Sequence[RoleChange], prediction: Prediction) -> RoleChange | None:
    """Return the move under which a prediction was made, or None where the log has none.

    It is the newest that made the version live before the prediction; a worker whose clock is
    behind may date an answer before it.
    """
    moves = [change for change in changes if change.live == prediction.ref]
    before = [change for change in moves if change.time <= prediction.time]
    return before[-1] if before else next(iter(moves), None)


def _what(found: Gathered, probabilities: Mapping[str, float]) -> str:
    prediction, target = found.prediction, found.package.task.target
    share = max(probabilities.values(), default=None)
    sure = "" if share is None else f" with probability {share:.4g}"
    if found.additive.scale is Scale.DISTANCE and found.package.task.classes:
        sure = f" at distance {min(prediction.answer):.4g}"
    return (
        f"{target} = {found.value!r}{sure}, answered by {prediction.ref} ({prediction.role}) "
        f"at {prediction.time}"
    )


def _centre(found: Gathered) -> str:
    algorithm = found.package.configuration.algorithm
    if found.additive.scale is Scale.DISTANCE:
        return "a row in the middle"
    if algorithm not in CENTRED:
        return "the average row the model learned from"
    return "the average row of the data" if found.centred else "a row of averages and no category"


def _lineage(found: Gathered) -> tuple[Link, ...]:
    prediction, change = found.prediction, found.change
    moved = () if change is None else (
        Link(_PROMOTED, "event", change.event, f"by {change.actor} at {change.time}: "
             f"{change.reason}", {}),
    )  # fmt: skip
    truths = tuple(
        Link("the truth", "label", label.id, f"{label.value!r}, told at {label.time}", {})
        for label in found.labels
    )
    return (
        *truths,
        _segment_link(prediction.segment),
        Link("answered by", "model", prediction.model, found.model.what, {"ref": prediction.ref}),
        *moved,
        *(link for link in found.model.lineage if link.relation != _PROMOTED),
    )


def _segment_link(segment: Segment) -> Link:
    facts = {"durability": segment.durability, "root": segment.root, "event": segment.event}
    if segment.event is not None:
        what = f"segment {segment.number}; its root {segment.root} stands in this entry of the log"
        return Link("recorded in", "event", segment.event, what, facts)
    what = "not sealed yet: its root goes into the log when it is"
    return Link("recorded in", "segment", f"segment {segment.number}", what, facts)
