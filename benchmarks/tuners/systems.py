"""The systems that are compared, each a process of its own on the same cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from servers.environments import environment
from tuners.sets import KEY, Fold, flags

_HERE = Path(__file__).parent
_PATIENCE = 20
"""Times its budget after which a system is ended, beside ten minutes."""

Answers = npt.NDArray[np.float64]


class FailedError(RuntimeError):
    """A system that ended without an answer."""


@dataclass(frozen=True, slots=True)
class System:
    """A system: its script, the list its environment is made from, and settings of its own.

    Without an environment it is run by the interpreter that runs this.
    """

    name: str
    script: str
    environment: str | None = None
    settings: tuple[tuple[str, str], ...] = ()


SYSTEMS = {
    each.name: each
    for each in (
        System("mlwright", "ours.py"),
        System("lightgbm", "lightgbm_default.py", "flaml"),
        System("flaml", "flaml_search.py", "flaml"),
        System("autogluon", "autogluon_search.py", "autogluon", (("presets", "best_quality"),)),
        System(
            "autogluon-medium", "autogluon_search.py", "autogluon", (("presets", "medium_quality"),)
        ),
    )
}
USUAL = ("mlwright", "lightgbm", "flaml", "autogluon")


@dataclass(frozen=True, slots=True)
class Done:
    """What a system made of a fold; ``cpu`` are the seconds its processes computed.

    ``seconds`` are those of its search and fit, ``bytes`` what its model takes on disk, ``row``
    the median seconds of one row's answer, asked in its own way. ``search`` are the seconds that a
    budget is for, where others are told apart from them, ``foreseen`` those of a row that the
    search kept to; ``model`` can be proved in ``project``.
    """

    answers: Answers
    seconds: float
    cpu: float
    bytes: int
    row: float
    what: str
    search: float | None = None
    foreseen: float | None = None
    project: Path | None = None
    model: str | None = None


def prepare(systems: Sequence[System]) -> None:
    """Make the environments that are missing."""
    for name in dict.fromkeys(each.environment for each in systems):
        if name is not None:
            environment(name, _HERE)


def run(system: System, fold: Fold, folder: Path, cores: Sequence[int], budget: float) -> Done:
    """Let a system learn from a fold and answer it, on some cores."""
    out = folder / f"{fold.set.name}-{fold.number}-{system.name}"
    out.mkdir()
    sealed = fold.whole.parent == fold.train.parent.parent
    job = {
        "task": fold.set.task,
        "metric": fold.set.metric,
        "target": fold.set.target,
        "time": fold.set.time,
        "key": KEY,
        "train": str(fold.train),
        "test": str(fold.test),
        "threads": len(cores),
        "budget": budget,
        "out": str(out),
        "sealed": sealed,
        "flags": flags(fold.set, fold.whole, budget=budget),
        **dict(system.settings),
    }
    (out / "job.json").write_text(json.dumps(job))
    python = sys.executable
    if system.environment is not None:
        python = str(environment(system.environment, _HERE) / "python")
    before = os.times()
    with (out / "log").open("wb") as log:
        done = _run(
            [
                *("taskset", "-c", ",".join(str(core) for core in cores)),
                *(python, str(_HERE / "apps" / system.script), str(out / "job.json")),
            ],
            out,
            _environ(len(cores)),
            log,
            _PATIENCE * budget + 600,
        )
    after = os.times()
    if done:
        end = (out / "log").read_text(errors="replace")[-3_000:]
        raise FailedError(f"{system.name} on {fold.set.name} ended with {done}:\n{end}")
    told = json.loads((out / "told.json").read_text())
    return Done(
        answers=np.load(out / "answers.npy"),
        seconds=told["seconds"],
        cpu=after.children_user
        + after.children_system
        - before.children_user
        - before.children_system,
        bytes=told["bytes"],
        row=told["row_seconds"],
        what=told["what"],
        search=told.get("search"),
        foreseen=told.get("foreseen"),
        project=out if "model" in told else None,
        model=told.get("model"),
    )


def _run(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], log: BinaryIO, patience: float
) -> int:
    """Return how a process ended; one that takes too long is ended."""
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=folder,
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        return -1
    return done.returncode


def _environ(threads: int) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLWRIGHT_")}
    return {**kept, "OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"}
