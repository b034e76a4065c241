"""How good the model is that mlwright finds in a budget, beside LightGBM, FLAML and AutoGluon.

``python benchmarks/automl.py [--quick] [--budget 60] [--sets adult,churn] [--systems NAME,...]
[--out results.json]``. Every system learns from the same rows and answers the same rows it never
saw, in the same seconds, one at a time on the same cores, each in an environment of its own. What
is said of a difference is its paired bootstrap interval: above 0 is better for mlwright. A row is
timed alike for all, in the process that has just searched: one is asked, then 50 others (20 of
AutoGluon), one call after another, and the median is told; it holds what is not at hand yet. At the
end each of mlwright's models is made again by ``mlw prove`` (``--no-proofs`` leaves that out).
Nothing is asserted; where a system fails, the end of its log is shown, and it is last on that set.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TypeVar

import numpy as np

from mlwright.stats.bootstrap import observed, replicates, summarise
from mlwright.stats.counts import FloatArray
from mlwright.stats.metrics import METRICS
from mlwright.stats.records import Interval
from servers.environments import FOLDER
from tuners.proofs import Proved, proofs
from tuners.sets import QUICK, SETS, Fold, Set, folds
from tuners.systems import SYSTEMS, USUAL, Done, FailedError, prepare, run

DATA = Path(".cache/data")
BUDGET, QUICK_BUDGET = 60.0, 10.0
RESAMPLES = 1_000
ROW_GOAL = 100e-6
"""Seconds that a single row of mlwright's is to take at most."""

OURS = "mlwright"

Each = TypeVar("Each")


@dataclass(frozen=True, slots=True)
class Result:
    """What a system reached on a set, over all its folds.

    ``longest`` are the seconds of the fold that took longest, ``search`` those of mlwright's
    search, fit and nested judgement alone in it; ``foreseen`` are those foreseen for a row.
    """

    score: Interval
    seconds: float
    cpu: float
    bytes: int
    row: float
    what: str
    longest: float
    search: float | None
    foreseen: float | None


def main(arguments: Sequence[str]) -> int:
    """Run every system on every set and print the tables."""
    asked = _asked(arguments)
    sets, systems = _known(asked.sets, SETS), _known(asked.systems, SYSTEMS)
    if sets is None or systems is None:
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    prepare(systems)
    cores = sorted(os.sched_getaffinity(0))[: asked.cores]
    print(
        f"{asked.budget:g} s for each search on {len(cores)} cores, one system at a time;"
        f" load of the machine at the start: {_load()}"
    )
    found: dict[str, dict[str, Result]] = {}
    gaps: dict[str, dict[str, Interval]] = {}
    models: dict[str, tuple[Path, str]] = {}
    proved: dict[str, Proved] = {}
    with tempfile.TemporaryDirectory(dir=FOLDER.resolve()) as made:
        for chosen in sets:
            folder = Path(made) / chosen.name
            folder.mkdir()
            every = list(folds(chosen, DATA, folder))
            done = {}
            for each in systems:
                try:
                    done[each.name] = [
                        run(each, fold, folder, cores, asked.budget) for fold in every
                    ]
                except FailedError as error:
                    print(error, file=sys.stderr, flush=True)
            found[chosen.name], gaps[chosen.name] = judged(chosen, every, done)
            for line in lines(chosen, every, found[chosen.name], gaps[chosen.name], asked.budget):
                print(line, flush=True)
            ours = done.get(OURS, [None])[0]
            if ours is not None and ours.project is not None and ours.model is not None:
                models[chosen.name] = (ours.project, ours.model)
            if asked.out is not None:
                asked.out.write_text(written(found, gaps, asked.budget, cores, proved))
        if not asked.no_proofs:
            proved = proofs(models, cores)
    if asked.out is not None:
        asked.out.write_text(written(found, gaps, asked.budget, cores, proved))
    summary(found, gaps, asked.budget)
    for line in kept(found, proved, asked.budget):
        print(line)
    print(f"load of the machine at the end: {_load()}")
    return 0


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three sets, ten seconds each")
    parser.add_argument("--budget", type=float, help="seconds of a search")
    parser.add_argument("--sets", type=lambda text: text.split(","))
    parser.add_argument("--systems", type=lambda text: text.split(","), default=list(USUAL))
    parser.add_argument("--cores", type=int, help="at most so many cores", default=None)
    parser.add_argument("--no-proofs", action="store_true", help="make no model again")
    parser.add_argument("--out", type=Path, help="a JSON file for the results")
    asked = parser.parse_args(arguments)
    asked.budget = asked.budget or (QUICK_BUDGET if asked.quick else BUDGET)
    asked.sets = asked.sets or list(QUICK if asked.quick else SETS)
    return asked


def _known(names: Sequence[str], known: Mapping[str, Each]) -> list[Each] | None:
    for name in names:
        if name not in known:
            print(f"there is no {name!r}; known: {', '.join(known)}", file=sys.stderr)
            return None
    return [known[name] for name in names]


def judged(
    chosen: Set, every: Sequence[Fold], done: Mapping[str, Sequence[Done]]
) -> tuple[dict[str, Result], dict[str, Interval]]:
    """Return each system's score, and how far ahead mlwright is of it, on the same resamples.

    A score is the mean of those of the folds, because answers of several models cannot be ranked
    among each other.
    """
    metric = METRICS[chosen.metric]
    values: dict[str, float] = {}
    drawn: dict[str, FloatArray] = {}
    for name, parts in done.items():
        scores, again = [], []
        for fold, part in zip(every, parts, strict=True):
            statistic = [metric.statistic(np.array(fold.y), part.answers)]
            scores.append(float(observed(statistic, len(fold.y))[0]))
            seed = fold.number
            again.append(replicates(statistic, len(fold.y), seed=seed, resamples=RESAMPLES)[0])
        values[name], drawn[name] = fmean(scores), np.mean(again, axis=0)
    results = {
        name: Result(
            score=summarise(values[name], drawn[name]),
            seconds=fmean(part.seconds for part in parts),
            cpu=fmean(part.cpu for part in parts),
            bytes=max(part.bytes for part in parts),
            row=fmean(part.row for part in parts),
            what=parts[0].what,
            longest=max(part.seconds for part in parts),
            search=max((part.search for part in parts if part.search is not None), default=None),
            foreseen=max((p.foreseen for p in parts if p.foreseen is not None), default=None),
        )
        for name, parts in done.items()
    }
    sign = 1.0 if metric.greater_is_better else -1.0
    gaps = {
        name: summarise(sign * (values[OURS] - values[name]), sign * (drawn[OURS] - drawn[name]))
        for name in done
        if name != OURS and OURS in done
    }
    return results, gaps


def lines(
    chosen: Set,
    every: Sequence[Fold],
    results: Mapping[str, Result],
    gaps: Mapping[str, Interval],
    budget: float,
) -> list[str]:
    """Return a set's part of the table."""
    rows = sum(len(fold.y) for fold in every)
    head = f"{chosen.name}: {chosen.metric}, {rows:,} rows judge"
    told = [
        f"\n{head:44}{'metric':>9}{'':21}{'mlwright ahead by':>19}{'':19}"
        f"{'s':>7}{'budget':>10}{'CPU s':>7}{'MB':>8}{'row us':>10}"
    ]
    for name, each in results.items():
        gap = gaps.get(name)
        told.append(
            f"{name:17}{each.what[:26]:27}{_shown(each.score):30}"
            f"{'' if gap is None else _shown(gap, '+'):38}{each.seconds:7.1f}"
            f"{_held(each.longest, budget):>10}{each.cpu:7.1f}"
            f"{each.bytes / 1e6:8.2f}{1e6 * each.row:10,.0f}"
        )
    return told


def _held(seconds: float, budget: float) -> str:
    """Say whether seconds are within a budget, and by how much not."""
    return "held" if seconds <= budget else f"over {seconds / budget - 1.0:.0%}"


def _shown(value: Interval, sign: str = "") -> str:
    form = f"{sign}.5g" if abs(value.value) >= 1 else f"{sign}.4f"
    return f"{value.value:{form}} [{value.low:{form}}, {value.high:{form}}]"


def summary(
    found: Mapping[str, Mapping[str, Result]],
    gaps: Mapping[str, Mapping[str, Interval]],
    budget: float,
) -> None:
    """Print each system's mean rank, and on how many sets mlwright is ahead of it."""
    names = list(dict.fromkeys(name for results in found.values() for name in results))
    ranks: dict[str, list[float]] = {name: [] for name in names}
    for table, results in found.items():
        sign = -1.0 if METRICS[SETS[table].metric].greater_is_better else 1.0
        scores = {name: sign * each.score.value for name, each in results.items()}
        for name, score in scores.items():
            below = sum(other < score for other in scores.values())
            alike = sum(other == score for other in scores.values())
            ranks[name].append(below + (alike + 1) / 2)
        for name in names:
            if name not in scores:
                ranks[name].append(float(len(names)))
    over = f"over {len(found)} sets"
    print(f"\n{over:20}{'mean rank':>10}{'ahead':>7}{'beyond chance':>15}")
    print(
        f"{'':30}{'of it':>7}{'ahead, behind':>15}{'largest MB':>12}{'slowest row us':>16}"
        f"{'budget held':>13}"
    )
    for name in names:
        each = [by[name] for by in gaps.values() if name in by]
        made = [results[name] for results in found.values() if name in results]
        ahead = sum(gap.value > 0 for gap in each)
        surely = sum(gap.low > 0 for gap in each)
        behind = sum(gap.high < 0 for gap in each)
        largest = max(each.bytes for each in made) / 1e6
        slowest = 1e6 * max(each.row for each in made)
        held = sum(result.longest <= budget for result in made)
        beside = f"{ahead:7}{f'{surely}, {behind}':>15}" if each else f"{'':22}"
        print(
            f"{name:20}{fmean(ranks[name]):10.2f}{beside}{largest:12.2f}{slowest:16,.0f}"
            f"{f'{held} of {len(made)}':>13}"
        )


def kept(
    found: Mapping[str, Mapping[str, Result]], proved: Mapping[str, Proved], budget: float
) -> list[str]:
    """Return what mlwright promised beside its score, a line each set."""
    promised = [
        f"\n{OURS:14}{'whole run s':>12}{'budget':>10}{'search s':>10}{'budget':>10}{'MB':>8}"
        f"{'row us':>8}{'goal':>7}{'foreseen':>10}{'proof':>12}{'s':>7}"
    ]
    for name, results in found.items():
        each = results.get(OURS)
        if each is None:
            continue
        search = each.longest if each.search is None else each.search
        foreseen = "" if each.foreseen is None else f"{1e6 * each.foreseen:.0f}"
        proof = proved.get(name, Proved("not made", 0.0))
        promised.append(
            f"{name:14}{each.longest:12.1f}{_held(each.longest, budget):>10}{search:10.1f}"
            f"{_held(search, budget):>10}{each.bytes / 1e6:8.2f}{1e6 * each.row:8.0f}"
            f"{'kept' if each.row <= ROW_GOAL else 'missed':>7}"
            f"{foreseen:>10}{proof.verdict:>12}"
            f"{proof.seconds:7.1f} {proof.why}".rstrip()
        )
    return promised


def written(
    found: Mapping[str, Mapping[str, Result]],
    gaps: Mapping[str, Mapping[str, Interval]],
    budget: float,
    cores: Sequence[int],
    proved: Mapping[str, Proved],
) -> str:
    """Return everything found as JSON; what is no number is null."""
    document = {
        "budget": budget,
        "proofs": {name: asdict(each) for name, each in proved.items()},
        "cores": len(cores),
        "sets": {
            name: {
                "metric": SETS[name].metric,
                "systems": {system: asdict(each) for system, each in results.items()},
                "ahead": {system: asdict(each) for system, each in gaps[name].items()},
            }
            for name, results in found.items()
        },
    }
    return json.dumps(_finite(document), indent=2) + "\n"


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _load() -> str:
    return ", ".join(f"{each:.1f}" for each in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
