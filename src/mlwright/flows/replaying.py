"""A prediction answered again, from its record and the model's package alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mlwright.core.encoding import digest_of
from mlwright.flows.passport import read_again
from mlwright.flows.serving import serving_environment
from mlwright.flows.workspace import Workspace
from mlwright.govern.compare import TOLERANCE
from mlwright.govern.prove import overall, same
from mlwright.govern.records import Proof, ProofVerdict, ProvedStep
from mlwright.scoring.artefact import answers_digest
from mlwright.serve.records import Flag, Prediction

_OPEN = frozenset({"record", "model"})
_WITHHELD = "withheld"
_UNSEALED = "not sealed"


def replay_prediction(prediction: Prediction, workspace: Workspace) -> Proof:
    """Answer a recorded request again and compare every bit of every output.

    The record was verified against its segment's root when it was read, where it is sealed. The
    package is read from the store and must be what its id names; the body goes through the same
    reader, guard and plan as it did in the worker.
    """
    clock = workspace.seam.elapsed
    began = clock()
    kept = _kept(prediction)
    again = read_again(prediction, workspace)
    loaded = clock()
    answer = again.scorer.predict_row(again.used)
    answered = clock()
    differences = environment_differences(prediction.segment.environment, serving_environment())
    own = [flag for flag in prediction.flags if flag.row == prediction.row]
    names = again.package.signature.outputs
    steps = (
        kept,
        same("model", prediction.model, again.package.id, loaded - began),
        same("input", _flags(own), _flags(again.flags), 0.0),
        _answers(names, prediction.answer, answer, differences, answered - loaded),
    )
    verdict, why = overall(steps)
    if verdict is ProofVerdict.EXACT:
        bits = ", ".join(value.hex() for value in answer[:3]) + (", …" if len(answer) > 3 else "")
        why = f"The model answers the recorded row with the same bits again ({bits})."
        if kept.recorded == _UNSEALED:
            why += " No root in the log vouches for the record yet: its segment is not sealed."
    if differences:
        why += f" Since then {'; '.join(differences[:3])}."
    return Proof(prediction.id, "prediction", verdict, steps, why, clock() - began, None)


def loggable(proof: Proof) -> Proof:
    """Return what the log may hold of a proof: no value of the row or the answer, nor a hash of it.

    Entries of the log are for good, and what they say about a person could not be erased.
    """
    steps = tuple(
        step
        if step.step in _OPEN
        else replace(step, recorded=_WITHHELD, replayed=_WITHHELD, why="")
        for step in proof.steps
    )
    verdict, why = overall(steps)
    if verdict is not ProofVerdict.EXACT:
        first = next(step.step for step in steps if step.verdict is verdict)
        why = f"First at step {first}; the record of the prediction holds the values."
    elif steps[0].recorded == _UNSEALED:
        why = "The model answers the same to the last bit; the record itself was not sealed yet."
    return replace(proof, steps=steps, why=why)


def _kept(prediction: Prediction) -> ProvedStep:
    segment = prediction.segment
    if segment.root is None:
        why = f"segment {segment.number} is not sealed yet: no root in the log vouches for it"
        return ProvedStep("record", ProofVerdict.EXACT, _UNSEALED, _UNSEALED, 0.0, why)
    why = f"under the root of segment {segment.number}, in {segment.event}"
    return ProvedStep("record", ProofVerdict.EXACT, segment.root, segment.root, 0.0, why)


def _flags(flags: Sequence[Flag]) -> str:
    return digest_of(tuple(flags), tag="mlwright/flags/1")


def _answers(
    names: Sequence[str],
    then: Sequence[float],
    again: Sequence[float],
    differences: Sequence[str],
    seconds: float,
) -> ProvedStep:
    """Compare the outputs by their bits, and name the first that differs."""
    old, new = (np.array([values], dtype=np.float64) for values in (then, again))
    recorded, replayed = answers_digest(old), answers_digest(new)
    if recorded == replayed:
        return ProvedStep("answer", ProofVerdict.EXACT, recorded, replayed, seconds, "")
    if old.shape != new.shape:
        why = f"the record has {old.shape[1]} outputs, the model gives {new.shape[1]}"
        return ProvedStep("answer", ProofVerdict.DIFFERENT, recorded, replayed, seconds, why)
    bits = np.flatnonzero(old.view(np.int64)[0] != new.view(np.int64)[0])
    place = int(bits[0])
    cause = "; ".join(differences[:3]) or "the environment is the recorded one"
    why = (
        f"{names[place]} was {then[place].hex()} and is {again[place].hex()} "
        f"({len(bits)} of {len(names)} outputs differ); {cause}"
    )
    scale = np.maximum(np.abs(old), np.abs(new))
    apart = float(np.max(np.abs(old - new) / np.where(scale == 0, 1, scale)))
    close = bool(differences) and apart <= TOLERANCE
    verdict = ProofVerdict.EQUIVALENT if close else ProofVerdict.DIFFERENT
    return ProvedStep("answer", verdict, recorded, replayed, seconds, why)


def environment_differences(then: Mapping[str, str], today: Mapping[str, str]) -> tuple[str, ...]:
    """Tell what differs between what a worker ran on and what this process runs on."""
    return tuple(
        f"{name} {value} became {today.get(name, 'absent')}"
        for name, value in sorted(then.items())
        if today.get(name, "absent") != value
    )
