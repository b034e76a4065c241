"""Judging: one verdict a rule, nothing unknown passes, uncertainty is told."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.checks.grammar import parse, term_text
from mlwright.checks.judge import judge
from mlwright.checks.records import Measured, Outcome, Term, Verdict
from mlwright.core.encoding import canonical_json, plain
from mlwright.core.errors import UsageError
from mlwright.core.ids import Noun, noun_of
from mlwright.core.records import dump, load

COMPARATORS = [">=", "<=", ">", "<", "==", "!="]
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@dataclass(frozen=True)
class Numbers:
    """Measured values held in memory; None is known and was not measured."""

    by_term: Mapping[str, Measured | None]

    def value(self, term: Term, name: str) -> Measured | None:
        return self.by_term.get(term_text(term))

    def known(self) -> tuple[str, ...]:
        return tuple(self.by_term)


def _judge(text: str, measured: Measured | float | None, subject: str = "m_a") -> Verdict:
    value = Measured(measured) if isinstance(measured, float) else measured
    rule = parse(text)
    (verdict,) = judge([rule], Numbers({term_text(rule.term): value}), subject)
    return verdict


@pytest.mark.parametrize(
    ("text", "value", "outcome"),
    [
        ("auc >= 0.7", 0.7, Outcome.PASS),
        ("auc >= 0.7", math.nextafter(0.7, 0), Outcome.FAIL),
        ("auc > 0.7", 0.7, Outcome.FAIL),
        ("gap <= 5%", 0.05, Outcome.PASS),
        ("gap < 5%", 0.05, Outcome.FAIL),
        ("latency_p99 <= 20ms", 0.021, Outcome.FAIL),
        ("warn: latency_p99 <= 20ms", 0.021, Outcome.WARN),
        ("warn: latency_p99 <= 20ms", 0.019, Outcome.PASS),
        ("n == 3", 3.0, Outcome.PASS),
        ("n != 3", 3.0, Outcome.FAIL),
        ("n == 0", -0.0, Outcome.PASS),
        ("age in [17, 90]", 17.0, Outcome.PASS),
        ("age in (17, 90]", 17.0, Outcome.FAIL),
        ("age in [17, 90)", 90.0, Outcome.FAIL),
        ("age in (17, 90)", 50.0, Outcome.PASS),
        ("age in [17, 90]", 16.0, Outcome.FAIL),
        ("n in {1, 2, 'three'}", 2.0, Outcome.PASS),
        ("n in {1, 2}", 3.0, Outcome.FAIL),
        ("plan in {'a'}", 1.0, Outcome.NOT_APPLICABLE),
    ],
)
def test_a_rule_gives_its_outcome(text: str, value: float, outcome: Outcome) -> None:
    assert _judge(text, value).outcome is outcome


@given(st.sampled_from(COMPARATORS), NUMBERS, NUMBERS)
def test_a_comparison_and_its_opposite_never_agree(
    comparator: str, value: float, bound: float
) -> None:
    opposite = {">=": "<", "<=": ">", ">": "<=", "<": ">=", "==": "!=", "!=": "=="}[comparator]

    outcomes = {_judge(f"x {each} {bound!r}", value).outcome for each in (comparator, opposite)}

    assert outcomes == {Outcome.PASS, Outcome.FAIL}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "bound", [*(f"{c} 0" for c in COMPARATORS), "in [-1, 1]", "in {0, 1}", ">= -1e308", "< 1e308"]
)
def test_what_is_no_finite_number_never_passes(value: float, bound: str) -> None:
    verdict = _judge(f"x {bound}", value)

    assert verdict.outcome is Outcome.FAIL
    assert verdict.value is None
    assert ("not defined" if math.isnan(value) else str(value)) in verdict.why


def test_nan_only_warns_where_the_rule_only_warns() -> None:
    assert _judge("warn: x >= 0", math.nan).outcome is Outcome.WARN


def test_what_was_not_measured_is_not_applicable_and_says_so() -> None:
    verdict = _judge("auc >= 0.7", None)

    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert (verdict.value, verdict.low, verdict.high) == (None, None, None)
    assert verdict.why == "auc was not measured"


def test_an_unknown_value_is_a_usage_error_with_the_nearest_name() -> None:
    values = Numbers({"auc": None, "null(Total Charges)": None})

    with pytest.raises(UsageError) as caught:
        judge([parse("acu >= 0.7")], values, "m_a")

    assert caught.value.code == "check-unknown-value"
    assert "did you mean auc?" in caught.value.fix
    assert caught.value.looked == ("auc", "null(Total Charges)")
    assert judge([parse("null('Total Charges') < 1")], values, "m_a")[0].value is None


@given(NUMBERS, st.lists(NUMBERS, min_size=2, max_size=2), NUMBERS, st.sampled_from(COMPARATORS))
def test_a_limit_inside_the_interval_is_told_and_one_outside_is_not(
    value: float, ends: list[float], bound: float, comparator: str
) -> None:
    low, high = sorted(ends)

    verdict = _judge(f"x {comparator} {bound!r}", Measured(value, low, high))

    told = "within its uncertainty" in verdict.why
    assert told == (low < high and low <= bound <= high)


@pytest.mark.parametrize(
    ("measured", "why"),
    [
        (
            Measured(0.712, 0.69, 0.734),
            "0.712 (0.69 to 0.734): the limit lies within its uncertainty",
        ),
        (Measured(0.812, 0.79, 0.834), "0.812 (0.79 to 0.834)"),
        (Measured(0.712), "0.712"),
        (Measured(0.712, 0.69, None), "0.712"),
        (Measured(0.712, math.nan, 0.8), "0.712"),
        (Measured(0.69999999, 0.6, 0.65), "0.69999999 (0.6 to 0.65)"),
    ],
)
def test_the_reason_gives_the_number_its_interval_and_enough_digits(
    measured: Measured, why: str
) -> None:
    assert _judge("auc >= 0.7", measured).why == why


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        ("latency_p99 <= 20ms", 0.0213, "21.3ms"),
        ("null(age) <= 5%", 0.0712, "7.12%"),
        ("n >= 5", 123456.7, "123457"),
        ("n >= 123457", 123456.7, "123456.7"),
        ("age in [17, 90]", 90.000001, "90.000001"),
    ],
)
def test_the_reason_is_in_the_rules_own_unit(text: str, value: float, why: str) -> None:
    assert _judge(text, value).why == why


@given(NUMBERS, NUMBERS)
def test_a_number_is_shown_on_its_side_of_the_limit(value: float, bound: float) -> None:
    shown = float(_judge(f"x >= {bound!r}", value).why)

    assert (shown < bound, shown == bound) == (value < bound, value == bound)


def test_verdicts_come_in_the_order_of_the_rules_one_each() -> None:
    rules = [parse("b > 0"), parse("a > 0"), parse("b > 0")]

    verdicts = judge(rules, Numbers({"a": Measured(1), "b": Measured(1)}), "m_a")

    assert [verdict.name for verdict in verdicts] == ["b", "a", "b"]
    assert judge([], Numbers({}), "m_a") == ()


def test_a_verdicts_id_binds_the_rule_the_subject_and_what_was_measured() -> None:
    base = _judge("auc >= 0.7", Measured(0.8, 0.7, 0.9))
    others = [
        _judge("auc > 0.7", Measured(0.8, 0.7, 0.9)),
        _judge("auc >= 0.71", Measured(0.8, 0.7, 0.9)),
        _judge("warn: auc >= 0.7", Measured(0.8, 0.7, 0.9)),
        _judge("quality: auc >= 0.7", Measured(0.8, 0.7, 0.9)),
        _judge("gap >= 0.7", Measured(0.8, 0.7, 0.9)),
        _judge("auc >= 0.7", Measured(0.8, 0.7, 0.9), subject="m_b"),
        _judge("auc >= 0.7", Measured(math.nextafter(0.8, 1), 0.7, 0.9)),
        _judge("auc >= 0.7", Measured(0.8, 0.71, 0.9)),
        _judge("auc >= 0.7", Measured(0.8)),
        _judge("auc >= 0.7", math.nan),
        _judge("auc >= 0.7", math.inf),
        _judge("auc >= 0.7", None),
    ]

    assert len({base.id, *(other.id for other in others)}) == len(others) + 1
    assert _judge("auc>=.70", Measured(0.8, 0.7, 0.9)) == base
    assert noun_of(base.id) is Noun.CHECK


def test_a_whole_number_measured_as_an_integer_is_the_same_verdict() -> None:
    assert _judge("n > 0", Measured(1)) == _judge("n > 0", Measured(1.0))
    assert type(_judge("n > 0", Measured(1)).value) is float


@given(
    st.sampled_from(["x >= 0", "warn: x in [0, 1]", "x in {'a'}"]),
    st.none() | st.builds(Measured, st.floats(), st.none() | st.floats(), st.none() | st.floats()),
)
def test_a_verdict_can_always_be_recorded_and_comes_back(
    text: str, measured: Measured | None
) -> None:
    verdict = _judge(text, measured)

    canonical_json(plain(verdict))
    assert json.loads(dump(verdict))["outcome"] == verdict.outcome.value
    assert load(Verdict, dump(verdict)) == verdict
    assert replace(verdict) == verdict
