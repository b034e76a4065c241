"""Stability: what every fit learns alike is told stable, what chance decides is not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlwright.core.records import dump
from mlwright.data.table import Table
from mlwright.evaluate.records import Stability
from mlwright.evaluate.stability import stability
from mlwright.train.portfolio import LINEAR
from mlwright.train.progress import Silent
from mlwright.train.records import Plan
from mlwright.train.task import infer_task


def fits(noise: float, target: str, rows: int = 500) -> Stability:
    generator = np.random.default_rng(2)
    x = generator.normal(size=(rows, 8))
    score = x[:, 0] * (1 - noise) + noise * generator.normal(size=rows)
    columns = {f"x{place}": x[:, place] for place in range(8)}
    frame = pl.DataFrame({**columns, "sign": (score > 0).astype(int), "score": score})
    table = Table(frame, pl.Series([f"r{place:05}" for place in range(rows)]))
    fitting, judging = (Table(frame[s], table.row_ids[s]) for s in (slice(300), slice(300, rows)))
    plan = Plan((LINEAR,), 10**6, 0, 0, 0, 1, 3, 1.0, "test", {})
    other = ({"sign", "score"} - {target}).pop()
    task = infer_task(frame, target, None, None)
    return stability(fitting, judging, task, plan, LINEAR, [other], unit=None, progress=Silent())


def test_fits_agree_where_columns_tell_and_disagree_where_chance_does() -> None:
    clear, unclear = fits(0.0, "sign"), fits(1.0, "sign")

    assert clear.disagreement.high < 0.05
    assert unclear.disagreement.low > 0.1
    assert clear.spread < unclear.spread
    assert len(clear.scores) == clear.fits == 5
    assert dump(clear) == dump(fits(0.0, "sign"))


def test_of_numbers_the_distance_of_answers_is_told() -> None:
    found = fits(0.5, "score")

    assert found.decides is False
    assert 0 < found.disagreement.low < found.disagreement.value < found.disagreement.high
    assert found.spread == pytest.approx(max(found.scores) - min(found.scores))
