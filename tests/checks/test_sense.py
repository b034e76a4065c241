"""Rules are held against what a value can be, before anything is measured."""

from __future__ import annotations

import math

import pytest

from mlwright.checks.grammar import parse
from mlwright.checks.records import Scale
from mlwright.checks.sense import require_sense
from mlwright.core.errors import UsageError
from mlwright.core.quantities import Quantity

SCALES = {
    "auc": Scale(Quantity.SHARE, 0.0, 1.0),
    "rmse": Scale(None, 0.0),
    "gain": Scale(Quantity.SHARE, -1.0, 1.0),
    "r2": Scale(Quantity.SHARE, most=1.0),
    "latency_p99": Scale(Quantity.DURATION, 0.0),
}


def refusal(text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        require_sense([parse(text)], SCALES)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "auc >= 0.7",
        "auc >= 70%",
        "auc >= 0",
        "auc <= 1",
        "auc in [0.5, 2]",
        "rmse <= 3000000",
        "gain > 0",
        "latency_p99 <= 20ms",
        "latency_p99 <= 1h",
        "auc in {'a'}",
    ],
)
def test_a_rule_that_can_hold_and_can_fail_makes_sense(text: str) -> None:
    require_sense([parse(text)], SCALES)


@pytest.mark.parametrize(
    "text",
    ["auc >= 60ms", "rmse <= 3s", "rmse <= 5%", "latency_p99 <= 20", "latency_p99 <= 5MB"],
)
def test_a_limit_in_a_unit_the_value_does_not_have_is_refused(text: str) -> None:
    assert refusal(text).code == "check-unit"


def test_a_time_without_a_unit_is_told_how_it_is_written() -> None:
    assert "20ms" in refusal("latency_p99 <= 20").fix


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("auc >= 99", "never true: auc lies between 0 and 1"),
        ("auc > 100%", None),
        ("auc <= 99%", None),
        ("auc <= 1.5", "always true"),
        ("auc == 2", "never true"),
        ("auc != 2", "always true"),
        ("auc in [2, 3]", "never true"),
        ("auc in {2, 3}", "never true"),
        ("gain >= 200%", "never true: gain lies between -100% and 100%"),
        ("r2 >= 2", "never true: r2 is never more than 1"),
    ],
)
def test_a_limit_outside_the_range_is_refused_and_the_range_told(
    text: str, says: str | None
) -> None:
    if says is None:
        require_sense([parse(text)], SCALES)
    else:
        error = refusal(text)
        assert error.code == "check-range"
        assert says in error.message


def test_a_misspelt_value_names_the_nearest() -> None:
    error = refusal("acu >= 0.7")

    assert error.code == "check-unknown-value"
    assert "auc" in error.fix


def test_a_range_without_ends_refuses_nothing() -> None:
    require_sense([parse("x <= 99")], {"x": Scale(None, -math.inf, math.inf)})
