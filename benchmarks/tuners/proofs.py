"""Our models made again: `mlw prove` of each, as many at once as there are cores."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

_PATIENCE = 1_800
_TOLD = 300  # characters of what an unproved model says


@dataclass(frozen=True, slots=True)
class Proved:
    """What `mlw prove` said of a model, and the seconds it took beside others."""

    verdict: str
    seconds: float
    why: str = ""


def proofs(models: Mapping[str, tuple[Path, str]], cores: Sequence[int]) -> dict[str, Proved]:
    """Prove each model, by the folder of its project and its reference."""
    free = list(cores)

    def prove(folder: Path, ref: str) -> Proved:
        core = free.pop()
        try:
            return _prove(folder, ref, core)
        finally:
            free.append(core)

    with ThreadPoolExecutor(len(cores)) as pool:
        waiting = {name: pool.submit(prove, *model) for name, model in models.items()}
    return {name: each.result() for name, each in waiting.items()}


def _prove(folder: Path, ref: str, core: int) -> Proved:
    began = perf_counter()
    command = ("taskset", "-c", str(core), sys.executable, "-m", "mlwright", "prove", ref, "--json")
    try:
        done = subprocess.run(
            [*command, "--project", str(folder)],
            check=False,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return Proved("unfinished", perf_counter() - began, f"after {_PATIENCE:,} s")
    seconds = perf_counter() - began
    try:
        said = json.loads(done.stdout)
    except ValueError:
        return Proved("failed", seconds, (done.stderr or done.stdout).strip()[-_TOLD:])
    verdict = str(said.get("verdict", "failed"))
    return Proved(verdict, seconds, "" if verdict == "exact" else json.dumps(said)[:_TOLD])
