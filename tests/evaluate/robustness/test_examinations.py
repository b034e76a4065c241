from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from mlwright.data.digests import columns_of
from mlwright.data.records import Contract, FeatureContract, Kind
from mlwright.evaluate.robustness.boundary import boundary
from mlwright.evaluate.robustness.directions import directions
from mlwright.evaluate.robustness.extraction import extraction
from mlwright.evaluate.robustness.membership import losses, membership
from mlwright.evaluate.robustness.shake import shake
from mlwright.evaluate.robustness.subject import Subject
from mlwright.stats.counts import FloatArray
from mlwright.train.records import Plan, Task, TaskKind

PLAN = Plan((), 10_000, 0, 0, 0, 1, 0, 1.0, "", {})


def rows_of_numbers(rows: int = 600) -> pl.DataFrame:
    drawn = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "a": drawn.normal(size=rows),
            "b": drawn.normal(size=rows),
            "kind": drawn.choice(["x", "y"], rows),
        }
    )


def shares(score: FloatArray) -> FloatArray:
    positive = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
    return np.column_stack([1 - positive, positive])


def asked(ask: Callable[[pl.DataFrame], FloatArray], *, values: bool = False) -> Subject:
    rows = rows_of_numbers()
    contract = Contract((FeatureContract("a", Kind.FLOAT, False, -5.0, 5.0, None),), ())
    kind = TaskKind.REGRESSION if values else TaskKind.BINARY
    task = Task(kind, "t", () if values else (0, 1), "rmse" if values else "accuracy", "")
    answers = ask(rows)
    return Subject(
        ask,
        None if values else lambda answers: np.argmax(answers, axis=1),
        columns_of(rows),
        contract,
        rows,
        answers[:, 0] if values else np.argmax(answers, axis=1).astype(float),
        np.arange(rows.height),
        task,
        1.0,
        seed=3,
    )


def by_a(frame: pl.DataFrame) -> FloatArray:
    return shares(4 * frame["a"].fill_null(0).to_numpy())


def by_kind(frame: pl.DataFrame) -> FloatArray:
    return shares(np.where((frame["kind"] == "x").fill_null(value=False).to_numpy(), 2.0, -2.0))


def test_what_a_model_reads_alone_changes_its_decisions() -> None:
    found = shake(asked(by_a)).changes

    assert 0 < found["noise"].flip.value < 0.05
    assert found["noise"].drop.value == pytest.approx(found["noise"].flip.value)
    assert found["swap"].flip.value == 0
    assert 0 < found["swap"].flip.high < 0.01
    by_column = {each.column: each.flip.value for each in found["missing"].columns}
    assert by_column["a"] == pytest.approx(0.5, abs=0.05)
    assert by_column["b"] == by_column["kind"] == 0
    assert found["missing"].flip.value == pytest.approx(by_column["a"] / 3)
    assert "most by 'a'" in found["missing"].said


def test_a_swap_turns_each_decision_of_a_model_that_goes_by_it() -> None:
    found = shake(asked(by_kind), ["swap"]).changes["swap"]

    assert found.flip.value == 1
    assert found.drop.value == pytest.approx(0.5 * 2)
    assert found.unnoticed.value == 1  # nothing is promised of the column


def test_what_the_contract_would_flag_is_noticed() -> None:
    found = shake(asked(by_a), ["range", "missing"]).changes

    assert found["range"].flip.value > 0.2
    assert found["range"].unnoticed.value == found["missing"].unnoticed.value == 0


def test_of_values_the_move_is_told_in_spreads_and_nothing_flips() -> None:
    subject = asked(lambda frame: frame["a"].fill_null(0).to_numpy()[:, None] * 10, values=True)

    found = shake(replace(subject, scale=10.0), ["missing"]).changes["missing"]

    assert found.flip is None
    assert found.columns[0].move.value == pytest.approx(subject.rows["a"].abs().mean())
    assert found.columns[0].move.low < found.columns[0].move.value < found.columns[0].move.high


def test_shaking_twice_tells_the_same() -> None:
    assert shake(asked(by_a)) == shake(asked(by_a))


def test_a_direction_is_told_with_how_often_it_is_kept() -> None:
    def wave(frame: pl.DataFrame) -> FloatArray:
        return shares(3 * frame["a"].to_numpy() + np.sin(5 * frame["b"].to_numpy()))

    a, b = directions(asked(wave)).columns

    assert a.monotone.value == a.rising.value == 1
    assert a.falling.value < 0.5
    assert a.effect.low > 0.5
    assert "no step goes against it" in a.said
    assert b.monotone.value < 1


def test_the_boundary_is_found_where_it_is_and_no_nearer() -> None:
    subject = asked(by_a)

    found = boundary(subject)

    spread = float(np.std(subject.rows["a"].to_numpy()))
    truly = np.abs(subject.rows["a"].to_numpy()[:: 600 // 100]) / spread
    assert found.distance.value == pytest.approx(np.median(truly), rel=0.1)
    assert found.distance.value >= np.median(truly) * 0.99
    assert found.distance.low <= found.distance.value <= found.distance.high
    assert set(found.columns) == {"a"}
    assert 5 < found.queries.value < 60


def test_a_category_that_decides_is_one_step_away() -> None:
    found = boundary(asked(by_kind))

    assert found.distance.value == 1
    assert found.near.value == 0
    assert found.columns == {"kind": found.rows}


def test_where_all_rows_are_decided_alike_there_is_no_boundary_and_nothing_to_copy() -> None:
    same = asked(lambda frame: np.tile([0.2, 0.8], (frame.height, 1)))

    assert boundary(same).rows == 0
    assert extraction(same, PLAN).fidelity == {}


def test_a_copy_agrees_the_more_the_more_was_asked() -> None:
    def both(frame: pl.DataFrame) -> FloatArray:
        return shares(3 * frame["a"].to_numpy() * frame["b"].to_numpy())

    found = extraction(asked(both), PLAN)

    few, _, many = found.fidelity.values()
    assert found.guess < 0.6
    assert few.value < many.value
    assert many.low > 0.9


def test_losses_of_rows_learnt_by_heart_give_them_away_and_others_do_not() -> None:
    drawn = np.random.default_rng(0)
    alike = membership(drawn.random(2_000), drawn.random(1_000), seed=0)
    by_heart = membership(0.1 * drawn.random(2_000), drawn.random(1_000), seed=0)

    assert alike.gap.low < 0 < alike.gap.high
    assert by_heart.gap.value == pytest.approx(0.9, abs=0.05)
    assert by_heart.gap.low > 0.8
    assert membership(np.zeros(0), np.zeros(3), seed=0).others == 0


def test_a_loss_is_that_of_the_own_class_or_the_squared_error() -> None:
    stated = np.array([[0.25, 0.75], [1.0, 0.0]])

    assert losses(np.array([1.0, 0.0]), stated, values=False).tolist() == [-math.log(0.75), 0.0]
    assert losses(np.array([1.0]), np.array([[3.0]]), values=True).tolist() == [4.0]


def test_the_way_to_another_decision_is_found_among_the_largest_numbers_and_infinite_ones() -> None:
    subject = asked(by_a)
    numbers = subject.rows["a"].to_numpy() * 4e307
    numbers[:2] = [math.inf, -math.inf]
    rows = subject.rows.with_columns(a=numbers)

    def by_sign(frame: pl.DataFrame) -> FloatArray:
        return shares(np.sign(frame["a"].to_numpy()))

    found = boundary(replace(subject, rows=rows, ask=by_sign))

    assert 0.1 < found.distance.value < 1.5
    assert found.columns["a"] == found.rows
