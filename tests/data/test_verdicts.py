from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from mlwright.checks.grammar import parse
from mlwright.core.errors import UsageError
from mlwright.data.verdicts import hold

FRAME = pl.DataFrame(
    {
        "age": [17, 40, 90, None],
        "plan": ["a", "b", "b", None],
        "weight": ["70.5", "81", "heavy", None],
        "day": [date(2020, 1, 1)] * 4,
    }
)


@pytest.mark.parametrize(
    ("rule", "outcome", "value"),
    [
        ("age in [17, 90]", "pass", 0.0),
        ("age in (17, 90]", "fail", 0.25),
        ("age < 90", "fail", 0.25),
        ("warn: age < 90", "warn", 0.25),
        ("age != 40", "fail", 0.25),
        ("age in {17, 40, 90}", "pass", 0.0),
        ("plan in {'a', 'b'}", "pass", 0.0),
        ("plan in {'a'}", "fail", 0.5),
        ("weight > 60", "fail", 0.25),
        ("null(age) <= 25%", "pass", 0.25),
        ("null(age) <= 5%", "fail", 0.25),
        ("null(day) <= 0%", "pass", 0.0),
    ],
)
def test_a_rule_is_kept_by_every_row_or_fails_with_their_share(
    rule: str, outcome: str, value: float
) -> None:
    (verdict,) = hold([parse(rule)], FRAME, "d_x")

    assert (verdict.outcome.value, verdict.value) == (outcome, value)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("wieght > 60", "check-unknown-value"),
        ("null(wieght) > 60%", "check-unknown-value"),
        ("null(age) <= 5ms", "check-unit"),
        ("null(age) <= 150%", "check-range"),
        ("day > 3", "check-kind"),
    ],
)
def test_a_rule_that_makes_no_sense_of_the_table_is_refused(rule: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        hold([parse(rule)], FRAME, "d_x")

    assert caught.value.code == code


def test_a_verdict_shows_a_cell_that_breaks_its_rule() -> None:
    (verdict,) = hold([parse("weight > 60")], FRAME, "d_x")

    assert verdict.why == "1 of 4 rows break it (25 %), such as 'heavy'"
