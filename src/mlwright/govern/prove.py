"""Judge what was done again: step by step exact, equivalent or different, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlwright.core.digest import Digest
from mlwright.core.errors import MlwrightError
from mlwright.core.records import load
from mlwright.govern.compare import TOLERANCE, Distance, distance
from mlwright.govern.records import ProofVerdict, ProvedStep
from mlwright.run.records import Environment, Replayed, StepRecord
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load as load_scorer
from mlwright.store.overlay import OverlayStore
from mlwright.store.protocol import Store

_Matrix = NDArray[np.float64]
_PACKAGE = f"{ModelPackage.__module__}:{ModelPackage.__qualname__}"


def judge_steps(
    recorded: Sequence[StepRecord],
    replayed: Sequence[Replayed],
    store: Store,
    again: Store,
    differences: Sequence[str],
) -> tuple[ProvedStep, ...]:
    """Judge each step done again.

    Parameters
    ----------
    store, again
        The project's objects, and those the replay made.
    differences
        How this environment differs from the recorded one, in words.
    """
    by_name = {step.step: step for step in recorded}
    return tuple(_judge(by_name[each.step], each, store, again, differences) for each in replayed)


def overall(steps: Sequence[ProvedStep]) -> tuple[ProofVerdict, str]:
    """Return the verdict over all steps and the first reason for it."""
    for verdict in (ProofVerdict.DIFFERENT, ProofVerdict.EQUIVALENT):
        for step in steps:
            if step.verdict is verdict:
                return verdict, f"First at step {step.step}: {step.why}."
    return ProofVerdict.EXACT, f"All {len(steps)} steps gave the same to the last bit."


def environment_differences(then: Environment, now: Environment) -> tuple[str, ...]:
    """Tell what differs between two environments, as far as it can change a bit of a result."""
    found = []
    for name in ("python", "implementation", "platform", "cpu", "blas", "threads", "variables"):
        old, new = getattr(then, name), getattr(now, name)
        if old != new:
            found.append(f"{name} {_words(old)} became {_words(new)}")
    versions = [
        {name: installed.version for name, installed in each.distributions.items()}
        for each in (then, now)
    ]
    for name in sorted(versions[0].keys() | versions[1].keys()):
        old, new = versions[0].get(name), versions[1].get(name)
        if old != new:
            found.append(f"{name} {old or 'absent'} became {new or 'absent'}")
    return tuple(found)


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in sorted(value.items())) or "none"
    return str(value)


def _judge(
    recorded: StepRecord,
    replayed: Replayed,
    store: Store,
    again: Store,
    differences: Sequence[str],
) -> ProvedStep:
    if replayed.exact:
        return _step(replayed, ProofVerdict.EXACT, "")
    if replayed.error is not None:
        return _step(replayed, ProofVerdict.DIFFERENT, replayed.error)
    cause = _cause(replayed, differences)
    try:
        found = _distance(recorded, replayed, store, again)
    except MlwrightError as error:
        return _step(replayed, ProofVerdict.DIFFERENT, f"{cause}; {error.message}")
    if found.within_tolerance:
        why = f"largest relative difference {found.numbers:.1e}, tolerance {TOLERANCE:.0e}; {cause}"
        return _step(replayed, ProofVerdict.EQUIVALENT, why)
    where = f"{found.place} differs" if found.place else f"numbers differ by {found.numbers:.1e}"
    return _step(replayed, ProofVerdict.DIFFERENT, f"{where}; {cause}")


def _cause(replayed: Replayed, differences: Sequence[str]) -> str:
    if replayed.changed:
        return f"the code of {', '.join(replayed.changed[:3])} changed"
    if differences:
        return "; ".join(differences[:3])
    return (
        "neither code nor environment changed: the step reads a clock, an unseeded generator or "
        "something outside its inputs"
    )


def _distance(recorded: StepRecord, replayed: Replayed, store: Store, again: Store) -> Distance:
    if replayed.output is None or ":" not in recorded.kind:
        return Distance(np.inf, None)
    old, new = store.get(recorded.output), again.get(replayed.output)
    found = distance(old, new)
    if recorded.kind != _PACKAGE or found.place is not None:
        return found
    return Distance(max(found.numbers, _largest(*_answers(old, new, store, again))), None)


def _answers(old: bytes, new: bytes, store: Store, again: Store) -> tuple[_Matrix, _Matrix]:
    """Return both models' answers on the frozen probe rows."""
    then = load_scorer(load(ModelPackage, old), store)
    now = load_scorer(load(ModelPackage, new), OverlayStore(store, again))
    rows = then.probe_rows()
    return (
        np.array([then.predict_row(row) for row in rows]),
        np.array([now.predict_row(row) for row in rows]),
    )


def _largest(old: _Matrix, new: _Matrix) -> float:
    """Return the largest relative difference between two models' answers on the probe rows."""
    if old.shape != new.shape:
        return float("inf")
    scale = np.maximum(np.abs(old), np.abs(new))
    return float(np.max(np.abs(old - new) / np.where(scale == 0, 1, scale), initial=0.0))


def _step(replayed: Replayed, verdict: ProofVerdict, why: str) -> ProvedStep:
    return ProvedStep(
        step=replayed.step,
        verdict=verdict,
        recorded=replayed.recorded,
        replayed=replayed.replayed,
        seconds=replayed.seconds,
        why=why,
    )


def same(name: str, recorded: Digest | str, now: Digest | str, seconds: float) -> ProvedStep:
    """Return the step of a plain comparison of two digests."""
    exact = recorded == now
    verdict = ProofVerdict.EXACT if exact else ProofVerdict.DIFFERENT
    return ProvedStep(name, verdict, recorded, now, seconds, "" if exact else "digests differ")
