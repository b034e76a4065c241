"""What a float cannot hold is as undefined as what is not there, and nothing warns of it."""

from __future__ import annotations

import math

import numpy as np

from mlwright.evaluate.estimate import DUMMY, LINEAR, MODEL, Round, estimate


def test_a_metric_beyond_a_float_is_not_defined_and_neither_is_its_gain() -> None:
    generator = np.random.default_rng(0)
    y = generator.normal(size=200) * 1e200
    answers = {name: np.full((200, 1), k * 1e199) for k, name in enumerate((MODEL, DUMMY, LINEAR))}

    found = estimate(
        y,
        [Round(answers)],
        task="regression",
        metric="rmse",
        groups={},
        units=np.arange(200),
        seed=0,
    )

    rmse, gain = found.metrics[MODEL]["rmse"], found.gains[DUMMY]
    assert all(map(math.isnan, (rmse.value, rmse.low, rmse.high)))
    assert all(map(math.isnan, (gain.value, gain.low, gain.high)))
    assert math.isfinite(found.metrics[MODEL]["mae"].value)
