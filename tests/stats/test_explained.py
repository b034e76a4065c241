"""How much of an answer groups of rows, or a straight line, explain."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from mlwright.stats.explained import explained, straight

ROWS = 4_000
RNG = np.random.default_rng(5)
FOLDS = RNG.permutation(ROWS) % 5


def test_groups_that_know_nothing_explain_nothing_however_many_they_are() -> None:
    answers = RNG.normal(size=(ROWS, 1))

    for groups in (2, 50, 1_000):
        found = explained(RNG.integers(0, groups, ROWS), answers, FOLDS)
        assert found.share < 0.02
        assert found.least < 0.0 or found.share <= 0.01


def test_groups_that_are_the_answer_explain_all_of_it() -> None:
    codes = RNG.integers(0, 4, ROWS)
    classes = np.eye(4)[codes]

    assert explained(codes, classes, FOLDS).least > 0.99


def test_a_share_and_its_error_say_how_much_of_the_answer_is_noise() -> None:
    codes = RNG.integers(0, 5, ROWS)
    answers = (codes + RNG.normal(size=ROWS))[:, None]

    found = explained(codes, answers, FOLDS)

    truth = codes.var() / answers.var()
    assert found.least < truth < found.share + 3 * found.deviation


def test_where_only_known_groups_count_single_rows_are_left_out() -> None:
    pairs = np.repeat(np.arange(ROWS // 2), 2)
    answers = np.repeat(RNG.normal(size=ROWS // 2), 2)[:, None]

    judged = explained(pairs, answers, FOLDS, prior=0.0 + 1e-9, known=True)

    assert judged.share > 0.999
    assert explained(pairs, answers, FOLDS, prior=1e-9).share < 0.95


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e300])
def test_a_straight_line_explains_what_least_squares_does_on_any_scale(scale: float) -> None:
    x = RNG.normal(size=ROWS)
    y = 2.0 * x + RNG.normal(size=ROWS)
    x[::10] = np.nan
    known = np.isfinite(x)
    line = LinearRegression().fit(x[known, None], y[known])
    answers = np.full(ROWS, y[known].mean())
    answers[known] = line.predict(x[known, None])

    assert straight(x * scale, y).share == pytest.approx(r2_score(y, answers), abs=1e-3)
