"""Learn the portfolio: which configurations a search tries, and in which order.

``python scripts/learn_portfolio.py [--candidates N] [--rows N] [--length N] [--algorithms a,b]
[--out FILE]``. Candidates are drawn from a space for each algorithm, scored out of fold on samples
of real tables (of rows outside the parts the benchmark judges by), and taken greedily: each time
the one that lowers the mean regret most, over the tables. Nothing reads a clock: the same
candidates and libraries give the same file. What was scored is kept under ``.cache/portfolio``, so
that a new algorithm costs its own candidates alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
# The tables and their parts are those of the benchmark.
sys.path.insert(0, str(ROOT / "benchmarks"))

from mlwright.data.table import Table  # noqa: E402
from mlwright.features.records import Preparation  # noqa: E402
from mlwright.stats.metrics import METRICS  # noqa: E402
from mlwright.train.algorithms.problem import Rows  # noqa: E402
from mlwright.train.catalogue import ALGORITHMS  # noqa: E402
from mlwright.train.fit import learn, prepare_rows, recipe_of, respond, rows_prepared  # noqa: E402
from mlwright.train.portfolio import ALL, DUMMY, LINEAR, THOROUGH  # noqa: E402
from mlwright.train.records import Configuration, Plan, Task  # noqa: E402
from mlwright.train.rounds import rounds_of  # noqa: E402
from mlwright.train.task import infer_task  # noqa: E402
from tuners.sets import KEY, SETS, Set, folds  # noqa: E402

DATA = Path(".cache/data")
KEPT = Path(".cache/portfolio")
OUT = ROOT / "src/mlwright/train/portfolio.json"
LIBRARIES = ("lightgbm", "xgboost-cpu", "scikit-learn", "numpy")
SCHEMA = "mlwright/portfolio/1"

ROWS, FOLDS, LENGTH, CANDIDATES, SEED = 3_000, 3, 16, 30, 0
_BLENDED = 3
"""How many of the best, averaged, stand for what an ensemble makes of a sequence."""

_LEAST_SPREAD = 0.01
"""Of what the best gains over the dummy: smaller differences between candidates are noise."""

Space = Mapping[str, Sequence[int | float | str | bool]]
SPACES: Mapping[str, Space] = {
    "lightgbm": {
        "trees": (400,),
        "rate": (0.03, 0.05, 0.08),
        "leaves": (4, 8, 16, 31, 64, 128),
        "smallest_leaf": (2, 5, 10, 20, 40),
        "row_share": (0.6, 0.8, 1.0),
        "column_share": (0.3, 0.5, 0.7, 1.0),
        "l2": (0.0, 1.0, 10.0),
        "bins": (63, 255, 1023),
        "random_thresholds": (False, True),
        "unordered": (False, True),
    },
    "xgboost": {
        "trees": (400,),
        "rate": (0.03, 0.05, 0.08),
        "leaves": (4, 8, 16, 31, 64, 128),
        "smallest_leaf": (0.5, 2.0, 5.0, 10.0),
        "row_share": (0.6, 0.8, 1.0),
        "column_share": (0.3, 0.5, 0.7, 1.0),
        "l2": (0.1, 1.0, 10.0),
        "bins": (64, 256, 1024),
    },
    "extra_trees": {
        "trees": (100,),
        "leaves": (200, 500, 1_000),
        "smallest_leaf": (1, 3, 8),
        "column_share": (0.3, 0.6, 1.0),
    },
    "hist": {
        "trees": (400,),
        "rate": (0.04, 0.08),
        "leaves": (8, 16, 31, 64),
        "smallest_leaf": (5, 10, 20),
        "column_share": (0.4, 0.7, 1.0),
        "l2": (0.0, 1.0, 10.0),
    },
    "linear": {"l2": (0.1, 10.0, 30.0)},
}
"""What is drawn from; an algorithm without a space is tried as it comes."""

SHARES = {"xgboost": 0.4, "extra_trees": 0.2, "hist": 0.3}
"""Of the candidates asked for, so many of the dearer algorithms."""

ENCODED = {"lightgbm": 0.3}
"""So many more with each category's mean of the target in place of its code."""

SHOWN = (3, 6, 12)
"""The lengths of a sequence whose regret is told."""

LEFT_OUT = frozenset({DUMMY.algorithm, "foreign"})

Answers = npt.NDArray[np.float64]
Features = dict[tuple[int, str], tuple[Preparation, Rows, Rows]]


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of one table, its task, and the rounds that score on it."""

    name: str
    table: Table
    task: Task
    plan: Plan
    rounds: tuple[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]], ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Every candidate's answers out of fold on one sample, round by round, and the truth."""

    sample: Sample
    y: tuple[Answers, ...]
    answers: Mapping[str, tuple[Answers, ...]]

    def loss(self, given: Sequence[Answers]) -> float:
        """Return the metric of some answers as a loss: the smaller the better."""
        metric = METRICS[self.sample.task.metric]
        sign = -1.0 if metric.greater_is_better else 1.0
        found = [metric.function(y, each) for y, each in zip(self.y, given, strict=True)]
        return sign * float(np.mean(found))


def main(arguments: Sequence[str]) -> int:
    """Score every candidate on every sample, take the sequence and write it."""
    asked = _asked(arguments)
    candidates = list(_candidates(asked.candidates, asked.algorithms))
    print(f"{len(candidates)} candidates on {len(asked.sets)} tables", flush=True)
    with tempfile.TemporaryDirectory() as made:
        samples = [_sample(SETS[name], Path(made), asked.rows) for name in asked.sets]
    judged = []
    for sample in samples:
        judged.append(_judge(sample, candidates))
        print(f"{sample.name}: best {_first(judged[-1])}", flush=True)
    boards = [Board(each, [c.name for c in candidates]) for each in judged]
    names = [each.name for each in candidates]
    sequence, regrets = take(boards, names, asked.length)
    told = _told(boards, names, asked, sequence, regrets)
    by_name = {each.name: each for each in candidates}
    document = {
        "schema": SCHEMA,
        "version": _version(asked.out) + 1,
        "learned": told,
        "configurations": [
            {
                "name": name,
                "algorithm": by_name[name].algorithm,
                "recipe": by_name[name].recipe,
                "parameters": dict(by_name[name].parameters),
                "regret": round(regret, 6),
            }
            for name, regret in zip(sequence, regrets, strict=True)
        ],
    }
    asked.out.write_text(json.dumps(document, indent=2) + "\n")
    for name, regret in zip(sequence, regrets, strict=True):
        print(f"{regret:8.4f}  {name}  {dict(by_name[name].parameters)}")
    print(json.dumps(told, indent=2))
    return 0


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=CANDIDATES, help="of each algorithm")
    parser.add_argument("--rows", type=int, default=ROWS, help="at most so many of each table")
    parser.add_argument("--length", type=int, default=LENGTH, help="configurations to take")
    parser.add_argument("--sets", type=lambda text: text.split(","), default=list(SETS))
    parser.add_argument("--algorithms", type=lambda text: text.split(","), default=None)
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args(arguments)


def _version(file: Path) -> int:
    return int(json.loads(file.read_text())["version"]) if file.exists() else 0


def _candidates(count: int, algorithms: Sequence[str] | None) -> Iterator[Configuration]:
    """Give the portfolio as it is, and as many more of each algorithm as are asked for."""
    yield from (DUMMY, LINEAR)
    given: set[str] = set()
    for name in algorithms or ALGORITHMS:
        if name in LEFT_OUT:
            continue
        own = [each for each in ALL if each.algorithm == name and each != LINEAR]
        drawn = list(_drawn(name, round(count * SHARES.get(name, 1.0)), None))
        if name in ENCODED:
            drawn += _drawn(name, round(count * ENCODED[name]), "encoded")
        for each in (*own, *drawn):
            if each.name not in given:
                given.add(each.name)
                yield each


def _drawn(name: str, count: int, recipe: str | None) -> Iterator[Configuration]:
    """Draw configurations of an algorithm: each value of a parameter about as often as others."""
    space = SPACES.get(name)
    if space is None:
        yield Configuration(name, name, ALGORITHMS[name].DEFAULTS)
        return
    called = name if recipe is None else f"{name}-{recipe}"
    count = min(count, int(np.prod([len(values) for values in space.values()])))
    draw = np.random.Generator(np.random.PCG64([SEED, *called.encode()]))
    columns = {
        key: draw.permutation(np.arange(count) % len(values)) for key, values in space.items()
    }
    for number in range(count):
        chosen = {key: values[columns[key][number]] for key, values in space.items()}
        yield Configuration(f"{called}-{number + 1:02}", name, chosen, recipe)


def _sample(chosen: Set, folder: Path, rows: int) -> Sample:
    """Return an even sample of the rows outside the part that the benchmark judges by."""
    place = folder / chosen.name
    place.mkdir()
    fold = next(iter(folds(chosen, DATA, place)))
    frame = pl.read_parquet(fold.train)
    kept = np.arange(min(rows, len(frame))) * len(frame) // min(rows, len(frame))
    frame = frame[kept]
    table = Table(frame.drop(KEY), frame[KEY].cast(pl.String))
    task = infer_task(table.frame, chosen.target, chosen.task, chosen.metric)
    plan = Plan(
        configurations=(),
        rows=len(frame),
        folds=FOLDS,
        outer_folds=0,
        repeats=0,
        threads=1,
        seed=SEED,
        budget_seconds=0.0,
        machine="",
        measured={},
        time=chosen.time,
    )
    rounds = rounds_of(table, task, FOLDS, seed=SEED, unit=None, time=chosen.time)
    digest = hashlib.sha256(frame.write_csv().encode()).hexdigest()
    return Sample(chosen.name, table, task, plan, rounds, digest)


def _judge(sample: Sample, candidates: Sequence[Configuration]) -> Judged:
    prepared: Features = {}
    answers = {each.name: _answers(sample, each, prepared) for each in candidates}
    rounds = range(len(sample.rounds))
    y = tuple(_prepared(sample, LINEAR, number, prepared)[2].y for number in rounds)
    return Judged(sample, y, answers)


def _prepared(
    sample: Sample, configuration: Configuration, number: int, prepared: Features
) -> tuple[Preparation, Rows, Rows]:
    recipe = recipe_of(configuration)
    if (number, recipe) not in prepared:
        fit, judge = (_rows(sample.table, places) for places in sample.rounds[number])
        time = sample.plan.time
        preparation, fitting = prepare_rows(fit, recipe, sample.task, time, ())
        judging = rows_prepared(preparation, judge, sample.task)
        prepared[number, recipe] = (preparation, fitting, judging)
    return prepared[number, recipe]


def _rows(table: Table, places: npt.NDArray[np.intp]) -> Table:
    return Table(table.frame[places], table.row_ids[places])


def _answers(
    sample: Sample, configuration: Configuration, prepared: Features
) -> tuple[Answers, ...]:
    """Return a candidate's answers out of fold, from what is kept or anew."""
    file = KEPT / sample.name / f"{_key(sample, configuration)}.npz"
    if file.exists():
        with np.load(file) as kept:
            return tuple(kept[f"arr_{number}"] for number in range(len(sample.rounds)))
    found = []
    for number in range(len(sample.rounds)):
        preparation, fitting, judging = _prepared(sample, configuration, number, prepared)
        task, plan = sample.task, sample.plan
        learned = learn(fitting, configuration, preparation, task, plan, judging)
        found.append(respond(learned, judging.X, configuration, preparation, task, plan))
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, *found)
    return tuple(found)


def _key(sample: Sample, configuration: Configuration) -> str:
    said = [
        sample.digest,
        FOLDS,
        SEED,
        configuration.algorithm,
        recipe_of(configuration),
        sorted(configuration.parameters.items()),
        version("lightgbm"),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


class Board:
    """What sequences of candidates are worth on one sample: 0 is the best, 1 a middling one."""

    def __init__(self, judged: Judged, names: Sequence[str]) -> None:
        self.name = judged.sample.name
        self._judged = judged
        self._single = {name: judged.loss(judged.answers[name]) for name in names}
        self._blended: dict[tuple[str, ...], float] = {}
        self._best = (min(self._single.values()), self._blend(names))
        usual = [self._single[name] for name in names if name not in (DUMMY.name, LINEAR.name)]
        least = _LEAST_SPREAD * (self._single[DUMMY.name] - self._best[0])
        self._spread = max(float(np.median(usual)) - self._best[0], least)

    def regret(self, names: Sequence[str]) -> float:
        """Return how far the best of some, and a blend of them, are from the best there is."""
        always = [LINEAR.name, *names]
        single = min(self._single[name] for name in always)
        found = zip((single, self._blend(always)), self._best, strict=True)
        return float(np.mean([(value - best) / self._spread for value, best in found]))

    def _blend(self, names: Sequence[str]) -> float:
        """Return the least loss of the best, and of the means of the best two and three."""
        ranked = tuple(sorted(names, key=lambda name: (self._single[name], name))[:_BLENDED])
        if ranked not in self._blended:
            means = [self._loss(ranked[:count]) for count in range(2, len(ranked) + 1)]
            self._blended[ranked] = min([self._single[ranked[0]], *means])
        return self._blended[ranked]

    def _loss(self, members: Sequence[str]) -> float:
        parts = zip(*(self._judged.answers[name] for name in members), strict=True)
        return self._judged.loss([np.mean(each, axis=0) for each in parts])


def take(
    boards: Sequence[Board], names: Sequence[str], length: int
) -> tuple[list[str], list[float]]:
    """Return the sequence that lowers the mean regret most at each step, and the regrets."""
    left = [name for name in names if name not in (DUMMY.name, LINEAR.name)]
    taken: list[str] = []
    regrets: list[float] = []
    while left and len(taken) < length:

        def mean(name: str) -> float:
            return float(np.mean([board.regret([*taken, name]) for board in boards]))

        best = min(left, key=mean)
        regrets.append(mean(best))
        taken.append(best)
        left.remove(best)
    return taken, regrets


def _told(
    boards: Sequence[Board],
    names: Sequence[str],
    asked: argparse.Namespace,
    sequence: Sequence[str],
    regrets: Sequence[float],
) -> dict[str, object]:
    """Return how the sequence was learned, and what it is worth on a table it did not see."""
    before = [each.name for each in THOROUGH if each.name in names and each.algorithm != "dummy"]
    before = [name for name in before if name != LINEAR.name]
    left_out = {}
    for at, board in enumerate(boards):
        others = [each for place, each in enumerate(boards) if place != at]
        own, _ = take(others, names, min(asked.length, max(SHOWN)))
        print(f"left out {board.name}: {board.regret(own):.4f}", flush=True)
        left_out[board.name] = {
            f"first {count}": round(board.regret(own[:count]), 4) for count in SHOWN
        }
    return {
        "tables": [board.name for board in boards],
        "rows": asked.rows,
        "folds": FOLDS,
        "seed": SEED,
        "candidates": len(names),
        "regret_of_the_order_by_judgement": {
            f"first {count}": round(
                float(np.mean([board.regret(before[:count]) for board in boards])), 4
            )
            for count in SHOWN
        },
        "regret": {
            f"first {count}": round(regrets[min(count, len(sequence)) - 1], 4) for count in SHOWN
        },
        "regret_on_a_table_left_out": left_out,
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _first(judged: Judged) -> str:
    losses = {name: judged.loss(each) for name, each in judged.answers.items()}
    ranked = sorted(losses, key=lambda name: losses[name])[:3]
    return ", ".join(f"{name} {losses[name]:.5g}" for name in ranked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
