"""Judge what was done again: step by step exact, equivalent or different, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlwright.core.digest import Digest
from mlwright.core.errors import MlwrightError
from mlwright.core.records import load
from mlwright.govern.causes import cause_of
from mlwright.govern.compare import TOLERANCE, Distance, artefact_distance
from mlwright.govern.records import Cause, Difference, ProofVerdict, ProvedStep
from mlwright.run.recorded import RunRecord, StepRecord
from mlwright.run.records import Environment, KeyTerms
from mlwright.run.replaying.records import Diagnosis, Replay, Replayed
from mlwright.run.watching.records import Sighting
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load as load_scorer
from mlwright.store.overlay import OverlayStore
from mlwright.store.protocol import Store

_Matrix = NDArray[np.float64]
_PACKAGE = f"{ModelPackage.__module__}:{ModelPackage.__qualname__}"


def judge_steps(
    run: RunRecord,
    replayed: Replay,
    store: Store,
    again: Store,
) -> tuple[ProvedStep, ...]:
    """Judge each step of a run done again.

    Parameters
    ----------
    store, again
        The project's objects, and those the replay made.
    """
    recorded = {step.step: step for step in run.steps}
    diagnoses = {each.step: each for each in replayed.diagnoses}
    differences = environment_differences(
        load(Environment, store.get(run.environment)), replayed.environment
    )
    judged: dict[str, ProvedStep] = {}
    for each in replayed.steps:
        step = recorded[each.step]
        touched = load(KeyTerms, store.get(step.terms)).distributions
        of_it = [d for d in differences if d.kind != _LIBRARY or d.name in touched]
        fed = [judged[name] for name in step.edges.values() if name in judged]
        judge = _Judge(step, each, diagnoses.get(each.step), of_it, run.started)
        judged[each.step] = judge.judged(fed, store, again)
    return tuple(judged.values())


def overall(steps: Sequence[ProvedStep]) -> tuple[ProofVerdict, str]:
    """Return the verdict over all steps and the first reason for it."""
    for verdict in (ProofVerdict.DIFFERENT, ProofVerdict.EQUIVALENT):
        for step in steps:
            if step.verdict is verdict:
                return verdict, f"First at step {step.step}: {step.why}."
    return ProofVerdict.EXACT, f"All {len(steps)} steps gave the same to the last bit."


def environment_differences(then: Environment, now: Environment) -> tuple[Difference, ...]:
    """Tell what differs between two environments, as far as it can change a bit of a result."""
    found = []
    for name, kind in _PROPERTIES.items():
        old, new = getattr(then, name), getattr(now, name)
        if name == "variables":
            old, new = _without_hashing(old), _without_hashing(new)
        if old != new:
            found.append(Difference(kind, name, _words(old), _words(new)))
    for name in sorted(then.distributions.keys() | now.distributions.keys()):
        before, after = then.distributions.get(name), now.distributions.get(name)
        old, new = (each.version if each else "absent" for each in (before, after))
        if old != new:
            found.append(Difference(_LIBRARY, name, old, new))
    return tuple(found)


_LIBRARY = "library"
_PROPERTIES = {
    "python": "python",
    "implementation": "python",
    "cpu": "machine",
    "blas": "kernel",
    "threads": "threads",
    "platform": "machine",
    "libc": "machine",
    "variables": "variables",
    "locale": "place",
    "timezone": "place",
}
"""What of an environment can change a bit, and the kind of difference it makes."""


def _without_hashing(variables: Mapping[str, str]) -> dict[str, str]:
    """Leave the hash seed out: a replay sets one where there was none, to find what hangs on it."""
    return {name: value for name, value in variables.items() if name != "PYTHONHASHSEED"}


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {item}" for name, item in sorted(value.items())) or "none"
    return str(value)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges one step: how far apart, why, and whether that is still the same."""

    recorded: StepRecord
    replayed: Replayed
    diagnosis: Diagnosis | None
    differences: Sequence[Difference]
    started: str

    def judged(self, fed: Sequence[ProvedStep], store: Store, again: Store) -> ProvedStep:
        """Return the step's verdict; ``fed`` are the steps whose outputs it was given."""
        if self.replayed.exact:
            return self._step(ProofVerdict.EXACT, Cause("", ""))
        cause = self._cause(fed)
        if self.replayed.error is not None:
            return self._step(ProofVerdict.DIFFERENT, cause)
        try:
            found = _distance(self.recorded, self.replayed, store, again)
        except MlwrightError as error:
            told = replace(cause, sentence=f"{cause.sentence}; {error.message}")
            return self._step(ProofVerdict.DIFFERENT, told)
        if found.within_tolerance and self._by_environment(cause, fed):
            far = f"largest relative difference {found.numbers:.1e}, tolerance {TOLERANCE:.0e}"
            far = far if found.numbers else "no number differs, its form does"
            told = replace(cause, sentence=f"{far}; {cause.sentence}")
            return self._step(ProofVerdict.EQUIVALENT, told, found.numbers)
        plain = found.place is None and 0 < found.numbers < inf
        where = f"{found.place or 'its content'} differs"
        where = f"numbers differ by {found.numbers:.1e}, relatively" if plain else where
        told = replace(cause, sentence=f"{where}; {cause.sentence}")
        apart = found.numbers if plain else None
        return self._step(ProofVerdict.DIFFERENT, told, apart)

    def _cause(self, fed: Sequence[ProvedStep]) -> Cause:
        other = [each.step for each in fed if each.verdict is not ProofVerdict.EXACT]
        if other and self.replayed.error is None:
            return Cause("input", f"it was fed what {', '.join(other[:3])} gave now")
        return cause_of(self.replayed, self.diagnosis, self.differences, self._changed)

    def _by_environment(self, cause: Cause, fed: Sequence[ProvedStep]) -> bool:
        """Tell whether it is what environment or our own code make of the same numbers, no more.

        A clock may well have moved by less than the tolerance.
        """
        verdicts = {each.verdict for each in fed}
        explained = bool(self.differences or self.replayed.changed)
        if ProofVerdict.DIFFERENT in verdicts:
            return False
        if not explained and ProofVerdict.EQUIVALENT not in verdicts:
            return False
        steady = self.diagnosis is None or self.diagnosis.steady is True
        return steady and cause.kind in ("library", "environment", "code", "input")

    def _changed(self, sighting: Sighting) -> bool:
        """Tell whether a file was written to since the run started."""
        try:
            written = Path(sighting.path or "").stat().st_mtime
        except (OSError, ValueError):
            return False
        return written > datetime.fromisoformat(self.started).timestamp()

    def _step(self, verdict: ProofVerdict, cause: Cause, apart: float | None = None) -> ProvedStep:
        exact = verdict is ProofVerdict.EXACT
        return ProvedStep(
            step=self.replayed.step,
            verdict=verdict,
            recorded=self.replayed.recorded,
            replayed=self.replayed.replayed,
            seconds=self.replayed.seconds,
            why=cause.sentence,
            cause=None if exact else cause.kind,
            seen=tuple(replace(each, path=None) for each in cause.seen),
            apart=apart,
            tolerance=None if exact else TOLERANCE,
            differs=() if exact else tuple(map(str, self.differences)),
        )


def _distance(recorded: StepRecord, replayed: Replayed, store: Store, again: Store) -> Distance:
    if replayed.output is None:
        return Distance(np.inf, None)
    old, new = store.get(recorded.output), again.get(replayed.output)
    found = artefact_distance(recorded.kind, old, new)
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


def same(name: str, recorded: Digest | str, now: Digest | str, seconds: float) -> ProvedStep:
    """Return the step of a plain comparison of two digests."""
    exact = recorded == now
    verdict = ProofVerdict.EXACT if exact else ProofVerdict.DIFFERENT
    return ProvedStep(name, verdict, recorded, now, seconds, "" if exact else "digests differ")
