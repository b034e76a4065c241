"""Where what is best takes too long, the same with fewer trees is judged beside the others."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from mlwright.train.blending import load_in
from mlwright.train.bounds import Bounds
from mlwright.train.judged import Judged
from mlwright.train.portfolio import LINEAR
from mlwright.train.records import Configuration, Scored, Task
from mlwright.train.shortening import shortened
from mlwright.train.task import infer_task

SLOW = Configuration("slow", "lightgbm", {"trees": 900, "rate": 0.03, "leaves": 24})
BOUNDS = Bounds(size=20e6, seconds=100e-6, classes=2, preparing={"tree": 4e-6, "linear": 10e-6})


@pytest.fixture
def task() -> Task:
    frame = pl.DataFrame({"x": [1.0, 2.0] * 10, "y": [True, False] * 10})
    return infer_task(frame, "y", None, None)


def judged(
    configuration: Configuration, score: float, *, seconds: float, size: float = 1e6
) -> Judged:
    chosen = {**configuration.parameters, "trees": 600} if seconds else {}
    scored = Scored(configuration, score, score, chosen, size, 0.0)
    return Judged(scored, answers=(), known=(), seconds=seconds, size=size, blends=True)


def test_the_best_that_takes_too_long_is_cut_to_the_time_that_is_left_and_learns_faster(
    task: Task,
) -> None:
    plain, slow = judged(LINEAR, 0.7, seconds=0.0), judged(SLOW, 0.9, seconds=160e-6)

    short = shortened([plain, slow], BOUNDS, task)

    assert short is not None
    assert short.name == "slow-short"
    left = 100e-6 - (BOUNDS.seconds_of([load_in(slow)]) - 160e-6)
    trees = short.parameters["trees"]
    assert 600 * 0.9 * (left / 160e-6 - 0.02) < trees <= 600 * 0.9 * left / 160e-6
    assert short.parameters["rate"] == pytest.approx(0.03 * 600 / float(trees))
    assert short.parameters["leaves"] == 24


def test_bytes_are_a_bound_too(task: Task) -> None:
    large = judged(SLOW, 0.9, seconds=50e-6, size=40e6)

    short = shortened([large], replace(BOUNDS, seconds=None), task)

    assert short is not None
    assert short.parameters["trees"] == int(600 * 0.9 * 0.5)


@pytest.mark.parametrize(
    ("seconds", "other"),
    [(60e-6, 0.7), (160e-6, 0.95), (20e-3, 0.7)],
    ids=["it holds", "one that holds is better", "hardly a tree would be left"],
)
def test_nothing_is_cut_where_that_is_of_no_use(task: Task, seconds: float, other: float) -> None:
    plain, slow = judged(LINEAR, other, seconds=0.0), judged(SLOW, 0.9, seconds=seconds)

    assert shortened([plain, slow], BOUNDS, task) is None
