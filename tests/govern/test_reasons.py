"""Reasons are told largest first, in sentences that say what the numbers say."""

from __future__ import annotations

import math

import pytest

from mlwright.data.records import Scalar
from mlwright.govern.reasons import reasons, start
from mlwright.scoring.records import Additive, Scale


def taken_apart(scale: Scale, output: Scalar | None, base: float, **columns: float) -> Additive:
    score = base + math.fsum(columns.values())
    return Additive(scale, output, base, tuple(columns.items()), score, 0.0)


ROW = {"age": 40, "plan": "pro", "late": True, "visits": None}


def test_odds_are_multiplied_or_divided_and_the_largest_comes_first() -> None:
    found = taken_apart(
        Scale.LOG_ODDS, "yes", 0.0, age=math.log(1.5), plan=-math.log(4), late=0.001, visits=0.0
    )

    told = reasons(found, "churned", ROW)

    assert [(reason.column, reason.sentence) for reason in told] == [
        ("plan", "plan = 'pro' speaks against churned = 'yes': it divides the odds by 4"),
        ("age", "age = 40 speaks for churned = 'yes': it multiplies the odds by 1.5"),
        ("late", "late = true changes next to nothing"),
        ("visits", "the missing visits changes nothing"),
    ]
    assert start(found, "churned", "the average row") == (
        "for the average row, churned = 'yes' is 50.0% likely; what this row holds moves that to "
        "27.3% likely"
    )


def test_a_value_is_added_to_or_taken_off() -> None:
    found = taken_apart(Scale.VALUE, None, 3931.0, age=120.5, plan=-2000.0)

    told = reasons(found, "price", ROW)

    assert [reason.sentence for reason in told] == [
        "plan = 'pro' takes 2,000 off price",
        "age = 40 adds 120.5 to price",
    ]
    assert start(found, "price", "the average row") == (
        "for the average row, price is 3,931; what this row holds moves that to 2,052"
    )


def test_of_several_classes_the_weight_of_the_answered_one_is_told() -> None:
    found = taken_apart(Scale.LOG_WEIGHT, 7, -1.0, age=math.log(2))

    assert [reason.sentence for reason in reasons(found, "digit", ROW)] == [
        "age = 40 speaks for digit = 7: it multiplies its weight by 2"
    ]
    assert start(found, "digit", "the average row").endswith("the largest of all classes")


@pytest.mark.parametrize("score", [800.0, -800.0])
def test_scores_far_out_are_shares_still(score: float) -> None:
    found = taken_apart(Scale.LOG_ODDS, True, 0.0, age=score)

    assert ("100.0%" if score > 0 else "0.0%") in start(found, "late", "the average row")
    assert f"by e^{abs(score):.0f}" in reasons(found, "late", ROW)[0].sentence
